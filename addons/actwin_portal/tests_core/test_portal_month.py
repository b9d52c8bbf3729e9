from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal_core.month import (
    build_month,
    change_percent,
    parse_month,
    shift,
    visible_days,
)

NOV = date(2026, 11, 1)
LATER = date(2027, 1, 1)
ALL = [(date(1980, 1, 1), date(2100, 1, 1))]
firsts = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(lambda d: d.replace(day=1))


def series(values, first=NOV, estimated=()):
    return {
        first + timedelta(days=number - 1): (D(value), number in estimated)
        for number, value in values.items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02", date(2026, 2, 1)),
        ("2026-13", NOV), ("2026-00", NOV), ("garbage", NOV), ("", NOV), (None, NOV),
        ("2026", NOV), ("2026-11-05", NOV), ("99999-01", NOV), ("-1-1", NOV),
    ],
)  # fmt: skip
def test_only_a_month_is_taken_from_the_address(text, expected):
    assert parse_month(text, date(2026, 11, 23)) == expected


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (-1, date(2026, 10, 1)), (1, date(2026, 12, 1)),
        (2, date(2027, 1, 1)), (-11, date(2025, 12, 1)),
    ],
)  # fmt: skip
def test_shift(months, expected):
    assert shift(NOV, months) == expected


@given(firsts, st.integers(-400, 400))
def test_shift_there_and_back(first, months):
    assert shift(shift(first, months), -months) == first


def test_both_ends_of_the_tenancy_are_visible_and_no_day_more():
    spans = [(date(2026, 10, 5), date(2026, 11, 2)), (date(2026, 11, 29), date.max)]
    days = visible_days(NOV, spans)
    assert [each.day for each in days] == [1, 2, 29, 30]


@given(firsts)
def test_a_month_is_whole_when_the_tenancy_covers_it(first):
    days = visible_days(first, ALL)
    assert days[0] == first
    assert days[-1] + timedelta(days=1) == shift(first, 1)
    assert len(set(days)) == len(days)


def test_values_outside_the_tenancy_do_not_reach_any_figure():
    total = series({1: "10", 2: "20", 3: "4000"})
    month = build_month(NOV, [(NOV, date(2026, 11, 2))], total, {"t1": total})
    assert month.total == D(30)
    assert month.band_totals == {"t1": D(30)}
    assert month.peak.value == D(20)
    assert month.mean(LATER) == D(15)


def test_a_day_without_measurement_is_not_zero():
    month = build_month(NOV, ALL, series({1: "10", 3: "0"}), {})
    assert [each.value for each in month.days[:3]] == [D(10), None, D(0)]
    assert month.mean(LATER) == D(5)


def test_the_running_day_does_not_pull_the_average_down():
    month = build_month(NOV, ALL, series({1: "10", 2: "20", 3: "1"}), {})
    assert month.mean(date(2026, 11, 3)) == D(15)


def test_an_empty_month_has_no_figures():
    month = build_month(NOV, ALL, {}, {})
    assert (month.total, month.mean(LATER), month.peak) == (None, None, None)


def test_bands_make_the_total_when_no_total_register_is_there():
    bands = {"t2": series({1: "2"}, estimated={1}), "t1": series({1: "5", 2: "6"})}
    month = build_month(NOV, ALL, None, bands)
    assert month.bands == ("t1", "t2")
    assert [each.value for each in month.days[:2]] == [D(7), D(6)]
    assert [each.estimated for each in month.days[:2]] == [True, False]
    assert month.estimated_days == 1


OCT = date(2026, 10, 1)


def months(current, previous, spans=ALL):
    """November and October of a tenant, with these values by day."""
    return (
        build_month(NOV, spans, series(current), {}),
        build_month(OCT, spans, series(previous, OCT), {}),
    )


def test_a_month_that_is_over_is_held_against_the_whole_month_before():
    assert change_percent(*months({1: "110"}, {1: "40", 31: "60"}), date(2026, 12, 1)) == D(10)


def test_a_running_month_is_held_against_the_same_days():
    pair = months({1: "6", 2: "6", 3: "999"}, {1: "5", 2: "5", 3: "7", 20: "500"})
    assert change_percent(*pair, date(2026, 11, 3)) == D(20)


def test_the_running_day_compares_with_nothing():
    assert change_percent(*months({1: "6"}, {1: "5"}), NOV) is None


def test_a_month_of_the_tenancy_is_cut_in_both_months():
    ended = [(date(2026, 1, 1), date(2026, 11, 2))]
    pair = months({1: "6", 2: "6"}, {1: "5", 2: "5", 3: "70"}, ended)
    assert change_percent(*pair, date(2027, 1, 1)) == D(20)


def test_days_before_the_tenancy_are_not_compared_with():
    begun = [(date(2026, 10, 2), date(2100, 1, 1))]
    pair = months({1: "6", 2: "6"}, {2: "5"}, begun)
    assert change_percent(*pair, date(2026, 12, 5)) is None


@pytest.mark.parametrize(
    ("now", "before"), [({1: "1"}, {}), ({}, {1: "1"}), ({1: "1"}, {1: "0"}), ({}, {})]
)
def test_nothing_to_compare_with(now, before):
    assert change_percent(*months(now, before), date(2026, 12, 5)) is None


def test_a_longer_month_than_the_one_before_still_compares():
    december = build_month(date(2026, 12, 1), ALL, series({31: "30"}, date(2026, 12, 1)), {})
    november = build_month(NOV, ALL, series({30: "20"}), {})
    assert change_percent(december, november, date(2027, 1, 1)) == D(50)


def test_a_month_is_whole_when_its_last_day_is_over_and_visible():
    month, _previous = months({}, {})
    assert month.whole(date(2026, 12, 1))
    assert not month.whole(date(2026, 11, 30))
    assert not build_month(NOV, [(OCT, date(2026, 11, 29))], {}, {}).whole(date(2027, 1, 1))

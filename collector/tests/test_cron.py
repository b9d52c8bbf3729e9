# SPDX-License-Identifier: MIT
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actwin_collector.cron import MONTH_END, parse_cron, parse_zone
from actwin_collector.gaps import Gaps
from actwin_collector.grids import PeriodGrid, between
from actwin_collector.model import ConfigError

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clock moves by half an hour


def at(text, zone=ISTANBUL):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def following(text, start, count, zone=ISTANBUL):
    """Return the next instants as local texts."""
    plan, found, wall = parse_cron(text, zone), [], at(start, zone)
    for _ in range(count):
        wall = plan.next_after(wall)
        found.append(datetime.fromtimestamp(wall, zone).isoformat()[:16])
    return found


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("*/15 * * * *", "2026-03-01T10:07", ["2026-03-01T10:15", "2026-03-01T10:30"]),
        ("5 0 * * *", "2026-03-01T00:05", ["2026-03-02T00:05", "2026-03-03T00:05"]),
        (MONTH_END, "2026-01-31T23:59", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        ("0 6,17,22 * * *", "2026-03-01T05:00",
         ["2026-03-01T06:00", "2026-03-01T17:00", "2026-03-01T22:00", "2026-03-02T06:00"]),
        ("0 0 29 2 *", "2026-03-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 29 2 *", "2096-03-01T00:00", ["2104-02-29T00:00"]),
        ("30 8 * * mon-fri", "2026-03-06T09:00", ["2026-03-09T08:30"]),
        ("0 12 * * 7", "2026-03-02T00:00", ["2026-03-08T12:00"]),
        ("0 12 * * 0", "2026-03-02T00:00", ["2026-03-08T12:00"]),
        # both day fields named: either will do, as everywhere
        ("0 0 13 * fri", "2026-03-01T00:00", ["2026-03-06T00:00", "2026-03-13T00:00"]),
        ("0 0 1 jan,JUL *", "2026-03-01T00:00", ["2026-07-01T00:00", "2027-01-01T00:00"]),
        ("10-20/5 3 * * *", "2026-03-01T00:00", ["2026-03-01T03:10", "2026-03-01T03:15",
                                                 "2026-03-01T03:20", "2026-03-02T03:10"]),
        ("50/5 3 * * *", "2026-03-01T00:00", ["2026-03-01T03:50", "2026-03-01T03:55"]),
    ],
)
def test_the_next_instants_of_a_plan(text, start, expected):
    assert following(text, start, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 fields, not 5"),
        ("* * * * * *", "has 6 fields, not 5"),
        ("60 * * * *", "'60' is no minute (0-59)"),
        ("* 24 * * *", "'24' is no hour (0-23)"),
        ("* * 0 * *", "'0' is no day of the month (1-31)"),
        ("* * * 13 *", "'13' is no month (1-12)"),
        ("* * * * 8", "'8' is no day of the week (0-7)"),
        ("* * * foo *", "'foo' is no month (1-12)"),
        ("*/0 * * * *", "'0' is no step of the minute"),
        ("*/x * * * *", "'x' is no step of the minute"),
        ("*/ * * * *", "'' is no step of the minute"),
        ("9-5 * * * *", "'9-5' runs backwards in the minute"),
        ("1,,2 * * * *", "'' is no minute (0-59)"),
        ("-1 * * * *", "'' is no minute (0-59)"),
        ("² * * * *", "'²' is no minute (0-59)"),
        ("0 0 31 4,6 *", "never comes: there is no such day"),
        ("@daily", "has 1 fields, not 5"),
    ],
)
def test_a_mistake_is_explained(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_cron(text, ISTANBUL)
    assert message in caught.value.message


@pytest.mark.parametrize("name", ["", "Nowhere", "../etc/passwd", "/etc/localtime"])
def test_an_unknown_zone_is_an_error_of_one_line(name):
    with pytest.raises(ConfigError, match="there is no time zone"):
        parse_zone(name)


def test_no_quarter_hour_is_missed_or_doubled_when_the_clock_is_put_forward_or_back():
    for zone, day in ((BERLIN, "2026-03-28"), (BERLIN, "2026-10-24"), (LORD_HOWE, "2026-04-04")):
        plan = parse_cron("*/15 * * * *", zone)
        wall = at(day + "T12:00", zone)
        stamps = [wall]
        for _ in range(150):
            stamps.append(plan.next_after(stamps[-1]))
        assert {b - a for a, b in zip(stamps, stamps[1:], strict=False)} == {900}


def test_a_named_hour_comes_once_a_day_whatever_the_clock_does():
    # 02:30 is left out on 29 March and comes twice on 25 October in Berlin
    spring = following("30 2 * * *", "2026-03-28T00:00", 3, BERLIN)
    assert spring == ["2026-03-28T02:30", "2026-03-29T03:30", "2026-03-30T02:30"]
    autumn = parse_cron("30 2 * * *", BERLIN)
    first = autumn.next_after(at("2026-10-24T12:00", BERLIN))
    assert datetime.fromtimestamp(first, UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert autumn.next_after(first) - first == 25 * 3600


_texts = st.tuples(
    st.sampled_from(["*", "0", "*/7", "3,33,59", "10-50/20"]),
    st.sampled_from(["*", "0", "2", "2,3", "*/6", "23"]),
    st.sampled_from(["*", "1", "28-31", "*/10"]),
    st.sampled_from(["*", "3,10", "2", "jun-aug"]),
    st.sampled_from(["*", "sun", "1-5"]),
).map(" ".join)
_walls = st.integers(1_700_000_000, 1_900_000_000)
_zones = st.sampled_from([ISTANBUL, BERLIN, LORD_HOWE, ZoneInfo("America/St_Johns")])


@settings(max_examples=150, deadline=None)
@given(_texts, _walls, _zones)
def test_next_last_and_end_agree(text, wall, zone):
    plan = parse_cron(text, zone)
    later = plan.next_after(wall)
    assert later > wall
    assert plan.end_of(later) == later == plan.end_of(wall + 1)
    assert plan.last_at(later) == later
    assert plan.last_at(later - 1) <= wall
    assert plan.next_after(plan.last_at(wall)) == later


@settings(max_examples=60, deadline=None)
@given(_texts, _walls, _zones)
def test_a_plan_agrees_with_a_walk_over_every_minute(text, wall, zone):
    plan = parse_cron(text, zone)
    wall -= wall % 60
    expected = [t for t in range(wall + 60, wall + 3 * 86400, 60) if _matches(text, t, zone)]
    found, at_ = [], plan.next_after(wall)
    while at_ < wall + 3 * 86400:
        found.append(at_)
        at_ = plan.next_after(at_)
    moved = {zone.utcoffset(datetime.fromtimestamp(wall + d * 43200, UTC)) for d in range(-2, 9)}
    if len(moved) == 1:  # days on which the clock is set have rules, and tests, of their own
        assert found == expected


def _matches(text, stamp, zone):
    local = datetime.fromtimestamp(stamp, zone)
    minute, hour, day, month, weekday = text.split()
    days = [_in(day, local.day, 1, 31), _in(weekday, local.isoweekday() % 7, 0, 6)]
    both = all(days) if "*" in (day, weekday) else any(days)
    return _in(minute, local.minute, 0, 59) and _in(hour, local.hour, 0, 23) and both and _in(
        month, local.month, 1, 12
    )


def _in(field, value, low, high):
    """A second reading of the few forms used above."""
    names = {"sun": "0", "jun-aug": "6-8"}
    for part in names.get(field, field).split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        if value in range(int(first), int(last or first) + 1, int(step or 1)):
            return True
    return False


spans = st.lists(
    st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 20)), max_size=20
)


@given(spans)
def test_gaps_are_what_was_added_and_not_removed(steps):
    gaps, expected = Gaps(), set()
    for adds, start, length in steps:
        points = set(range(start + 1, start + length + 1))
        if adds:
            gaps.add(start, start + length)
            expected |= points
        else:
            gaps.remove(start, start + length)
            expected -= points
    listed = [set(range(low + 1, high + 1)) for low, high in gaps.spans]
    assert set().union(*listed) == expected
    assert sum(map(len, listed)) == len(expected)
    assert {n for n in range(90) if n in gaps} == expected
    assert list(gaps.spans) == sorted(gaps.spans)


def test_spans_without_a_slot_are_dropped_and_old_ones_given_up():
    grid = PeriodGrid(900)
    gaps = Gaps([(0, 899), (900, 1800), (2700, 4500)])
    gaps.prune(grid)
    assert gaps.spans == ((900, 1800), (2700, 4500))
    assert gaps.forget_before(3600) == [(900, 1800), (2700, 3600)]
    assert gaps.spans == ((3600, 4500),)
    assert list(between(grid, 900, 2700)) == [1800, 2700]


def test_months_of_a_year_end_where_the_calendar_says():
    plan, wall, ends = parse_cron(MONTH_END, ISTANBUL), at("2026-01-01T00:00") - 1, []
    for _ in range(13):
        wall = plan.next_after(wall)
        ends.append(datetime.fromtimestamp(wall, ISTANBUL))
    assert [e.date() for e in ends] == [date(2026, m, 1) for m in range(1, 13)] + [
        date(2027, 1, 1)
    ]
    assert {(e.hour, e.minute) for e in ends} == {(0, 0)}
    assert ends[0].astimezone(UTC) == datetime(2025, 12, 31, 21, tzinfo=UTC)
    assert ends[1] - ends[0] == timedelta(days=31)

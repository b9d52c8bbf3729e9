"""Shared costs: every kuruş goes to somebody, whatever the key."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal as D

import pytest
from actwin_billing_core.errors import CaseError
from actwin_billing_core.sharing.divide import divide
from actwin_billing_core.sharing.model import Key, Pool, Stay, Unit, parts_of
from actwin_billing_core.sharing.pools import share
from actwin_billing_core.sharing.settle import settle
from hypothesis import given, settings
from hypothesis import strategies as st

ZONE = timezone(timedelta(hours=3))
START, END = datetime(2025, 11, 1, tzinfo=ZONE), datetime(2025, 12, 1, tzinfo=ZONE)
AREA = Key("fact", fact="area_m2")


def day(number):
    return START + timedelta(days=number - 1)


def unit(key, area="100", consumption=None, stays=None, **facts):
    rows = {"area_m2": D(area), **{name: D(value) for name, value in facts.items()}}
    stays = (Stay(f"tenant {key}", START, END),) if stays is None else stays
    return Unit(key, f"owner {key}", rows, stays,
                None if consumption is None else D(consumption))


def amounts(shares):
    return [str(item.amount) for item in shares]


@pytest.mark.parametrize(("total", "weights", "parts"), [
    ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
    ("1000.00", [95, 110, 60, 35], ["316.67", "366.66", "200.00", "116.67"]),
    ("12345.67", [7486, 3100, 950], ["8011.41", "3317.58", "1016.68"]),
    ("-100.00", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
    ("0.02", [5, 5, 5], ["0.01", "0.01", "0.00"]),
    ("0.00", [0, 0], ["0", "0"]),
])
def test_a_sum_is_divided_by_largest_remainder(total, weights, parts):
    assert [str(part) for part in divide(D(total), [D(weight) for weight in weights])] == parts


@pytest.mark.parametrize(("total", "weights", "said"), [
    ("1.00", ["0", "0"], "all weights are zero"), ("1.00", ["1", "-1"], "negative"),
    ("1.005", ["1"], "more than 2 decimals"),
])
def test_what_cannot_be_divided_says_why(total, weights, said):
    with pytest.raises(ValueError, match=said):
        divide(D(total), [D(weight) for weight in weights])


weight = st.decimals("0", "99999", places=3)


@settings(max_examples=300, deadline=None)
@given(st.decimals("-999999", "999999", places=2), st.lists(weight, min_size=1, max_size=40))
def test_no_part_is_a_kurus_from_its_exact_share(total, weights):
    if not any(weights):
        weights[0] = D(1)
    parts = divide(total, weights)
    assert sum(parts) == total
    for part, mine in zip(parts, weights, strict=True):
        assert abs(part - total * mine / sum(weights)) < D("0.01")


def test_the_day_of_moving_divides_a_unit_between_its_payers():
    stays = (Stay("old", START, day(11)), Stay("new", day(16), END))
    shares = share(Pool("lift", D("300.00"), AREA), parts_of(
        [unit("a", "100", stays=stays), unit("b", "200")], START, END))
    assert [(item.payer, str(item.amount), item.vacant) for item in shares] == [
        ("old", "33.33", False), ("owner a", "16.67", True), ("new", "50.00", False),
        ("tenant b", "200.00", False)]
    assert shares[0].trace["formula"] == "300.00 × 33.333333 / 300 = 33.33"


def test_the_owner_of_an_empty_unit_pays():
    [item] = share(Pool("lift", D("10.00"), Key("equal")),
                   parts_of([unit("a", stays=())], START, END))
    assert (item.payer, item.vacant) == ("owner a", True)


def test_stays_that_overlap_are_refused():
    with pytest.raises(ValueError, match="two stays of a overlap"):
        parts_of([unit("a", stays=(Stay("x", START, END), Stay("y", day(5), END)))], START, END)


UNITS = [unit("a", "50", "10", persons="1"), unit("b", "150", "30", persons="4")]


@pytest.mark.parametrize(("key", "expected"), [
    (Key("equal"), ["50.00", "50.00"]),
    (AREA, ["25.00", "75.00"]),
    (Key("fact", fact="persons"), ["20.00", "80.00"]),
    (Key("consumption"), ["25.00", "75.00"]),
    (Key("fixed", shares={"a": D("0.6"), "b": D("0.4")}), ["60.00", "40.00"]),
    (Key("weighted", parts=((D(70), Key("equal")), (D(30), AREA))), ["42.50", "57.50"]),
    (Key("formula", formula="if(persons > 2, 3, 1)"), ["25.00", "75.00"]),
])
def test_every_key_divides(key, expected):
    assert amounts(share(Pool("pool", D("100.00"), key), parts_of(UNITS, START, END))) == expected


def test_an_excluded_unit_pays_nothing():
    shares = share(Pool("pool", D("9.00"), AREA, excluded=("a",)), parts_of(UNITS, START, END))
    assert [(item.unit, str(item.amount)) for item in shares] == [("b", "9.00")]


@pytest.mark.parametrize(("key", "said"), [
    (Key("fact", fact="lifts"), "unit a has no lifts"),
    (Key("formula", formula="lifts + 1"), "unknown_name lifts"),
    (Key("formula", formula="persons - 2"), "no weight for a"),
    (Key("fixed"), "all weights are zero"),
])
def test_a_key_without_its_facts_says_so(key, said):
    with pytest.raises(CaseError, match=said):
        share(Pool("pool", D("1.00"), key), parts_of(UNITS, START, END))


def test_a_tenant_without_a_reading_is_not_free():
    with pytest.raises(CaseError, match="unit c has no consumption"):
        share(Pool("pool", D("1.00"), Key("consumption")),
              parts_of([*UNITS, unit("c")], START, END))


BILL = [Pool("energy", D("3000.00"), Key("consumption")), Pool("capacity", D("400.00"), AREA),
        Pool("vat", D("680.00"), Key("consumption"))]


def test_each_line_of_the_bill_by_its_own_key():
    result = settle("mirror", BILL, parts_of(UNITS, START, END), main=D(41))
    assert amounts(result.shares) == [
        "750.00", "2250.00", "100.00", "300.00", "170.00", "510.00"]
    assert (result.billed, result.difference) == (D("4080.00"), 0)
    assert (result.missing_energy, round(result.missing_share, 4)) == (1, D("0.0244"))


def test_the_whole_bill_by_consumption():
    result = settle("unit_cost", BILL, parts_of(UNITS, START, END))
    assert amounts(result.shares) == ["1020.00", "3060.00"]
    assert result.difference == 0


def test_an_agreed_price_leaves_a_named_difference():
    result = settle("fixed", BILL, parts_of(UNITS, START, END), price=D("95"))
    assert amounts(result.shares) == ["950.00", "2850.00"]
    assert result.difference == D("280.00")
    with pytest.raises(CaseError, match="price: is missing"):
        settle("fixed", BILL, parts_of(UNITS, START, END))


def test_own_tariffs_leave_a_difference_too():
    own = {("a", "tenant a"): D("1000.10"), ("b", "tenant b"): D("3079.95")}
    result = settle("tariff", BILL, parts_of(UNITS, START, END), given=own)
    assert result.difference == D("-0.05")
    with pytest.raises(CaseError, match="nobody is"):
        settle("tariff", BILL, parts_of(UNITS, START, END), given={("z", "z"): D(1)})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(weight, weight, st.integers(1, 30)), min_size=1, max_size=12),
       st.decimals("0", "99999", places=2),
       st.sampled_from(["equal", "fact", "consumption", "weighted"]))
def test_shares_of_any_building_add_up(rows, total, kind):
    units = [
        unit(str(number), str(area + 1), str(used + 1),
             stays=(Stay("t", START, day(length + 1), used + 1),))
        for number, (area, used, length) in enumerate(rows)]
    key = Key(kind, fact="area_m2", parts=((D("0.7"), Key("consumption")), (D("0.3"), AREA)))
    shares = share(Pool("p", total, key), parts_of(units, START, END))
    assert sum(item.amount for item in shares) == total

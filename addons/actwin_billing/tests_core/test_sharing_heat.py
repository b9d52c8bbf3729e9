"""Heating and hot water: W13 and the constructed building of the by-law."""

from decimal import Decimal as D

import pytest
from actwin_billing_core.errors import CaseError
from actwin_billing_core.sharing.heat import (
    Rule,
    combined,
    estimated,
    gas_for_hot_water,
    heating,
    hot_water_kwh,
)
from actwin_billing_core.sharing.model import Stay, parts_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sharing import END, START, unit

FLATS = [("100", "1500"), ("80", "900"), ("120", "2100"), ("100", "300")]


def building(rows=FLATS):
    return [unit(str(number), area, used) for number, (area, used) in enumerate(rows, 1)]


def bill(rows=FLATS, amount="20000.00", **rule):
    return heating("heat", D(amount), parts_of(building(rows), START, END), Rule(**rule))


def column(result, key):
    return [item.trace[key] for item in result.shares]


def test_seventy_by_use_and_thirty_by_area():
    result = bill()
    assert column(result, "by_consumption") == ["4375.00", "2625.00", "6125.00", "875.00"]
    assert column(result, "by_area") == ["1500.00", "1200.00", "1800.00", "1500.00"]
    assert result.difference == 0


def test_nobody_counts_as_less_than_the_reference():
    result = bill(minimum_factor=D("0.4"))
    assert column(result, "counted")[3] == "480.0"
    assert column(result, "by_consumption") == ["4216.87", "2530.12", "5903.61", "1349.40"]
    assert [str(item.amount) for item in result.shares] == [
        "5716.87", "3730.12", "7703.61", "2849.40"]


def test_w13_a_real_december_with_a_rounded_unit_price():
    """40 equal flats share 13,500 TL over 34,155 kWh; one of them used 188."""
    rows = [("100", "188"), *[("100", str(D(34155 - 188) / 39))] * 39]
    exact, rounded_unit = bill(rows, "13500.00"), bill(rows, "13500.00", unit_digits=3)
    assert column(exact, "by_area")[0] == "101.25"
    assert column(exact, "by_consumption")[0] == "52.02"
    assert column(rounded_unit, "unit_price")[0] == "0.277000"
    assert abs(D(column(rounded_unit, "by_consumption")[0]) - D("52.07")) <= D("0.02")
    total = sum(item.amount for item in rounded_unit.shares)
    assert rounded_unit.difference == D("13500.00") - total != 0


def test_a_missing_device_is_estimated_from_its_history_or_the_building():
    flats = [*building(), unit("5", "100"), unit("6", "50")]
    found = estimated(flats, {"5": D(1000)})
    assert [(item.consumption, item.estimated) for item in found[3:]] == [
        (D(300), False), (D(1000), True), (D(600), True)]
    with pytest.raises(CaseError, match="no device"):
        estimated([unit("5")], {})


def test_with_too_much_estimated_everything_goes_by_area():
    flats = estimated([*building(), unit("5", "200")], {})
    result = heating("heat", D("6000.00"), parts_of(flats, START, END))
    assert [str(item.amount) for item in result.shares] == [
        "1000.00", "800.00", "1200.00", "1000.00", "2000.00"]
    assert result.notes == ("too much of the area is estimated: everything goes by area",)


def test_a_vacant_flat_pays_by_area_and_the_reference():
    flats = [*building(), unit("5", "100", stays=())]
    result = heating("heat", D("10000.00"), parts_of(flats, START, END), Rule())
    assert (result.shares[4].payer, result.shares[4].vacant) == ("owner 5", True)
    assert result.shares[4].trace["by_consumption"] == "0.00"
    with pytest.raises(CaseError, match="unit 6 has no consumption"):
        heating("heat", D("1.00"), parts_of([unit("6")], START, END))


def test_who_moved_in_late_has_its_own_reading_and_its_days():
    stays = (Stay("old", START, START.replace(day=16), D(900)),
             Stay("new", START.replace(day=16), END, D(600)))
    flats = [unit("1", "100", stays=stays), *building()[1:]]
    result = heating("heat", D("20000.00"), parts_of(flats, START, END))
    assert column(result, "by_consumption")[:2] == ["2625.00", "1750.00"]
    assert column(result, "by_area")[:2] == ["750.00", "750.00"]


@pytest.mark.parametrize(("formula", "kwh"), [
    ("practice", "69.78"), ("thermodynamic", "58.14"), ("heizkosten", "125")])
def test_energy_of_hot_water(formula, kwh):
    assert abs(hot_water_kwh(D(1), D(60), formula) - D(kwh)) < D("0.005")


def test_gas_of_hot_water_in_practice():
    assert round(gas_for_hot_water(D(60)), 4) == D("7.2727")


def test_a_combined_boiler_pays_its_hot_water_first():
    water, rest = combined(D("10000.00"), D(50000), D(100), D(60))
    assert (water, rest) == (D("1395.60"), D("8604.40"))
    with pytest.raises(CaseError, match="more than the fuel"):
        combined(D("10000.00"), D(5000), D(100), D(60))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 9999)), min_size=1, max_size=20),
       st.decimals("0", "99999", places=2), st.sampled_from(["0", "0.4", "0.8"]))
def test_heat_bills_of_any_building_add_up(rows, amount, factor):
    rows = [(str(area), str(used + 1)) for area, used in rows]
    result = bill(rows, str(amount), minimum_factor=D(factor))
    assert sum(item.amount for item in result.shares) == amount

"""Time-of-use bands from a load profile: seasons, kinds of day, readings that stand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from actwin_billing_core.answer import bill_to
from actwin_billing_core.engine import price
from actwin_billing_core.errors import CaseError, MissingQuantity
from actwin_billing_core.recheck import recheck
from actwin_billing_core.schema import case_from
from billing_cases import case, energy
from hypothesis import given, settings
from hypothesis import strategies as st

START = datetime(2025, 10, 31, 21, tzinfo=UTC)  # 1 November, midnight in Istanbul
THREE = [["00:00", "t3"], ["06:00", "t1"], ["17:00", "t2"], ["22:00", "t3"]]
CALENDAR = {"seasons": [{"key": "all", "days": {"workday": THREE}}]}


def profile(values, start="2025-11-01T00:00:00+03:00", minutes=60):
    return {"active_import": {"start": start, "minutes": minutes, "values": values}}


def bands(*names):
    return [energy(str(number), key=name, band=name) for number, name in enumerate(names, 1)]


def with_profile(components, values, days=30, calendar=CALENDAR, quantities=None, **more):
    end = START + timedelta(days=days)
    data = case(components, quantities or {}, taxes=[], **{
        "period": {"start": START.isoformat(), "end": end.isoformat()},
        "profile": profile(values), **more})
    data["tariff"]["versions"][0]["calendar"] = calendar
    for component in components:
        component["taxes"] = []
    if quantities is None:
        del data["quantities"]
    return data


def quantities(data):
    bill = bill_to(price(case_from(data)), "TRY")
    assert recheck(data, bill) == []
    return {line["key"]: line["quantity"] for line in bill["lines"]}


def test_a_flat_load_lies_in_the_bands_by_their_hours():
    found = quantities(with_profile(bands("t1", "t2", "t3"), ["10"] * 720))
    assert found == {"t1": "3300.000", "t2": "1500.000", "t3": "2400.000"}


def test_the_reading_stands_and_the_profile_gives_the_shape():
    found = quantities(with_profile(
        bands("t1", "t2", "t3"), ["10"] * 720, quantities={"active_import": "7200.001"}))
    assert sum(map(Decimal, found.values())) == Decimal("7200.001")
    assert found["t2"] == "1500.000"


def test_own_band_registers_are_not_overruled_by_the_profile():
    own = {"active_import.t1": "1", "active_import.t2": "2", "active_import.t3": "3"}
    found = quantities(with_profile(bands("t1", "t2", "t3"), ["10"] * 720, quantities=own))
    assert found == {"t1": "1.000", "t2": "2.000", "t3": "3.000"}


def test_weekends_holidays_and_seasons_have_their_own_bands():
    calendar = {
        "holidays": ["2025-11-03"],
        "seasons": [
            {"key": "winter", "from": "11-02", "days": {
                "workday": [["00:00", "w"]], "sunday": [["00:00", "ws"]]}},
            {"key": "summer", "from": "04-01", "days": {
                "workday": [["00:00", "s"]], "saturday": [["00:00", "ss"], ["12:30", "s"]]}},
        ]}
    # 1 Nov is a Saturday in summer, 2 a Sunday in winter, 3 a holiday (as Sundays), 4 a workday
    found = quantities(with_profile(
        bands("s", "ss", "w", "ws"), ["1"] * 96, days=4, calendar=calendar))
    assert found == {"s": "11.000", "ss": "13.000", "w": "24.000", "ws": "48.000"}


def test_an_unknown_interval_leaves_its_band_unknown():
    values = ["1"] * 720
    values[18] = None
    with pytest.raises(MissingQuantity, match="active_import.t"):
        quantities(with_profile(bands("t1", "t2", "t3"), values))


def test_a_profile_must_cover_the_period():
    with pytest.raises(CaseError, match="profile.active_import: does not cover"):
        quantities(with_profile(bands("t1"), ["1"] * 719))


def test_demand_is_the_greatest_quarter_hour():
    values = ["2.5"] * 2880
    values[77] = "32.5"
    excess = {"key": "excess", "kind": "excess_demand", "price": "86.74006", "unit": "kW"}
    data = with_profile([excess], [], profile=profile(values, minutes=15),
                        subscriber={"contract_kw": "100"})
    bill = bill_to(price(case_from(data)), "TRY")
    assert bill["lines"][0]["amount"] == "2602.20"
    data["profile"] = profile(["10"] * 720)
    assert bill_to(price(case_from(data)), "TRY")["lines"] == []


def test_a_price_change_splits_the_reading_by_the_profile():
    """The first ten days use nothing: all of it is billed at the second price."""
    data = with_profile([energy("1")], ["0"] * 240 + ["2"] * 480, quantities={
        "active_import": "960"})
    second = {"key": "v2", "valid_from": "2025-11-11T00:00:00+03:00",
              "components": [{**energy("3"), "taxes": []}], "calendar": CALENDAR}
    data["tariff"]["versions"].append(second)
    bill = bill_to(price(case_from(data)), "TRY")
    assert [line["amount"] for line in bill["lines"]] == ["0.00", "2880.00"]


def test_one_line_at_the_mean_price():
    """15 % at the old price, 85 % at the new one, as a real bill of April 2025 prints it."""
    values = [str(Decimal(15) / 96)] * 96 + [str(Decimal(85) / 624)] * 624
    data = with_profile([energy("0.665704", key="distribution")], values,
                        quantities={"active_import": "100000"}, price_split="weighted")
    data["tariff"]["versions"].append({
        "key": "v2", "valid_from": "2025-11-05T00:00:00+03:00", "calendar": CALENDAR,
        "components": [{**energy("0.895372", key="distribution"), "taxes": []}]})
    bill = bill_to(price(case_from(data)), "TRY")
    assert recheck(data, bill) == []
    [line] = bill["lines"]
    assert (line["unit_price"], line["quantity"]) == ("0.8609218", "100000.000")
    assert line["amount"] == "86092.18"
    assert [part["version"] for part in line["trace"]["parts"]] == ["v1", "v2"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.decimals("0", "99", places=3), min_size=48, max_size=48),
       st.sampled_from([15, 30, 60]), st.integers(0, 23), st.integers(0, 59))
def test_bands_of_any_calendar_add_up_to_the_profile(values, minutes, hour, minute):
    turn = f"{hour:02d}:{minute:02d}"
    rows = [["00:00", "a"]] + ([[turn, "b"]] if turn != "00:00" else [])
    data = with_profile(
        bands(*{band for _at, band in rows}), [],
        calendar={"seasons": [{"days": {"workday": rows}}]},
        period={"start": START.isoformat(),
                "end": (START + timedelta(minutes=minutes * 48)).isoformat()},
        profile=profile([str(value) for value in values], minutes=minutes))
    assert sum(map(Decimal, quantities(data).values())) == sum(values)


@pytest.mark.parametrize(("change", "path"), [
    ({"zone": "Europe/Nowhere"}, "calendar.zone"),
    ({"holidays": ["29.10.2025"]}, r"holidays\[0\]"),
    ({"seasons": []}, "seasons: needs"),
    ({"seasons": [{"days": {"saturday": THREE}}]}, r"seasons\[0\].days"),
    ({"seasons": [{"days": {"workday": THREE[1:]}}]}, "days.workday: must begin"),
    ({"seasons": [{"from": "13-01", "days": {"workday": THREE}}]}, r"seasons\[0\].from"),
])
def test_a_calendar_that_makes_no_sense_is_refused(change, path):
    data = with_profile(bands("t1"), ["1"] * 720, calendar={**CALENDAR, **change})
    with pytest.raises(CaseError, match=path):
        case_from(data)

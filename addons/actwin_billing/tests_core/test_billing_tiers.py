"""Tiers of electricity and blocks of water: W1, W14 and the constructed examples."""

import pytest
from actwin_billing_core.answer import bill_to
from actwin_billing_core.engine import price
from actwin_billing_core.errors import CaseError
from actwin_billing_core.recheck import recheck
from actwin_billing_core.schema import case_from
from billing_cases import case, distribution, energy, reactive


def run(data):
    bill = bill_to(price(case_from(data)), "TRY")
    assert recheck(data, bill) == []
    return bill


def amounts(bill):
    return {line["key"]: line["amount"] for line in bill["lines"]}


def period(start, end):
    return {"start": f"{start}T00:00:00+03:00", "end": f"{end}T00:00:00+03:00"}


def daily(limit, low, high, **values):
    """Electricity with a daily limit (kademe)."""
    tiers = [{"key": "low", "up_to": limit, "price": low}, {"key": "high", "price": high}]
    return energy("0", tiers=tiers, **values)


DECEMBER = {"period": period("2025-12-01", "2026-01-01")}


def test_w1_services_low_voltage_with_a_daily_tier():
    components = [daily("30", "3.633871", "3.63387"), distribution("1.87741"), *reactive()]
    bill = run(case(
        components,
        {"active_import": "7504.600", "reactive_inductive": "0.90",
         "reactive_capacitive": "832.54"},
        adjustments=[{"key": "yekdem", "amount": "-43.70", "taxes": ["levy", "vat"]}],
        subscriber={"connection_kva": "29.95"}, **DECEMBER))
    assert amounts(bill) == {
        "energy.low": "3379.50", "energy.high": "23891.24", "distribution": "14089.21",
        "yekdem": "-43.70"}
    levy, vat = bill["taxes"]
    assert (levy["base"], levy["amount"]) == ("27227.04", "1361.35")
    assert (vat["base"], vat["amount"]) == ("42677.60", "8535.52")
    assert bill["totals"]["total"] == "51213.12"


def test_a_household_of_31_days():
    bill = run(case([daily("8", "2.92", "4.32")], {"active_import": "310"}, **DECEMBER))
    assert amounts(bill) == {"energy.low": "724.16", "energy.high": "267.84"}
    assert bill["lines"][1]["trace"]["inputs"]["from"] == "248.000"


def test_use_inside_the_first_tier_has_one_line_and_none_has_one_of_zero():
    data = case([daily("30", "2", "3")], {"active_import": "840"})
    assert amounts(run(data)) == {"energy.low": "1680.00"}
    data["quantities"] = {"active_import": "0"}
    assert amounts(run(data)) == {"energy.low": "0.00"}


def test_a_price_change_gives_each_part_the_limit_of_its_days():
    first = {"key": "a", "valid_from": "2025-11-01T00:00:00+03:00",
             "components": [daily("10", "1", "2")]}
    second = {"key": "b", "valid_from": "2025-11-11T00:00:00+03:00",
              "components": [daily("10", "3", "4")]}
    data = case([], {"active_import": "600"})
    data["tariff"]["versions"] = [first, second]
    rows = [(line["key"], line["quantity"], line["amount"]) for line in run(data)["lines"]]
    assert rows == [
        ("energy.low", "100.000", "100.00"), ("energy.high", "100.000", "200.00"),
        ("energy.low", "200.000", "600.00"), ("energy.high", "200.000", "800.00")]


def water(flats="1"):
    """İSKİ dwelling, September 2023: water and waste water in blocks of 15 m³ a month."""
    def blocks(key, prices, tax):
        rows = [{"key": str(number), "price": value, **({"up_to": limit} if limit else {})}
                for number, (value, limit) in enumerate(zip(prices, ("15", "30", ""), strict=True))]
        return {"key": key, "kind": "energy", "quantity": "volume", "unit": "m³",
                "tier_period": "days30", "tier_per_unit": True, "tiers": rows, "taxes": [tax]}
    return {
        "components": [blocks("water", ("13.76", "19.80", "26.96"), "kdv1"),
                       blocks("waste", ("6.87", "9.89", "13.47"), "kdv10")],
        "taxes": [{"key": "kdv1", "rate": "0.01"}, {"key": "kdv10", "rate": "0.10"}],
        "subscriber": {"units": flats},
    }


def water_bill(volume, flats="1", **values):
    facts = water(flats)
    return run(case(facts["components"], {"volume": volume}, **{
        "taxes": facts["taxes"], "subscriber": facts["subscriber"], **values}))


def test_water_of_thirty_days():
    bill = water_bill("22")
    assert amounts(bill) == {
        "water.0": "206.40", "water.1": "138.60", "waste.0": "103.05", "waste.1": "69.23"}
    assert [row["amount"] for row in bill["taxes"]] == ["3.45", "17.23"]
    assert bill["totals"]["total"] == "537.96"


def test_water_of_24_read_days_has_smaller_blocks():
    bill = water_bill("22", period=period("2025-11-01", "2025-11-25"))
    assert bill["lines"][0]["quantity"] == "12.000"
    # 12 × 20.63 + 10 × 29.69 in one price; water and waste round for themselves
    assert bill["totals"]["untaxed"] == "544.46"


def test_blocks_grow_with_the_flats_behind_the_meter():
    bill = water_bill("60", flats="4")
    assert amounts(bill) == {"water.0": "825.60", "waste.0": "412.20"}


@pytest.mark.parametrize("tiers", [
    [{"key": "a", "price": "1"}, {"key": "b", "price": "2"}],
    [{"key": "a", "up_to": "9", "price": "1"}, {"key": "b", "up_to": "5", "price": "2"}],
    [{"key": "a", "up_to": "9", "price": "1"}, {"key": "a", "price": "2"}],
])
def test_tiers_that_make_no_sense_are_refused(tiers):
    with pytest.raises(CaseError, match=r"components\[0\].tiers"):
        case_from(case([energy("0", tiers=tiers)], {"active_import": "1"}))

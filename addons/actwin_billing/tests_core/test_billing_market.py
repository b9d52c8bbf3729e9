"""Prices that follow the market: W3, W4, hourly prices, means, the rounding of thirteen months."""

import csv
from decimal import Decimal

import pytest
from actwin_billing_core.answer import bill_to
from actwin_billing_core.engine import price
from actwin_billing_core.errors import CaseError, MissingQuantity
from actwin_billing_core.recheck import recheck
from actwin_billing_core.schema import case_from
from billing_cases import case, distribution, energy

HOUR = "2025-11-01T00:00:00+03:00"


def run(data):
    bill = bill_to(price(case_from(data)), "TRY")
    assert recheck(data, bill) == []
    return bill


def market(ptf="1.0938", yekdem="1.0938", **values):
    return {"key": "energy", "kind": "market", "price": "0", "taxes": ["levy", "vat"],
            "market": {"ptf": ptf, "yekdem": yekdem}, **values}


def hours(values, **more):
    return {"start": HOUR, "minutes": 60, "values": values, **more}


def hourly(component, ptf, kwh, yekdem="120.50", **values):
    period = {"start": HOUR, "end": f"2025-11-01T{len(ptf):02d}:00:00+03:00"}
    return {
        key: value for key, value in case(
            [component], {}, period=period, profile={"active_import": kwh},
            market={"ptf": hours(ptf), "yekdem": [{"valid_from": HOUR, "price": yekdem}]},
            **values).items() if key != "quantities"}


THREE = (["2345.67", "2890.10", "1500.00"], ["1.2", "0.8", "2.0"])


def test_last_resort_price_hour_by_hour():
    line = run(hourly(market(), THREE[0], hours(THREE[1])))["lines"][0]
    assert line["quantity"] == "4.000"
    assert line["unit_price"] == "2.3540993298"
    assert line["amount"] == "9.42"


def test_quarter_hours_are_added_up_to_the_hours_of_the_price():
    quarters = [str(Decimal(value) / 4) for value in THREE[1] for _quarter in range(4)]
    line = run(hourly(market(), THREE[0], hours(quarters, minutes=15)))["lines"][0]
    assert (line["unit_price"], line["amount"]) == ("2.3540993298", "9.42")


def test_a_factor_for_the_market_and_yekdem_passed_through():
    line = run(hourly(market("1.02", "1", price="0.05"), THREE[0], hours(THREE[1])))["lines"][0]
    # (8126.884 × 1.02 + 4 × 120.50) / 1000 + 4 × 0.05
    assert line["amount"] == "8.97"


def test_the_reading_is_billed_and_the_profile_gives_the_price():
    data = hourly(market(), THREE[0], hours(THREE[1]))
    data["quantities"] = {"active_import": "4.040"}
    line = run(data)["lines"][0]
    assert (line["quantity"], line["unit_price"]) == ("4.040", "2.3540993298")
    assert line["amount"] == "9.51"


def test_without_hourly_readings_each_day_weighs_the_same():
    day = ["2000"] * 12 + ["3000"] * 12
    matched = ["3"] * 12 + ["1"] * 12
    data = case(
        [market("1", "1")], {"active_import": "100"},
        period={"start": HOUR, "end": "2025-11-03T00:00:00+03:00"},
        market={"ptf": hours(day + ["1000"] * 24), "matched": hours(matched + ["9"] * 24),
                "yekdem": [{"valid_from": "2025-10-01T00:00:00+03:00", "price": "100"}]})
    # first day (2000·3 + 3000·1)/4 = 2250, second 1000 → 1625 + 100
    assert run(data)["lines"][0]["unit_price"] == "1.725"


def test_yekdem_of_two_months_by_their_days():
    data = case(
        [market("0", "1")], {"active_import": "1000"},
        period={"start": "2025-11-16T00:00:00+03:00", "end": "2025-12-16T00:00:00+03:00"},
        market={"ptf_mean": "2500", "yekdem": [
            {"valid_from": "2025-12-01T00:00:00+03:00", "price": "200"},
            {"valid_from": "2025-11-01T00:00:00+03:00", "price": "100"}]})
    assert run(data)["lines"][0]["amount"] == "150.00"


@pytest.mark.parametrize("change", [
    {"ptf": None},
    {"ptf": hours(["2345.67"])},
    {"ptf": hours(["2345.67", None, "1500"])},
    {"ptf": hours(THREE[0]), "yekdem": [
        {"valid_from": "2025-11-01T01:00:00+03:00", "price": "1"}]},
])
def test_a_price_that_is_not_known_is_never_nought(change):
    data = hourly(market(), THREE[0], hours(THREE[1]))
    data["market"] = change
    with pytest.raises(MissingQuantity, match="PTF|YEKDEM|ptf"):
        price(case_from(data))


def test_a_market_component_needs_its_factors():
    with pytest.raises(CaseError, match=r"components\[0\].market: is missing"):
        case_from(case([market(market=None)], {"active_import": "1"}))


def test_w4_last_resort_with_distribution_inside_the_price():
    february = {"start": "2026-02-01T00:00:00+03:00", "end": "2026-03-01T00:00:00+03:00"}
    low = energy("4.45139333", less={"levy": "1.87741"})
    bill = run(case([low], {"active_import": "289.415"}, period=february,
                    payable={"step": "5", "carry": "1.11"}))
    levy, vat = bill["taxes"]
    assert bill["lines"][0]["amount"] == "1288.30"
    assert (levy["base"], levy["amount"]) == ("744.95", "37.25")
    assert (vat["base"], vat["amount"]) == ("1325.55", "265.11")
    totals = bill["totals"]
    assert (totals["total"], totals["rounding"], totals["payable"]) == (
        "1590.66", "-1.77", "1590.00")


def test_w3_yekdem_and_prepayment_differences_and_rounding_to_five():
    rows = [{"key": key, "amount": amount, "taxes": ["levy", "vat"]}
            for key, amount in (("yekdem", "-9826.08"), ("prepayment", "-3069.76"))]
    bill = run(case([energy("3.03203583"), distribution("0.895372")],
                    {"active_import": "310547.610"}, levy="0.01", adjustments=rows,
                    overrides={"energy": {"amount": "941591.48", "reason": "printed"}},
                    payable={"step": "5", "carry": "2.31"}))
    levy, vat = bill["taxes"]
    assert bill["lines"][1]["amount"] == "278055.63"
    # the supplier rounds the 1 % of each component for itself: 9,415.91 − 98.26 − 30.70
    assert abs(Decimal(levy["amount"]) - Decimal("9286.95")) <= Decimal("0.02")
    assert abs(Decimal(vat["base"]) - Decimal("1216038.22")) <= Decimal("0.02")
    assert abs(Decimal(bill["totals"]["total"]) - Decimal("1459245.86")) <= Decimal("0.03")
    assert bill["totals"]["payable"] == "1459250.00"


def test_a_tax_rounded_line_by_line_meets_the_supplier_exactly():
    """W3 once more, as printed: the levy of each line rounded for itself."""
    rows = [{"key": key, "amount": amount, "taxes": ["levy", "vat"]}
            for key, amount in (("yekdem", "-9826.08"), ("prepayment", "-3069.76"))]
    data = case([energy("3.03203583"), distribution("0.895372")],
                {"active_import": "310547.610"}, adjustments=rows,
                overrides={"energy": {"amount": "941591.48", "reason": "printed"}},
                payable={"step": "5", "carry": "2.31"})
    data["taxes"] = [
        {"key": "levy", "rate": "0.01", "include_in_base": True, "rounding": "line"},
        {"key": "vat", "rate": "0.20"}]
    bill = run(data)
    assert [row["amount"] for row in bill["taxes"]] == ["9286.95", "243207.64"]
    assert bill["totals"] == {
        "untaxed": "1206751.27", "taxes": "252494.59", "total": "1459245.86",
        "rounding": "1.83", "payable": "1459250.00"}


def test_thirteen_months_of_rounding_carry_on_exactly(invoices):
    """Every month of a real plant: the carry of one is the rounding of the one before."""
    with (invoices / "rounding_chain_13m.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13
    carry = Decimal(rows[0]["prev_round"])
    for row in rows:
        data = case([], {}, taxes=[], payable={"step": "5", "carry": str(carry)},
                    adjustments=[{"key": "invoice", "amount": row["invoice"]}])
        data["tariff"]["versions"][0]["components"] = []
        totals = run(data)["totals"]
        assert Decimal(totals["payable"]) == Decimal(row["payable"]), row["period"]
        assert Decimal(totals["rounding"]) == Decimal(row["round"]), row["period"]
        carry = -Decimal(totals["rounding"])


def test_a_contract_may_take_the_mean_although_there_is_a_profile():
    data = hourly(market(), THREE[0], hours(THREE[1]))
    data["tariff"]["versions"][0]["components"][0]["market"]["by"] = "mean"
    data["market"]["ptf_mean"] = "2000"
    assert run(data)["lines"][0]["trace"]["inputs"]["price_by"] == "mean"


def test_a_contract_by_the_hour_needs_the_profile():
    data = hourly(market(), THREE[0], hours(THREE[1]))
    data["tariff"]["versions"][0]["components"][0]["market"]["by"] = "hour"
    assert run(data)["lines"][0]["trace"]["inputs"]["price_by"] == "hour"
    data |= {"quantities": {"active_import": "4"}, "profile": {}}
    with pytest.raises(MissingQuantity, match="profile"):
        run(data)

"""Netting, charging sessions, discounts, minimums and formulas."""

import pytest
from actwin_billing_core.answer import bill_to
from actwin_billing_core.engine import price
from actwin_billing_core.errors import CaseError, MissingQuantity
from actwin_billing_core.recheck import recheck
from actwin_billing_core.schema import case_from
from billing_cases import case, distribution, energy
from hypothesis import given, settings
from hypothesis import strategies as st


def run(data):
    bill = bill_to(price(case_from(data)), "TRY")
    assert recheck(data, bill) == []
    return bill


def amounts(components, quantities, **values):
    bill = run(case(components, quantities, **values))
    return {line["key"]: line["amount"] for line in bill["lines"]}


def part(kind, price="1", **values):
    return {"key": kind, "kind": kind, "price": price, "taxes": ["vat"], **values}


def test_w7_export_of_a_plant_is_set_off_against_its_import():
    components = [
        {**part("netting", "2.8574498"), "key": "netted_energy", "taxes": ["levy", "vat"]},
        {**part("netting", "0.810595"), "key": "netted_distribution"}]
    bill = run(case(components, {"active_import": "334484.40", "active_export": "65800.13"},
                    levy="0.01"))
    levy, vat = bill["taxes"]
    rows = {line["key"]: (line["quantity"], line["amount"]) for line in bill["lines"]}
    assert rows == {
        "netted_energy": ("-65800.130", "-188020.57"),
        "netted_distribution": ("-65800.130", "-53337.26")}
    assert (levy["amount"], vat["base"]) == ("-1880.21", "-243238.04")


def test_export_beyond_import_is_fed_in():
    found = amounts([energy("3"), part("netting", "3"), part("feed_in", "2")],
                    {"active_import": "100", "active_export": "130"})
    assert found == {"energy": "300.00", "netting": "-300.00", "feed_in": "-60.00"}


def hourly(values):
    return {"start": "2025-11-01T00:00:00+03:00", "values": values}


def test_hour_by_hour_only_simultaneous_energy_is_set_off():
    period = {"start": "2025-11-01T00:00:00+03:00", "end": "2025-11-01T03:00:00+03:00"}
    profile = {"active_import": hourly(["10", "0", "4"]), "active_export": hourly(["1", "9", "6"])}
    found = amounts(
        [part("netting", "3", netting="interval"), part("feed_in", "2", netting="interval")], {},
        period=period, profile=profile)
    assert found == {"netting": "-15.00", "feed_in": "-22.00"}
    with pytest.raises(MissingQuantity, match="profiles"):
        amounts([part("netting", netting="interval")],
                {"active_import": "1", "active_export": "1"})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=24, max_size=24))
def test_export_is_either_set_off_or_fed_in(rows):
    period = {"start": "2025-11-01T00:00:00+03:00", "end": "2025-11-02T00:00:00+03:00"}
    profile = {"active_import": hourly([str(row[0]) for row in rows]),
               "active_export": hourly([str(row[1]) for row in rows])}
    for mode in ("interval", "period"):
        found = amounts([part("netting", "1", netting=mode), part("feed_in", "1", netting=mode)],
                        {}, period=period, profile=profile)
        assert -sum(float(value) for value in found.values()) == sum(row[1] for row in rows)


def session(key, day, kwh, idle="0"):
    return {"key": key, "start": f"2025-{day}T10:00:00+03:00", "end": f"2025-{day}T12:00:00+03:00",
            "kwh": kwh, "idle_minutes": idle}


def test_each_charging_session_is_billed_once_in_the_month_it_ended():
    sessions = [session("told late", "10-30", "20", "30"), session("a", "11-03", "0.5"),
                session("b", "11-09", "11.25"), session("next", "12-01", "99")]
    found = amounts([part("session_energy", "8"), part("session_idle", "0.5"),
                     part("session_fee", "10")], {}, sessions=sessions)
    assert found == {"session_energy": "254.00", "session_idle": "15.00", "session_fee": "30.00"}
    assert amounts([part("session_energy", "8")], {}) == {}
    with pytest.raises(CaseError, match=r"sessions\[0\].end"):
        case_from(case([], {}, sessions=[{**session("a", "11-03", "1"),
                                          "end": "2025-11-02T00:00:00+03:00"}]))


def test_a_discount_and_a_surcharge_on_named_lines():
    tiers = [{"key": "low", "up_to": "10", "price": "1"}, {"key": "high", "price": "2"}]
    found = amounts(
        [energy("0", tiers=tiers), distribution("1"),
         part("discount", "0.10", of=["energy"]), part("surcharge", "0.01", of=["distribution"])],
        {"active_import": "400"})
    assert found == {"energy.low": "300.00", "energy.high": "200.00", "distribution": "400.00",
                     "discount": "-50.00", "surcharge": "4.00"}


def test_a_minimum_fills_up_what_the_bill_lacks():
    components = [energy("2"), part("minimum", "500", of=["energy"])]
    assert amounts(components, {"active_import": "100"}) == {
        "energy": "200.00", "minimum": "300.00"}
    assert amounts(components, {"active_import": "250"}) == {"energy": "500.00"}


def test_a_minimum_of_two_versions_is_judged_once():
    data = case([], {"active_import": "100"})
    data["tariff"]["versions"] = [
        {"key": "a", "valid_from": "2025-11-01T00:00:00+03:00",
         "components": [energy("1"), part("minimum", "300", of=["energy"])]},
        {"key": "b", "valid_from": "2025-11-16T00:00:00+03:00",
         "components": [energy("1"), part("minimum", "600", of=["energy"])]}]
    rows = [line for line in run(data)["lines"] if line["key"] == "minimum"]
    assert [(row["amount"], row["trace"]["version"]) for row in rows] == [("350.00", "b")]


def test_a_formula_of_the_users_own():
    lift = part("formula", "2", formula="max(area_m2 * 0.1, 5) + active_import_t1 / 100")
    found = amounts([energy("1", band="t1"), lift], {"active_import.t1": "100"},
                    subscriber={"facts": {"area_m2": "120"}})
    assert found["formula"] == "26.00"
    share = part("formula", formula="if(amount_energy > 50, amount_energy * 0.02, 0)")
    assert amounts([energy("1"), share], {"active_import": "100"})["formula"] == "2.00"
    assert "formula" not in amounts([energy("1"), share], {"active_import": "10"})


@pytest.mark.parametrize(("text", "error", "said"), [
    ("active_import * area", CaseError, "unknown_name area"),
    ("__import__('os')", CaseError, "unknown_function"),
    ("1 / (days - days)", MissingQuantity, "division by zero"),
    ("contract_kw * 2", MissingQuantity, "no value for contract_kw"),
])
def test_a_formula_that_does_not_work_says_why(text, error, said):
    with pytest.raises(error, match=said):
        amounts([part("formula", formula=text)], {"active_import": "1"})


@pytest.mark.parametrize(("component", "path"), [
    (part("formula"), r"components\[0\].formula"),
    (part("discount"), r"components\[0\].of"),
    ({"key": "a", "kind": "energy"}, r"components\[0\].price"),
])
def test_what_a_kind_needs_is_asked_for(component, path):
    with pytest.raises(CaseError, match=path):
        case_from(case([component], {"active_import": "1"}))


def two_versions(first, second):
    data = case([], {"active_import": "1001"}, price_split="prices")
    data["tariff"]["versions"] = [
        {"key": "a", "valid_from": "2025-11-01T00:00:00+03:00", "components": first},
        {"key": "b", "valid_from": "2025-11-16T00:00:00+03:00", "components": second}]
    return data


def test_lines_whose_price_did_not_change_are_one():
    rest = [{"key": "m", "kind": "fixed_month", "price": "30"},
            part("discount", "0.05", of=["energy", "distribution"]),
            part("minimum", "9000", of=["energy"])]
    bill = run(two_versions([energy("1"), distribution("0.333"), *rest],
                            [energy("2"), distribution("0.333"), *rest]))
    found = {}
    for line in bill["lines"]:
        found.setdefault(line["key"], []).append((line["quantity"], line["amount"]))
    assert found["energy"] == [("500.500", "500.50"), ("500.500", "1001.00")]
    assert found["distribution"] == [("1001.000", "333.33")]
    assert found["m"] == [("1.000", "30.00")]
    assert found["discount"] == [("-1834.840", "-91.74")]
    assert found["minimum"] == [("1.000", "7498.50")]


def test_the_sentence_of_a_share_names_the_percent():
    bill = run(case([energy("2"), part("discount", "0.125", of=["energy"])],
                    {"active_import": "100"}))
    assert bill["lines"][1]["trace"]["formula"] == "-200.000 TRY × 12.5 % = -25.00 TRY"
    fee = part("formula", formula="days * 2", unit="")
    bill = run(case([energy("2"), fee], {"active_import": "100"}))
    assert bill["lines"][1]["trace"]["formula"] == "60.000 × 1 TRY = 60.00 TRY"


def test_a_discount_taken_of_too_much_is_noticed():
    data = case([energy("2"), part("discount", "0.125", of=["energy"])], {"active_import": "100"})
    bill = run(data)
    line = bill["lines"][1]
    line["trace"]["inputs"]["base"], line["amount"] = "400.00", "-50.00"
    assert any("taken of 400.0" in said for said in recheck(data, bill))


def test_what_is_passed_through_is_a_line_of_its_own_kind():
    bill = run(case([energy("2"), part("pass_through", "-0.05", taxes=["levy", "vat"])],
                    {"active_import": "100"}))
    assert [(line["kind"], line["amount"]) for line in bill["lines"]] == [
        ("energy", "200.00"), ("pass_through", "-5.00")]
    assert bill["taxes"][0]["base"] == "195.00"

"""Real and constructed bills of the regulation notes, exact to the kuruş."""

from actwin_billing_core.answer import bill_to
from actwin_billing_core.cli_price import priced
from actwin_billing_core.engine import price
from actwin_billing_core.schema import case_from
from billing_cases import capacity, case, distribution, energy, printed, reactive, w2, w9


def run(data):
    parsed = case_from(data)
    return bill_to(price(parsed), parsed.currency)


def amounts(bill):
    return {line["key"]: line["amount"] for line in bill["lines"]}


def tax(bill, key):
    return next(row["amount"] for row in bill["taxes"] if row["key"] == key)


def matrah(bill):
    return next(row["base"] for row in bill["taxes"] if row["key"] == "vat")


def test_w2_three_registers_with_printed_energy():
    bill = run(w2())
    assert amounts(bill) == {"energy": "129949.40", "distribution": "53777.03"}
    assert bill["lines"][0]["trace"]["computed"] == "129949.42"
    assert bill["lines"][0]["trace"]["override"]["difference"] == "-0.02"
    assert (tax(bill, "levy"), matrah(bill)) == ("1299.49", "185025.92")
    assert (tax(bill, "vat"), bill["totals"]["total"]) == ("37005.18", "222031.10")
    vat = bill["taxes"][1]
    assert vat["line_amounts"] == ["26249.77", "10755.41"]
    assert [note["text"] for note in bill["notes"]] == ["inside the limit"] * 2


def test_w5_inductive_over_the_limit_bills_the_whole_energy():
    quantities = {"active_import": "33324.00", "reactive_inductive": "7410.40",
                  "reactive_capacitive": "3644.00"}
    components = [energy("3.20821"), distribution("1.87741"), *reactive()]
    bill = run(case(components, quantities, overrides=printed("106910.63"),
                    subscriber={"connection_kva": "100"}))
    assert amounts(bill) == {"energy": "106910.63", "distribution": "62562.81",
                             "reactive_inductive": "19604.02"}
    assert (tax(bill, "levy"), matrah(bill)) == ("5345.53", "194422.99")
    assert (tax(bill, "vat"), bill["totals"]["total"]) == ("38884.60", "233307.59")


def test_w6_dual_term_with_no_load_loss():
    components = [energy("3.17232"), distribution("1.263293"),
                  *capacity("43.37003", "86.74006")]
    loss = {"mode": "no_load", "no_load_kw": "1.12", "hours": "720"}
    bill = run(case(components, {"active_import": "14279.36", "demand": "59.52"},
                    overrides=printed("47856.80"),
                    subscriber={"contract_kw": "100", "transformer": loss}))
    assert bill["lines"][1]["quantity"] == "15085.760"
    assert amounts(bill) == {"energy": "47856.80", "distribution": "19057.74",
                             "capacity": "4337.00"}
    assert (tax(bill, "levy"), matrah(bill), tax(bill, "vat")) == (
        "2392.84", "73644.38", "14728.88")


def test_w7_statement_and_its_correction_row():
    components = [energy("3.2317497"), distribution("0.810595"), *capacity("32.32565")]
    bill = run(case(components, {"active_import": "334484.40"}, levy="0.01",
                    overrides=printed("1080969.96"), subscriber={"contract_kw": "1800"}))
    assert amounts(bill) == {"energy": "1080969.96", "distribution": "271131.38",
                             "capacity": "58186.17"}
    assert (tax(bill, "levy"), matrah(bill), tax(bill, "vat")) == (
        "10809.70", "1421097.21", "284219.44")
    correction = run(case([], {}, levy="0.01", adjustments=[
        {"key": "energy", "amount": "-188020.57", "taxes": ["levy", "vat"]},
        {"key": "distribution", "amount": "-53337.25", "taxes": ["vat"]},
    ]))
    assert (tax(correction, "levy"), matrah(correction), tax(correction, "vat")) == (
        "-1880.21", "-243238.03", "-48647.61")


def test_w8_dead_inductive_register_bills_ninety_percent():
    components = [energy("2.749"), distribution("1.87741"),
                  *reactive(missing_rule="none")]
    components[2]["missing_rule"] = "ninety_percent"
    bill = run(case(components, {"active_import": "15.51", "reactive_inductive": "0",
                                 "reactive_capacitive": "0"}, overrides=printed("42.64")))
    line = bill["lines"][2]
    assert (line["quantity"], line["amount"]) == ("13.959", "36.93")
    assert (tax(bill, "levy"), matrah(bill), tax(bill, "vat")) == ("2.13", "110.82", "22.16")


def test_w9_supplier_invoice():
    bill = run(w9())
    assert amounts(bill) == {"energy": "555087.85", "distribution": "167929.12"}
    assert (tax(bill, "levy"), matrah(bill)) == ("5550.88", "728567.85")
    assert (tax(bill, "vat"), bill["totals"]["total"]) == ("145713.57", "874281.42")


def test_w10_late_fee_is_in_the_vat_base_but_not_in_the_levy_base():
    bill = run(case(
        [energy("3.015187"), distribution("0.895372")], {"active_import": "178657.558"},
        levy="0.01", overrides=printed("538685.96"),
        adjustments=[{"key": "late_fee", "amount": "2092.59", "taxes": ["vat"]}]))
    assert amounts(bill)["distribution"] == "159964.98"
    assert (tax(bill, "levy"), matrah(bill)) == ("5386.86", "706130.39")
    assert (tax(bill, "vat"), bill["totals"]["total"]) == ("141226.08", "847356.47")


def test_w15_three_bands_priced():
    quantities = {"active_import.t1": "3200", "active_import.t2": "900",
                  "active_import.t3": "1400"}
    components = [energy("2.75", "t1", band="t1"), energy("4.60", "t2", band="t2"),
                  energy("1.48", "t3", band="t3"), distribution("1.87741")]
    bill = run(case(components, quantities))
    assert amounts(bill) == {"t1": "8800.00", "t2": "4140.00", "t3": "2072.00",
                             "distribution": "10325.76"}
    assert (tax(bill, "levy"), matrah(bill)) == ("750.60", "26088.36")
    assert (tax(bill, "vat"), bill["totals"]["total"]) == ("5217.67", "31306.03")


def test_w16_tie_needs_half_even():
    for mode, levy, base in (("half_even", "11.06", "232.36"), ("half_up", "11.07", "232.37")):
        bill = run(case([], {}, rounding={"mode": mode}, adjustments=[
            {"key": "energy", "amount": "221.30", "taxes": ["levy", "vat"]}]))
        assert (tax(bill, "levy"), matrah(bill), tax(bill, "vat")) == (levy, base, "46.47")


def test_excess_demand_of_dual_term():
    bill = run(case([energy("1"), *capacity("43.37003", "86.74006")],
                    {"active_import": "1", "demand": "130"}, subscriber={"contract_kw": "100"}))
    assert amounts(bill) == {"energy": "1.00", "capacity": "4337.00", "excess": "2602.20"}


def test_json_numbers_are_read_exactly():
    text = (
        '{"schema": 1, "period": {"start": "2025-11-01T00:00:00+03:00", "end":'
        ' "2025-12-01T00:00:00+03:00"}, "quantities": {"active_import": 1000.1}, "tariff":'
        ' {"versions": [{"valid_from": "2025-01-01T00:00:00+03:00", "components":'
        ' [{"key": "e", "kind": "energy", "price": 0.1}]}]}}'
    )
    assert priced(text)["lines"][0]["amount"] == "100.01"

"""Tariff versions, holes, proration and bands."""

from decimal import Decimal

import pytest
from actwin_billing_core.engine import price
from actwin_billing_core.errors import CaseError, MissingQuantity, TariffGap
from actwin_billing_core.facts import Transformer
from actwin_billing_core.periods import months
from actwin_billing_core.reader import stamp
from actwin_billing_core.schema import case_from
from actwin_billing_core.transformer import loss_kwh
from billing_cases import END, START, case, distribution, energy, reactive, without_quantities

CHANGE = "2025-11-11T00:30:00+03:00"


def priced(data):
    return price(case_from(data))


def versions(*rows):
    return {"versions": [
        {"key": start, "valid_from": start, "valid_to": stop, "components": components}
        for start, stop, components in rows
    ]}


def two_prices(stop=None):
    return versions(("2025-01-01T00:00:00+03:00", stop, [energy("2")]),
                    (CHANGE, None, [energy("3")]))


def test_change_inside_the_period_uses_the_snapshot():
    data = without_quantities(case([], {}, tariff=two_prices()))
    data["segments"] = [
        {"start": CHANGE, "end": END, "quantities": {"active_import": "4960"}},
        {"start": START, "end": CHANGE, "quantities": {"active_import": "2480"}},
    ]
    bill = priced(data)
    assert [line.amount for line in bill.lines] == [Decimal("4960.00"), Decimal("14880.00")]
    assert bill.lines[0].end.isoformat() == CHANGE


def test_change_inside_the_period_without_snapshot_goes_by_time():
    bill = priced(case([], {"active_import": "7200"}, tariff=two_prices()))
    hours = Decimal(240) + Decimal("0.5")
    assert [line.quantity for line in bill.lines] == [hours * 10, 7200 - hours * 10]


def test_a_hole_in_the_tariff_is_named():
    data = case([], {"active_import": "1"}, tariff=two_prices("2025-11-08T00:00:00+03:00"))
    with pytest.raises(TariffGap) as error:
        priced(data)
    assert error.value.data["gaps"] == [["2025-11-08T00:00:00+03:00", CHANGE]]


@pytest.mark.parametrize("first", ["2025-11-02T00:00:00+03:00", "2025-12-05T00:00:00+03:00"])
def test_a_period_outside_the_tariff_is_a_gap(first):
    with pytest.raises(TariffGap):
        priced(case([], {"active_import": "1"}, tariff=versions((first, None, [energy("1")]))))


def test_missing_is_not_zero():
    for quantities in ({}, {"active_import": None},
                       {"active_import.t1": "1", "active_import.t2": None}):
        with pytest.raises(MissingQuantity):
            priced(case([energy("1")], quantities))
    with pytest.raises(MissingQuantity):
        priced(case([energy("1", band="t1")], {"active_import": "5"}))


def test_fixed_charges_follow_months_and_days():
    fixed = {"kind": "fixed_month", "price": "100", "unit": "month"}
    components = [
        {"key": "m", **fixed}, {"key": "m30", **fixed, "proration": "days30"},
        {"key": "whole", **fixed, "proration": "none"},
        {"key": "d", "kind": "fixed_day", "price": "2", "unit": "day"},
    ]
    data = case(components, {}, period={"start": START, "end": "2025-11-16T00:00:00+03:00"})
    assert [line.amount for line in priced(data).lines] == [50, 50, 100, 30]
    assert months(stamp(START, ""), stamp("2026-02-15T00:00:00+03:00", ""), "days_in_month") == 3.5


def test_fixed_charge_is_split_where_the_price_changes():
    fixed = [{"key": "m", "kind": "fixed_month", "price": "30", "unit": "month"}]
    middle = "2025-11-11T00:00:00+03:00"
    tariff = versions(("2025-01-01T00:00:00+03:00", None, fixed),
                      (middle, None, [{**fixed[0], "price": "60"}]))
    assert [line.amount for line in priced(case([], {}, tariff=tariff)).lines] == [10, 40]


def test_reactive_split_over_versions_still_bills_the_whole_energy():
    tariff = versions(
        ("2025-01-01T00:00:00+03:00", None, [energy("1"), *reactive("2")]),
        ("2025-11-16T00:00:00+03:00", None, [energy("1"), *reactive("3")]))
    bill = priced(case([], {"active_import": "100", "reactive_inductive": "50.001"},
                       tariff=tariff))
    lines = [line for line in bill.lines if line.kind == "reactive_inductive"]
    assert sum(line.quantity for line in lines) == Decimal("50.001")
    assert [line.unit_price for line in lines] == [2, 3]


def test_reactive_exemption_and_waiver_keep_their_verdict():
    quantities = {"active_import": "100", "reactive_inductive": "90"}
    for facts, text in (({"reactive_exempt": True}, "exempt"),
                        ({"reactive_waiver": "first fault"}, "waived: first fault")):
        bill = priced(case([energy("1"), *reactive()], quantities, subscriber=facts))
        assert len(bill.lines) == 1
        assert bill.notes[0].text == text


def test_bands_share_the_transformer_loss():
    quantities = {"active_import.t1": "600", "active_import.t2": "300", "active_import.t3": "100"}
    components = [energy("1", band, band=band) for band in ("t1", "t2", "t3")]
    loss = {"mode": "fixed_percent", "percent": "10"}
    bill = priced(case([*components, distribution("1")], quantities,
                       subscriber={"transformer": loss}))
    assert [line.quantity for line in bill.lines] == [660, 330, 110, 1100]


@pytest.mark.parametrize(("transformer", "energy_kwh", "hours", "loss"), [
    (("full", "1.12", "4.90", "400"), "14279.36", 720, "816.0098"),
    (("no_load", "1.12", "4.90", "400"), "14279.36", 720, "806.4000"),
    (("full", "0.32", "1.75", "100"), "20000", 744, "342.3304"),
    (("no_load", "0.32", "1.75", "100"), "20000", 744, "238.0800"),
])
def test_transformer_loss(transformer, energy_kwh, hours, loss):
    mode, *numbers = transformer
    plate = Transformer(mode, *map(Decimal, numbers), hours=Decimal(hours))
    value = loss_kwh(plate, Decimal(energy_kwh), stamp(START, ""), stamp(END, ""))
    assert round(value, 4) == Decimal(loss)


def test_segments_must_cover_the_period():
    data = without_quantities(case([energy("1")], {}))
    for start, end in ((CHANGE, END), (START, CHANGE)):
        data["segments"] = [{"start": start, "end": end, "quantities": {"active_import": "1"}}]
        with pytest.raises(CaseError):
            priced(data)

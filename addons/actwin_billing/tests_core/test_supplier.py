"""Checks of a supplier's bill: constructed, one mistake at a time, and on real statements."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from actwin_billing_core.money import ZERO
from actwin_billing_core.supplier.checks import checks
from actwin_billing_core.supplier.model import Index, Line, Ours, SupplierBill
from actwin_billing_core.supplier.reconcile import reconcile
from hypothesis import given
from hypothesis import strategies as st

BILL = SupplierBill(
    "A1", date(2025, 11, 1), date(2025, 11, 30),
    (
        Line("Energy T1", "energy", D("2000.00"), D(1000), "kWh", D("2.000000"), "t1"),
        Line("Energy T2", "energy", D("1500.00"), D(500), "kWh", D("3.000000"), "t2"),
        Line("Distribution", "distribution", D("1500.00"), D(1500), "kWh", D("1.000000")),
        Line("Reactive", "reactive", D("100.00")),
    ),
    (
        Index("active_import", D(100), D(250), D(10), D(1500)),
        Index("active_import.t1", D(50), D(150), D(10), D(1000)),
        Index("active_import.t2", D(50), D(100), D(10), D(500)),
    ),
    levy=D("175.00"), levy_rate=D("0.05"), base=D("5275.00"), vat=D("1055.00"),
    vat_rate=D("0.20"), total=D("6330.00"), rounding=D("-0.00"), payable=D("6330.00"))
BEFORE = replace(
    BILL, start=date(2025, 10, 1), end=date(2025, 10, 31),
    indices=(Index("active_import", D(0), D(100)),))
OURS = Ours(
    amounts={"reactive": D("100.00")}, used={"active_import": D("1490")}, days=30,
    prices={("energy", "t1"): D(2), ("energy", "t2"): D(3)})


def failed(bill, ours=OURS, before=BEFORE):
    return {item.code for item in checks(bill, ours, before) if not item.ok}


def test_a_right_bill_passes_every_check():
    found = checks(BILL, OURS, BEFORE)
    assert {item.code for item in found} == {f"S{number:02}" for number in range(1, 16)}
    assert not failed(BILL)


def line(at, **values):
    lines = list(BILL.lines)
    lines[at] = replace(lines[at], **values)
    return replace(BILL, lines=tuple(lines))


def index(at, **values):
    items = list(BILL.indices)
    items[at] = replace(items[at], **values)
    return replace(BILL, indices=tuple(items))


@pytest.mark.parametrize(("bill", "code"), [
    (index(0, multiplier=D(12)), "S01"),
    (index(1, billed=D(1005)), "S02"),
    (line(0, amount=D("2000.06")), "S03"),
    (line(2, price=D("1.0005")), "S04"),
    (replace(BILL, levy_rate=D("0.01")), "S05"),
    (replace(BILL, base=D("5274.90")), "S06"),
    (replace(BILL, vat=D("1055.10")), "S07"),
    (replace(BILL, total=D("6330.10")), "S08"),
    (replace(BILL, payable=D("6335.00")), "S09"),
    (index(0, first=D(101)), "S10"),
    (index(0, billed=D(1600)), "S11"),
    (line(0, price=D("2.01")), "S12"),
    (replace(BILL, lines=BILL.lines[:3]), "S13"),
    (replace(BILL, lines=(*BILL.lines, Line("Excess", "excess", D(5)))), "S14"),
    (replace(BILL, start=date(2025, 11, 2)), "S15"),
])
def test_each_mistake_is_found_by_its_check(bill, code):
    assert code in failed(bill)


def test_a_price_printed_with_six_decimals_is_no_mistake():
    """A real line: 187,552.35 × 2.959642 = 555,087.81, printed 555,087.85."""
    bill = line(0, quantity=D("187552.35"), price=D("2.959642"), amount=D("555087.85"))
    assert "S03" not in failed(bill)


def test_what_the_bill_does_not_say_is_not_checked():
    bare = SupplierBill("A", date(2025, 11, 1), date(2025, 11, 30), ())
    assert checks(bare) == []


def test_the_statement_of_a_real_supplier(invoices):
    """Every row's levy, base and VAT hold; one coin wrong in the base is found."""
    with (invoices / "icmal_2025_11.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 13
    for row in rows:
        bill = statement(row)
        assert not failed(bill, None, None), row["id"]
        assert "S06" in failed(replace(bill, base=bill.base + D("0.06")), None, None)


def statement(row):
    groups = (("energy", "energy_tl"), ("distribution", "distribution_tl"),
              ("capacity", "power_tl"), ("reactive", "reactive_tl"), ("excess", "excess_tl"))
    return SupplierBill(
        row["id"], date(2025, 11, 1), date(2025, 11, 30),
        tuple(Line(key, group, D(row[key])) for group, key in groups),
        levy=D(row["btv_tl"]), vat=D(row["kdv_tl"]), vat_rate=D("0.20"),
        levy_rate=D("0.01") if row["group"] == "SANAYI" else D("0.05"), base=D(row["matrah_tl"]))


def test_the_rounding_of_thirteen_real_months(invoices):
    with (invoices / "rounding_chain_13m.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        bill = replace(
            BILL, base=D(row["matrah"]), vat=D(row["kdv"]), total=D(row["invoice"]),
            rounding=D(row["prev_round"]) + D(row["round"]), payable=D(row["payable"]))
        assert not {"S07", "S08", "S09"} & failed(bill), row["period"]


def test_a_bill_goes_to_tenants_common_areas_and_losses():
    rows, price = reconcile(
        D("3000.00"), D(1000), (D(800), D("2400.00")), common=D(150), shared=D("300.00"),
        vacant=D("50.00"))
    assert price == 3
    assert [(row.place, row.quantity, row.amount) for row in rows] == [
        ("tenants", D(800), D("2400.00")), ("shared", None, D("300.00")),
        ("vacant", None, D("50.00")), ("common", D(150), D("100.00")),
        ("loss", D(50), D("150.00")), ("remainder", None, D("0.00"))]


money = st.decimals(0, 10**7, places=2)
energy = st.decimals(0, 10**6, places=3)


@given(money, energy, energy, money, money, money, energy)
def test_the_rows_are_the_bill(amount, main, used, billed, shared, vacant, common):
    rows, _price = reconcile(amount, main, (used, billed), shared, vacant, common)
    assert sum((row.amount for row in rows), ZERO) == amount
    assert all(row.amount.as_tuple().exponent >= -2 for row in rows)

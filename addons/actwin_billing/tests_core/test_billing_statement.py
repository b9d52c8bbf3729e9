"""Every row of a real supplier statement, November 2025."""

import csv
from decimal import Decimal

import pytest
from actwin_billing_core.engine import price
from actwin_billing_core.schema import case_from
from billing_cases import LIMITS, case, energy, reactive, statement

ONE_KURUS = {"r09", "s33"}  # kWh is printed with two decimals there
REACTIVE_TOLERANCE = Decimal("0.02")  # the statement's own unit price is known to ±0.000002


def by_kind(bill, *kinds):
    return sum((line.amount for line in bill.lines if line.kind in kinds), Decimal(0))


def test_statement_rows(invoices):
    with open(invoices / "icmal_2025_11.csv", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 15
    failures = [text for row in rows for text in differences(row)]
    assert not failures, "\n".join(failures)


def differences(row):
    """What differs from the printed row. A kuruş of tolerance carries into base and VAT."""
    bill = price(case_from(statement(row)))
    levy, vat = bill.taxes
    loose = Decimal("0.01") if row["id"] in ONE_KURUS else Decimal(0)
    over = Decimal(row["reactive_tl"]) and REACTIVE_TOLERANCE
    found = {
        "distribution_tl": (by_kind(bill, "distribution"), loose),
        "reactive_tl": (by_kind(bill, "reactive_inductive", "reactive_capacitive"), over),
        "power_tl": (by_kind(bill, "capacity"), Decimal(0)),
        "excess_tl": (by_kind(bill, "excess_demand"), Decimal(0)),
        "btv_tl": (levy.amount, Decimal(0)),
        "matrah_tl": (vat.base, max(loose, over)),
        "kdv_tl": (vat.amount, max(loose, over)),
    }
    assert bill.lines[0].quantity == Decimal(row["kwh_total"])
    return [
        f"{row['id']} {column}: {value} instead of {row[column]}"
        for column, (value, tolerance) in found.items()
        if abs(value - Decimal(row[column])) > tolerance
    ]


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_limits_depend_on_connected_power(kind):
    small, large = (limit["ratio"] for limit in LIMITS[kind])
    for kva, ratio in (("49", small), ("50", large)):
        at_limit = str(Decimal(1000) * Decimal(ratio))
        for value, lines in ((at_limit, 1), (str(Decimal(at_limit) + Decimal("0.001")), 2)):
            bill = price(case_from(case(
                [energy("1"), *reactive()], {"active_import": "1000", kind: value},
                subscriber={"connection_kva": kva})))
            assert len(bill.lines) == lines, (kva, value)

"""Utilities' e-invoices as files: constructed ones, real samples, garbage."""

import os
from contextlib import suppress
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest
from actwin_billing_core.errors import CaseError
from actwin_billing_core.supplier.ubl import ROOT, read
from hypothesis import given
from hypothesis import strategies as st

HEAD = (
    '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">')


def line(name, quantity, price, amount, unit="KWH"):
    return (
        f'<cac:InvoiceLine><cbc:InvoicedQuantity unitCode="{unit}">{quantity}'
        f"</cbc:InvoicedQuantity><cbc:LineExtensionAmount>{amount}</cbc:LineExtensionAmount>"
        f"<cac:Item><cbc:Name>{name}</cbc:Name></cac:Item>"
        f"<cac:Price><cbc:PriceAmount>{price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>")


def subtotal(code, base, amount, percent):
    return (
        f"<cac:TaxSubtotal><cbc:TaxableAmount>{base}</cbc:TaxableAmount>"
        f"<cbc:TaxAmount>{amount}</cbc:TaxAmount><cbc:Percent>{percent}</cbc:Percent>"
        "<cac:TaxCategory><cac:TaxScheme>"
        f"<cbc:TaxTypeCode>{code}</cbc:TaxTypeCode></cac:TaxScheme></cac:TaxCategory>"
        "</cac:TaxSubtotal>")


def invoice(*parts):
    return f"{HEAD}{''.join(parts)}</Invoice>".encode()


FULL = invoice(
    "<cbc:ID>ABC2025000000042</cbc:ID><cbc:IssueDate>2025-12-03</cbc:IssueDate>",
    "<cac:InvoicePeriod><cbc:StartDate>2025-11-01</cbc:StartDate>"
    "<cbc:EndDate>2025-11-30</cbc:EndDate></cac:InvoicePeriod>",
    '<cac:AccountingSupplierParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="VKN">'
    "1111111104</cbc:ID></cac:PartyIdentification></cac:Party></cac:AccountingSupplierParty>",
    '<cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="SAYACNO">'
    "987</cbc:ID></cac:PartyIdentification></cac:Party></cac:AccountingCustomerParty>",
    "<cac:TaxTotal>", subtotal("4071", "2000.00", "100.00", "5"),
    subtotal("0015", "3100.00", "620.00", "20"), "</cac:TaxTotal>",
    "<cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount>3720.00</cbc:TaxInclusiveAmount>"
    "<cbc:PayableRoundingAmount>-0.50</cbc:PayableRoundingAmount>"
    "<cbc:PayableAmount>3719.50</cbc:PayableAmount></cac:LegalMonetaryTotal>",
    line("Gündüz Enerji Bedeli", 1000, "2.000000", "2000.00"),
    line("DAĞITIM BEDELİ", 1000, "0.9", "900.00"),
    line("Güç Aşım Bedeli", 1, "60", "60.00", "KWT"),
    line("Endüktif reaktif", 40, "1", "40.00", "K3"))


def test_a_whole_bill():
    found = read(FULL)
    assert (found["number"], found["meter"], found["supplier_vat"]) == (
        "ABC2025000000042", "987", "1111111104")
    assert (found["start"], found["end"]) == (date(2025, 11, 1), date(2025, 11, 30))
    assert [(item["group"], item["band"], item["unit"]) for item in found["lines"]] == [
        ("energy", "t1", "kWh"), ("distribution", "", "kWh"), ("excess", "", "kW"),
        ("reactive", "", "kVArh")]
    assert (found["levy"], found["levy_rate"], found["vat"], found["vat_rate"]) == (
        D("100.00"), D("0.05"), D("620.00"), D("0.2"))
    assert (found["base"], found["total"], found["rounding"], found["payable"]) == (
        D("3100.00"), D("3720.00"), D("-0.50"), D("3719.50"))


def test_a_levy_that_stands_as_a_line():
    found = read(invoice(line("Enerji Bedeli", 1, 100, "100.00"), line("BTV", 1, 5, "5.00")))
    assert (found["levy"], [item["label"] for item in found["lines"]]) == (
        D("5.00"), ["Enerji Bedeli"])


@pytest.mark.parametrize(("data", "words"), [
    (b"", "no XML"),
    (b"<Invoice/>", "no UBL invoice"),
    (b"PK\x03\x04", "no XML"),
    (b'<!DOCTYPE a [<!ENTITY b "c">]><Invoice>&b;</Invoice>', "document type"),
    (invoice("<cbc:IssueDate>31.12.2025</cbc:IssueDate>"), "no date"),
    (invoice(line("Enerji", "1,5", 2, 3)), "no number"),
    (invoice(line("Enerji", "NaN", 2, 3)), "no amount"),
    (b" " * 5_000_001, "larger than 5 MB"),
])
def test_what_is_no_invoice_is_refused_in_words(data, words):
    with pytest.raises(CaseError, match=words):
        read(data)


@given(st.binary(max_size=300))
def test_garbage_is_an_invoice_or_a_named_error(data):
    for sample in (data, HEAD.encode() + data + b"</Invoice>"):
        with suppress(CaseError):
            assert read(sample)["lines"] == []


def test_every_sample_of_the_administration(invoices):
    folder = Path(os.environ.get("ACTWIN_TEST_DATA") or invoices.parent) / "ubltr" / "samples"
    files = sorted(folder.glob("*.xml"))
    assert len(files) > 10 and ROOT
    read_well = [read(file.read_bytes()) for file in files]
    basic = read((folder / "gib_elektrik_basic.xml").read_bytes())
    assert (basic["meter"], basic["lines"][0]["group"], basic["total"], basic["vat"]) == (
        "12345678", "energy", D("17.88"), D("2.73"))
    levied = read((folder / "ok_elektrik_btv_vergi.xml").read_bytes())
    assert levied["levy"] and levied["levy_rate"] == D("0.05")
    assert all(found["lines"] for found in read_well)

import json
import re
from pathlib import Path

import pytest
from lxml import etree
from tr_core import gib_codes as codes
from tr_core.gib_check import FINDINGS, check

HERE = Path(__file__).parent


@pytest.fixture
def invoice():
    """A valid electricity invoice of our own making; edit by text replacement."""
    return (HERE / "electricity.xml").read_text(encoding="utf-8")


def found(xml):
    return [finding.code for finding in check(xml.encode())]


def test_valid_invoice_has_no_finding(invoice):
    assert found(invoice) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('unitCode="K3"', 'unitCode="KVARH"', "unit"),
        (">3.15870086<", ">3.25870086<", "line_amount"),
        (">4071<", ">4099<", "tax_code"),
        ("<cbc:LineCountNumeric>3<", "<cbc:LineCountNumeric>8<", "line_count"),
        (">ACT2026000000001<", ">ACT202600000001<", "number"),
        (">TEMELFATURA<", ">TEMEL<", "profile"),
        (">SATIS<", ">SATISH<", "type"),
        ("<cbc:EndDate>2025-12-31<", "<cbc:EndDate>2025-11-30<", "period"),
        ('schemeID="TESISATNO"', 'schemeID="EIC"', "party_scheme"),
        (">2222222208<", ">222222220<", "party_id"),
        ('schemeID="VKN">2222222208<', 'schemeID="TCKN">22222222080<', "person_name"),
        (
            "<cbc:LineExtensionAmount currencyID=\"TRY\">5924.97<",
            "<cbc:LineExtensionAmount currencyID=\"TRY\">5924.98<",
            "lines_sum",
        ),
        ("<cbc:TaxExclusiveAmount currencyID=\"TRY\">5924.97<",
         "<cbc:TaxExclusiveAmount currencyID=\"TRY\">5924.96<", "tax_exclusive"),
        ("<cbc:TaxInclusiveAmount currencyID=\"TRY\">7299.49<",
         "<cbc:TaxInclusiveAmount currencyID=\"TRY\">7299.50<", "tax_inclusive"),
        ("<cbc:PayableAmount currencyID=\"TRY\">7299.49<",
         "<cbc:PayableAmount currencyID=\"TRY\">7300.00<", "payable"),
        ("<cbc:TaxAmount currencyID=\"TRY\">1374.52<",
         "<cbc:TaxAmount currencyID=\"TRY\">1374.53<", "tax_sum"),
        (">1216.58<", ">1216.57<", "line_taxes"),
        (">1216.58<", ">1316.58<", "tax_amount"),
        (">SATIS<", ">IADE<", "refund_reference"),
        (">5924.97<", ">5,924.97<", "not_a_number"),
    ],
)
def test_one_mistake_is_found(invoice, old, new, code):
    assert old in invoice
    assert code in found(invoice.replace(old, new, 1 if code != "person_name" else -1))


def test_commercial_refund_is_refused(invoice):
    broken = invoice.replace(">TEMELFATURA<", ">TICARIFATURA<").replace(">SATIS<", ">IADE<")
    assert "refund_profile" in found(broken)


def test_unsigned_payment_code_of_odoo_refunds_is_refused(invoice):
    means = "<cac:PaymentMeans><cbc:PaymentMeansCode>57</cbc:PaymentMeansCode></cac:PaymentMeans>"
    terms = "<cac:PaymentTerms>"
    assert "payment_means" in found(invoice.replace(terms, means + terms))


def test_rounding_of_a_printed_price_is_tolerated(invoice):
    """W2: 38,819.10 kWh x 3.347564 is 129,949.42, the bill says 129,949.40."""
    line = {"quantity": "38819.1", "price": "3.347564"}
    assert "line_amount" not in found(_first_line(invoice, amount="129949.40", **line))
    assert "line_amount" in found(_first_line(invoice, amount="129949.37", **line))


def _first_line(invoice, quantity, amount, price):
    invoice = invoice.replace('unitCode="KWH">1000<', f'unitCode="KWH">{quantity}<', 1)
    invoice = re.sub(r">3158\.70</cbc:LineExtensionAmount>",
                     f">{amount}</cbc:LineExtensionAmount>", invoice, count=1)
    return invoice.replace(">3.15870086<", f">{price}<")


def test_text_that_is_no_xml_raises():
    with pytest.raises(etree.XMLSyntaxError):
        check(b"<Invoice>")


def test_every_finding_is_reachable_by_a_name():
    assert len(set(FINDINGS)) == len(FINDINGS)


def test_code_lists_are_those_of_the_administration(gib):
    lists = json.loads((gib / "kodlar.json").read_text(encoding="utf-8"))["listeler"]
    assert set(lists["UnitCodeList"]) >= codes.UNIT_CODES
    assert set(lists["TaxType"]) == codes.TAX_CODES >= set(codes.TAX_NAMES)
    assert set(lists["PartyIdentificationIDType"]) == codes.PARTY_SCHEMES
    assert set(lists["PaymentMeansCodeTypeList"]) == codes.PAYMENT_MEANS
    assert set(lists["InvoiceTypeCodeList"]) == codes.INVOICE_TYPES
    assert set(lists["ProfileIDType"]) == codes.EINVOICE_PROFILES


def test_valid_samples_pass(gib):
    for path in sorted((gib / "samples").glob("ok_*.xml")):
        findings = [f.code for f in check(path.read_bytes())]
        assert findings == [], path.name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad_birim_KVARH", "unit"),
        ("bad_vergi_kodu", "tax_code"),
        ("bad_iade_referanssiz", "refund_reference"),
        ("bad_iade_ticari", "refund_profile"),
        ("bad_fatura_no", "number"),
        ("bad_kdv_sifir", "zero_vat"),
        ("bad_tckn_10", "party_id"),
        ("bad_parti_kimlik", "party_scheme"),
    ],
)
def test_bad_samples_are_found(gib, name, code):
    xml = (gib / "samples" / f"{name}.xml").read_bytes()
    assert code in [finding.code for finding in check(xml)]

"""A utility's e-invoice (UBL 2.1, UBL-TR) as plain values: what the checks need, nothing else."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from ..errors import CaseError
from ..money import ZERO

CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
MAX_BYTES = 5_000_000
VAT, LEVY = "0015", "4071"
"""GİB tax type codes: KDV gerçek usulde; elektrik ve havagazı tüketim vergisi."""

UNITS = {"KWH": "kWh", "K3": "kVArh", "KWT": "kW", "MTQ": "m³", "SM3": "Sm³", "C62": ""}
_GROUPS = (
    ("levy", r"\bbtv\b|tüketim vergisi"),
    ("excess", r"aşım|demand excess|excess"),
    ("reactive", r"reaktif|endüktif|kapasitif|reactive"),
    ("distribution", r"dağıtım|distribution|sistem kullanım"),
    ("capacity", r"\bgüç\b|kapasite|capacity"),
    ("energy", r"enerji|aktif|tüketim|gündüz|puant|gece|energy|yekdem"),
)
_BANDS = (("t1", r"gündüz|\bt1\b"), ("t2", r"puant|\bt2\b"), ("t3", r"gece|\bt3\b"))


def read(data):
    """{number, issued, start, end, supplier_vat, meter, lines, levy, levy_rate, base, vat,
    vat_rate, total, rounding, payable} of the bytes of one e-invoice.

    Raises CaseError for what is no such invoice. A document type declaration is refused, so that
    no entity can be expanded.
    """
    if len(data) > MAX_BYTES:
        raise CaseError("file", f"is larger than {MAX_BYTES // 1_000_000} MB")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise CaseError("file", "has a document type declaration")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise CaseError("file", f"is no XML ({error})") from None
    if root.tag != ROOT:
        raise CaseError("file", "is no UBL invoice")
    return _head(root) | _taxes(root)


def _head(root):
    issued = _date(root, "IssueDate")
    period = root.find(f"{CAC}InvoicePeriod")
    customer = root.find(f"{CAC}AccountingCustomerParty/{CAC}Party")
    supplier = root.find(f"{CAC}AccountingSupplierParty/{CAC}Party")
    return {
        "number": _text(root, "ID"),
        "issued": issued,
        "start": _date(period, "StartDate"),
        "end": _date(period, "EndDate"),
        "supplier_vat": _party_id(supplier, "VKN", "TCKN"),
        "meter": _party_id(customer, "SAYACNO"),
    }


def _taxes(root):
    """Lines, taxes and totals; a levy that stands as a line counts as the levy."""
    lines = [_line(item) for item in root.iterfind(f"{CAC}InvoiceLine")]
    levy_lines = [line for line in lines if line["group"] == "levy"]
    levy = sum((line["amount"] for line in levy_lines), ZERO) if levy_lines else None
    rate = None
    base = vat = vat_rate = None
    for item in root.iterfind(f"{CAC}TaxTotal/{CAC}TaxSubtotal"):
        code = _text(item.find(f"{CAC}TaxCategory/{CAC}TaxScheme"), "TaxTypeCode")
        amount, percent = _number(item, "TaxAmount"), _number(item, "Percent")
        if code == LEVY:
            levy, rate = (levy or ZERO) + amount, percent and percent / 100
        elif code == VAT:
            base = (base or ZERO) + _number(item, "TaxableAmount")
            vat = (vat or ZERO) + amount
            vat_rate = percent / 100 if percent is not None else vat_rate
    totals = root.find(f"{CAC}LegalMonetaryTotal")
    total = _number(totals, "TaxInclusiveAmount")
    payable = _number(totals, "PayableAmount")
    rounding = _number(totals, "PayableRoundingAmount")
    return {
        "lines": [line for line in lines if line["group"] != "levy"],
        "levy": levy, "levy_rate": rate, "base": base, "vat": vat, "vat_rate": vat_rate,
        "total": total, "payable": payable, "rounding": rounding or ZERO,
    }


def _line(item):
    label = _text(item.find(f"{CAC}Item"), "Name")
    quantity = item.find(f"{CBC}InvoicedQuantity")
    unit = quantity.get("unitCode", "") if quantity is not None else ""
    return {
        "label": label,
        "group": _match(_GROUPS, label) or "other",
        "band": _match(_BANDS, label) or "",
        "quantity": _number(item, "InvoicedQuantity"),
        "unit": UNITS.get(unit, unit),
        "price": _number(item.find(f"{CAC}Price"), "PriceAmount"),
        "amount": _number(item, "LineExtensionAmount") or ZERO,
    }


def _match(patterns, label):
    """The first kind whose words stand in a label; İ and I are folded the Turkish way."""
    words = label.replace("İ", "i").replace("I", "ı").lower()
    return next((kind for kind, pattern in patterns if re.search(pattern, words)), "")


def _text(parent, name):
    found = parent.find(f"{CBC}{name}") if parent is not None else None
    return (found.text or "").strip() if found is not None else ""


def _number(parent, name):
    text = _text(parent, name)
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise CaseError(name, f"“{text[:40]}” is no number") from None
    if not value.is_finite() or abs(value) > 10**13:
        raise CaseError(name, f"“{text[:40]}” is no amount")
    return value


def _date(parent, name):
    text = _text(parent, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CaseError(name, f"“{text[:40]}” is no date") from None


def _party_id(party, *schemes):
    for item in party.iterfind(f"{CAC}PartyIdentification/{CBC}ID") if party is not None else ():
        if item.get("schemeID") in schemes:
            return (item.text or "").strip()
    return ""

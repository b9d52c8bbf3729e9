"""Arithmetic and code-list check of a UBL-TR invoice before it counts as ready.

GİB's own schematron checks codes and formats but no arithmetic at all; a file whose lines do not
add up is accepted there and disputed by the customer. ``check(xml)`` returns findings, each a
code of ``FINDINGS`` with the figures to print; an empty list means the file may be sent.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from lxml import etree

from . import gib_codes as codes

NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
CENT = Decimal("0.01")
# A printed price carries at least six decimals and a quantity three: half of the last digit.
PRICE_SLACK = Decimal("0.0000005")
QUANTITY_SLACK = Decimal("0.0005")
NUMBER = re.compile(r"^[A-Z0-9]{3}20[0-9]{2}[0-9]{9}$")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)

FINDINGS = (
    "number", "uuid", "profile", "type", "refund_profile", "refund_reference", "line_count",
    "period", "no_lines", "unit", "line_amount", "tax_code", "tax_amount", "tax_sum", "line_taxes",
    "lines_sum", "tax_exclusive", "tax_inclusive", "payable", "payment_means", "party_scheme",
    "party_id", "person_name", "zero_vat", "not_a_number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: ``code`` of FINDINGS and the values its message prints."""

    code: str
    values: dict = field(default_factory=dict)


def check(xml: bytes) -> list[Finding]:
    """All findings of a UBL-TR invoice. Raises lxml.etree.XMLSyntaxError when it is not XML."""
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    try:
        return [
            *_header(root),
            *_parties(root),
            *_lines(root),
            *_taxes(root),
            *_totals(root),
        ]
    except InvalidOperation:
        return [Finding("not_a_number")]


def _text(node, path: str) -> str:
    return (node.findtext(path, namespaces=NS) or "").strip()


def _number(node, path: str) -> Decimal:
    return Decimal(_text(node, path) or "0")


def _header(root):
    profile, kind = _text(root, "cbc:ProfileID"), _text(root, "cbc:InvoiceTypeCode")
    if not NUMBER.match(_text(root, "cbc:ID")):
        yield Finding("number", {"number": _text(root, "cbc:ID")})
    if not UUID.match(_text(root, "cbc:UUID")):
        yield Finding("uuid", {"uuid": _text(root, "cbc:UUID")})
    if profile not in codes.EINVOICE_PROFILES | {codes.EARCHIVE_PROFILE}:
        yield Finding("profile", {"profile": profile})
    if kind not in codes.INVOICE_TYPES:
        yield Finding("type", {"type": kind})
    yield from _refund(root, profile, kind)
    start, end = (_text(root, f"cac:InvoicePeriod/cbc:{tag}Date") for tag in ("Start", "End"))
    if (start or end) and not (start and end and start <= end):
        yield Finding("period", {"start": start, "end": end})
    means = _text(root, "cac:PaymentMeans/cbc:PaymentMeansCode")
    if means and means not in codes.PAYMENT_MEANS:
        yield Finding("payment_means", {"means": means})


def _refund(root, profile, kind):
    if kind != "IADE":
        return
    if profile not in codes.REFUND_PROFILES:
        yield Finding("refund_profile", {"profile": profile})
    path = "cac:BillingReference/cac:InvoiceDocumentReference"
    references = root.findall(path, NS)
    if not references or any(
        len(_text(node, "cbc:ID")) != 16 or _text(node, "cbc:DocumentTypeCode") != "IADE"
        for node in references
    ):
        yield Finding("refund_reference")


def _parties(root):
    for role in ("Supplier", "Customer"):
        party = root.find(f"cac:Accounting{role}Party/cac:Party", NS)
        name = _text(party, "cac:PartyName/cbc:Name")
        schemes = {}
        for node in party.findall("cac:PartyIdentification/cbc:ID", NS):
            scheme = node.get("schemeID")
            schemes[scheme] = (node.text or "").strip()
            if scheme not in codes.PARTY_SCHEMES:
                yield Finding("party_scheme", {"scheme": scheme, "party": name})
        if not _valid_identity(schemes):
            number = schemes.get("VKN") or schemes.get("TCKN") or ""
            yield Finding("party_id", {"party": name, "number": number})
        person = [_text(party, f"cac:Person/cbc:{tag}Name") for tag in ("First", "Family")]
        if "TCKN" in schemes and not all(part.strip("\u200b") for part in person):
            yield Finding("person_name", {"party": name})


def _valid_identity(schemes) -> bool:
    lengths = [size for key, size in (("VKN", 10), ("TCKN", 11)) if key in schemes]
    number = schemes.get("VKN") or schemes.get("TCKN") or ""
    return len(lengths) == 1 and len(number) == lengths[0] and number.isdigit()


def _lines(root):
    lines = root.findall("cac:InvoiceLine", NS)
    if not lines:
        yield Finding("no_lines")
    declared = _text(root, "cbc:LineCountNumeric")
    if declared != str(len(lines)):
        yield Finding("line_count", {"declared": declared, "lines": len(lines)})
    for line in lines:
        number = _text(line, "cbc:ID")
        unit = line.find("cbc:InvoicedQuantity", NS).get("unitCode")
        if unit not in codes.UNIT_CODES:
            yield Finding("unit", {"line": number, "unit": unit})
        yield from _line_amount(line, number)


def _line_amount(line, number):
    quantity = _number(line, "cbc:InvoicedQuantity")
    price = _number(line, "cac:Price/cbc:PriceAmount")
    amount = _number(line, "cbc:LineExtensionAmount")
    expected = quantity * price + _charges(line)
    slack = CENT + abs(quantity) * PRICE_SLACK + abs(price) * QUANTITY_SLACK
    if abs(expected - amount) > slack:
        yield Finding(
            "line_amount",
            {"line": number, "amount": amount, "expected": expected.quantize(CENT)},
        )


def _charges(node, charges=True) -> Decimal:
    """Charges minus allowances of one node, or its allowances (negative) alone."""
    total = Decimal(0)
    for entry in node.findall("cac:AllowanceCharge", NS):
        if _text(entry, "cbc:ChargeIndicator") != "true":
            total -= _number(entry, "cbc:Amount")
        elif charges:
            total += _number(entry, "cbc:Amount")
    return total


def _subtotals(node):
    """[(code, base, amount, percent, exemption code)] of the node's TaxTotal blocks."""
    category = "cac:TaxCategory"
    return [
        (
            _text(sub, f"{category}/cac:TaxScheme/cbc:TaxTypeCode"),
            _number(sub, "cbc:TaxableAmount"),
            _number(sub, "cbc:TaxAmount"),
            _number(sub, "cbc:Percent"),
            _text(sub, f"{category}/cbc:TaxExemptionReasonCode"),
        )
        for sub in node.findall("cac:TaxTotal/cac:TaxSubtotal", NS)
    ]


def _taxes(root):
    lines = root.findall("cac:InvoiceLine", NS)
    by_code = defaultdict(Decimal)
    for line in lines:
        yield from _tax_block(line, _text(line, "cbc:ID"), Decimal(1))
        for code, _base, amount, _percent, _exemption in _subtotals(line):
            by_code[code] += amount
    yield from _tax_block(root, "", Decimal(max(1, len(lines))))
    kind = _text(root, "cbc:InvoiceTypeCode")
    totals = defaultdict(Decimal)
    for code, _base, amount, _percent, exemption in _subtotals(root):
        totals[code] += amount
        if code == codes.VAT and not amount and not exemption and kind == "SATIS":
            yield Finding("zero_vat")
    if _document_charges(root):
        return  # a discount of the whole document lowers its taxes, not those of the lines
    for code, amount in totals.items():
        if amount != by_code[code]:
            yield Finding("line_taxes", {"tax": code, "amount": amount, "lines": by_code[code]})


def _tax_block(node, line, roundings):
    """Codes, base × rate and Σ of one node; each rounded line may add a cent of its own."""
    total = Decimal(0)
    for code, base, amount, percent, _exemption in _subtotals(node):
        total += amount
        if code not in codes.TAX_CODES:
            yield Finding("tax_code", {"tax": code, "line": line})
        expected = base * percent / 100
        if abs(expected - amount) > CENT * roundings:
            values = {"tax": code, "line": line, "amount": amount}
            yield Finding("tax_amount", {**values, "expected": expected.quantize(CENT)})
    if total != _number(node, "cac:TaxTotal/cbc:TaxAmount"):
        declared = _number(node, "cac:TaxTotal/cbc:TaxAmount")
        yield Finding("tax_sum", {"line": line, "amount": declared, "expected": total})


def _totals(root):
    total = root.find("cac:LegalMonetaryTotal", NS)
    lines = sum(
        (_number(line, "cbc:LineExtensionAmount") for line in root.findall("cac:InvoiceLine", NS)),
        Decimal(0),
    )
    extension, exclusive, inclusive, rounding, payable = (
        _number(total, f"cbc:{tag}Amount")
        for tag in ("LineExtension", "TaxExclusive", "TaxInclusive", "PayableRounding", "Payable")
    )
    if lines != extension:
        yield Finding("lines_sum", {"amount": extension, "expected": lines})
    if root.find("cac:WithholdingTaxTotal", NS) is not None:
        return  # withheld VAT changes what the totals below mean
    if extension + _document_charges(root) != exclusive:
        expected = extension + _document_charges(root)
        yield Finding("tax_exclusive", {"amount": exclusive, "expected": expected})
    taxes = _number(root, "cac:TaxTotal/cbc:TaxAmount")
    if exclusive + taxes != inclusive:
        yield Finding("tax_inclusive", {"amount": inclusive, "expected": exclusive + taxes})
    if inclusive + rounding != payable:
        yield Finding("payable", {"amount": payable, "expected": inclusive + rounding})


def _document_charges(root) -> Decimal:
    """Charges of the whole document; the line discounts repeated there do not count again."""
    repeated = sum(
        (_charges(line, charges=False) for line in root.findall("cac:InvoiceLine", NS)), Decimal(0)
    )
    return _charges(root) - repeated

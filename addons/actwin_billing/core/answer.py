"""Bill → plain JSON object; numbers are exact decimal strings."""

from .money import text
from .taxes import formula

VERSION = 1


def bill_to(bill, currency):
    """Plain JSON object of a Bill, as ``cli_price`` prints it and a snapshot keeps it."""
    return {
        "schema": VERSION,
        "currency": currency,
        "lines": [
            {
                "key": line.key, "kind": line.kind, "label": line.label,
                "quantity": text(line.quantity), "unit": line.unit,
                "unit_price": text(line.unit_price), "amount": text(line.amount),
                "taxes": list(line.taxes), "start": line.start.isoformat(),
                "end": line.end.isoformat(), "trace": dict(line.trace),
                "less": {key: text(value) for key, value in line.less.items()},
            }
            for line in bill.lines
        ],
        "taxes": [
            {
                "key": tax.key, "label": tax.label, "rate": text(tax.rate),
                "base": text(tax.base), "amount": text(tax.amount),
                "line_bases": [text(value) for value in tax.line_bases],
                "line_amounts": [text(value) for value in tax.line_amounts],
                "formula": formula(tax, currency),
            }
            for tax in bill.taxes
        ],
        "totals": {
            "untaxed": text(bill.untaxed),
            "taxes": text(bill.total - bill.untaxed),
            "total": text(bill.total),
            "rounding": text(bill.rounding),
            "payable": text(bill.payable),
        },
        "notes": [
            {"code": note.code, "text": note.text, "data": dict(note.data)} for note in bill.notes
        ],
    }

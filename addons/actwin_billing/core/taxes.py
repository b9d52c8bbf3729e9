"""Percent taxes in sequence: a levy on some lines, then VAT once on the whole base.

The amount of a tax is rounded once on its whole base (that is how real bills print it); what the
per-line rounding leaves over is put on the line with the biggest base, so that Σ lines == total.
"""

from .money import ZERO, rounded, text
from .result import TaxAmount


def compute(lines, taxes, rounding):
    """TaxAmount for each tax that any line carries, in the given order."""
    carried = [ZERO] * len(lines)
    result = []
    for tax in taxes:
        if not any(tax.key in line.taxes for line in lines):
            continue
        amount = _one(tax, lines, carried, rounding)
        result.append(amount)
        if tax.include_in_base:
            carried = [a + b for a, b in zip(carried, amount.line_amounts, strict=True)]
    return tuple(result)


def _one(tax, lines, carried, rounding):
    bases = [
        line.amount - line.less.get(tax.key, ZERO) + extra if tax.key in line.taxes else ZERO
        for line, extra in zip(lines, carried, strict=True)
    ]
    parts = [rounded(base * tax.rate, rounding.money, rounding.mode) for base in bases]
    base = sum(bases, ZERO)
    if tax.rounding == "line":
        amount = sum(parts, ZERO)
    else:
        amount = rounded(base * tax.rate, rounding.money, rounding.mode)
        biggest = max(
            (index for index, line in enumerate(lines) if tax.key in line.taxes),
            key=lambda index: (abs(bases[index]), -index),
        )
        parts[biggest] += amount - sum(parts, ZERO)
    return TaxAmount(
        tax.key, tax.label or tax.key, tax.rate, base, amount, tuple(bases), tuple(parts)
    )


def formula(amount, currency):
    """The sentence of a tax line, for traces."""
    return (
        f"{text(amount.base)} {currency} × {text((amount.rate * 100).normalize())} %"
        f" = {text(amount.amount)} {currency}"
    )

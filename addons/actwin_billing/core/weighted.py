"""One line where prices change inside the period: for each price, or one at their mean.

Some suppliers print the mean, weighted by what was used (a real bill of April 2025 has one
distribution line at 15 % of the old price and 85 % of the new one).
"""

from dataclasses import replace
from decimal import Decimal

from .money import ZERO, rounded, text
from .wording import line_formula


def one_line_each(lines, case):
    """The lines with those of the same key and kind of all spans made one, or one a price."""
    groups = {}
    for line in lines:
        alike = line.trace["price"] if case.price_split == "prices" else None
        groups.setdefault((line.key, line.kind, line.taxes, alike), []).append(line)
    return [group[0] if len(group) == 1 else _joined(group, case) for group in groups.values()]


def _joined(group, case):
    rounding, last = case.rounding, group[-1]
    quantities = [Decimal(line.trace["quantity"]) for line in group]
    prices = [Decimal(line.trace["price"]) for line in group]
    quantity = sum(quantities, ZERO)
    exact = sum((a * b for a, b in zip(quantities, prices, strict=True)), ZERO)
    unit_price = exact / quantity if quantity else last.unit_price
    amount = rounded(exact, rounding.money, rounding.mode)
    shown = rounded(quantity, rounding.quantity, rounding.mode)
    shown_price = rounded(unit_price, 10).normalize() + 0
    formula = line_formula(
        last.kind, last.unit, shown, shown_price, amount, case.currency)
    less = {
        tax: sum((line.less.get(tax, ZERO) for line in group), ZERO)
        for tax in {tax for line in group for tax in line.less}
    }
    trace = {
        **last.trace, "formula": formula, "quantity": text(quantity), "price": text(unit_price),
        "parts": [
            {"version": line.version, "start": line.start.isoformat(),
             "end": line.end.isoformat(), "quantity": line.trace["quantity"],
             "price": line.trace["price"], "inputs": line.trace["inputs"]}
            for line in group
        ],
    }
    return replace(
        last, quantity=shown, unit_price=shown_price, amount=amount, start=group[0].start,
        trace=trace, less=less,
    )

"""price(case) → Bill. The only place where money comes into being."""

from . import reactive, taxes
from .components import KINDS, Context, measured
from .errors import CaseError
from .model import Bill, Line
from .money import ZERO, rounded, text
from .periods import merge, spans


def price(case):
    """Price one case.

    Raises CaseError (malformed), MissingQuantity (a register without value), TariffGap.
    The result does not depend on the order of versions, segments or quantities.
    """
    parts = tuple(spans(case))
    whole = merge(parts)
    verdicts, notes = _reactive(case, parts, whole)
    lines = []
    for span in parts:
        context = Context(case, span, parts, whole, verdicts)
        for component in span.version.components:
            line = _line(context, component)
            if line is not None:
                lines.append(line)
    lines = _overridden(case, lines)
    lines += [_adjustment(case, adjustment) for adjustment in case.adjustments]
    amounts = taxes.compute(lines, case.taxes, case.rounding)
    untaxed = sum((line.amount for line in lines), ZERO)
    total = untaxed + sum((tax.amount for tax in amounts), ZERO)
    return Bill(tuple(lines), amounts, tuple(notes), untaxed, total)


def _reactive(case, parts, whole):
    """Verdict once per reactive kind over the whole period, by the last version's rule."""
    rules = {
        component.kind: component
        for span in parts
        for component in span.version.components
        if component.kind in reactive.REGISTERS
    }
    verdicts, notes = {}, []
    for kind, component in rules.items():
        active = measured(whole, component.quantity)
        value = whole.get(reactive.REGISTERS[kind])
        verdicts[kind], note = reactive.verdict(
            component, case.subscriber, value, active, case.rounding.quantity
        )
        notes.append(note)
    return verdicts, notes


def _line(context, component):
    rule = KINDS.get(component.kind)
    if rule is None:
        raise CaseError(f"component {component.key}", f"unknown kind {component.kind!r}")
    answer = rule(context, component)
    if answer is None:
        return None
    quantity, inputs = answer
    rounding, currency = context.case.rounding, context.case.currency
    amount = rounded(quantity * component.price, rounding.money, rounding.mode)
    shown = rounded(quantity, rounding.quantity, rounding.mode)
    formula = (
        f"{text(shown)} {component.unit} × {text(component.price)} {currency}/{component.unit}"
        f" = {text(amount)} {currency}"
    )
    span = context.span
    return Line(
        component.key, component.kind, component.label or component.key, shown, component.unit,
        component.price, amount, component.taxes, span.start, span.end, span.version.key,
        {"formula": formula, "inputs": inputs, "version": span.version.key,
         "quantity": text(quantity), "register": component.quantity, "band": component.band},
    )


def _overridden(case, lines):
    """Lines with printed amounts put in; an override must meet exactly one line."""
    for key, override in case.overrides.items():
        hits = [index for index, line in enumerate(lines) if line.key == key]
        if len(hits) != 1:
            raise CaseError(f"overrides.{key}", f"meets {len(hits)} lines, must meet exactly one")
        line = lines[hits[0]]
        difference = override.amount - line.amount
        trace = {
            **line.trace,
            "computed": text(line.amount),
            "override": {"amount": text(override.amount), "reason": override.reason,
                         "difference": text(difference)},
        }
        lines[hits[0]] = Line(
            line.key, line.kind, line.label, line.quantity, line.unit, line.unit_price,
            override.amount, line.taxes, line.start, line.end, line.version, trace,
        )
    return lines


def _adjustment(case, item):
    amount = rounded(item.amount, case.rounding.money, case.rounding.mode)
    unit_price = amount / item.quantity if item.quantity else amount
    return Line(
        item.key, "adjustment", item.label or item.key, item.quantity, item.unit,
        rounded(unit_price, 8), amount, item.taxes, case.start, case.end, "",
        {"formula": f"given amount {text(amount)} {case.currency}",
         "inputs": {"reason": item.reason} if item.reason else {}},
    )

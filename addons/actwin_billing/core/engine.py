"""price(case) → Bill. The only place where money comes into being."""

from dataclasses import replace

from . import reactive, taxes
from .errors import CaseError
from .kinds import DERIVED, KINDS
from .kinds.base import Context, measured
from .money import ZERO, rounded, text, to_step
from .periods import merge, spans
from .result import Bill, Line
from .weighted import one_line_each
from .wording import line_formula


def price(case):
    """Price one case.

    Raises CaseError (malformed), MissingQuantity (a register without value), TariffGap.
    The result does not depend on the order of versions, segments or quantities.
    """
    parts = tuple(spans(case))
    whole = merge(parts)
    verdicts, notes = _reactive(case, parts, whole)
    lines = _lines(case, parts, whole, verdicts)
    if case.price_split != "lines" and len(parts) > 1:
        lines = one_line_each(lines, case)
    lines = _overridden(case, lines)
    lines += [_adjustment(case, adjustment) for adjustment in case.adjustments]
    amounts = taxes.compute(lines, case.taxes, case.rounding)
    untaxed = sum((line.amount for line in lines), ZERO)
    total = untaxed + sum((tax.amount for tax in amounts), ZERO)
    payable, rounding = _payable(case, total)
    return Bill(tuple(lines), amounts, tuple(notes), untaxed, total, payable, rounding)


def _payable(case, total):
    """(what is to be paid, the rounding in it); over months they add up to what was billed."""
    if case.payable is None:
        return total, ZERO
    exact = total + case.payable.carry
    payable = rounded(to_step(exact, case.payable.step), case.rounding.money)
    return payable, payable - exact


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


def _lines(case, parts, whole, verdicts):
    """Lines in the order of spans and components; kinds that look at amounts come to them last."""
    lines, places = [], {}
    rows = [
        (place, span, component)
        for place, (span, component) in enumerate(
            (span, component) for span in parts for component in span.version.components)
    ]
    for late in (False, True):
        for place, span, component in rows:
            if (component.kind in DERIVED) is late:
                context = Context(case, span, parts, whole, verdicts, lines)
                for line in _component_lines(context, component):
                    places[id(line)] = place
                    lines.append(line)
    return sorted(lines, key=lambda line: places[id(line)])


def _component_lines(context, component):
    rule = KINDS.get(component.kind)
    if rule is None:
        raise CaseError(f"component {component.key}", f"unknown kind {component.kind!r}")
    return [_line(context, component, charge) for charge in rule(context, component)]


def _line(context, component, charge):
    rounding, currency = context.case.rounding, context.case.currency
    quantity = charge.quantity
    unit_price = component.price if charge.price is None else charge.price
    amount = rounded(quantity * unit_price, rounding.money, rounding.mode)
    shown = rounded(quantity, rounding.quantity, rounding.mode)
    shown_price = unit_price if charge.price is None else rounded(unit_price, 10).normalize() + 0
    formula = line_formula(
        component.kind, component.unit, shown, shown_price, amount, currency)
    span = context.span
    return Line(
        f"{component.key}.{charge.part}" if charge.part else component.key, component.kind,
        charge.label or component.label or component.key, shown, component.unit, shown_price,
        amount, component.taxes, span.start, span.end, span.version.key,
        {"formula": formula, "inputs": charge.inputs, "version": span.version.key,
         "component": component.key, "quantity": text(quantity), "price": text(unit_price),
         "register": component.quantity, "band": component.band},
        {tax: rounded(quantity * less, rounding.money, rounding.mode)
         for tax, less in component.less.items()},
    )


def _overridden(case, lines):
    """Lines with printed amounts put in; an override must meet exactly one line."""
    for key, override in case.overrides.items():
        hits = [index for index, line in enumerate(lines) if line.key == key]
        if len(hits) != 1:
            raise CaseError(f"overrides.{key}", f"meets {len(hits)} lines, must meet exactly one")
        line = lines[hits[0]]
        trace = {
            **line.trace,
            "computed": text(line.amount),
            "override": {"amount": text(override.amount), "reason": override.reason,
                         "difference": text(override.amount - line.amount)},
        }
        lines[hits[0]] = replace(line, amount=override.amount, trace=trace)
    return lines


def _adjustment(case, item):
    amount = rounded(item.amount, case.rounding.money, case.rounding.mode)
    unit_price = amount / item.quantity if item.quantity else amount
    return Line(
        item.key, "adjustment", item.label or item.key, item.quantity, item.unit,
        rounded(unit_price, 8), amount, item.taxes, case.start, case.end, "",
        {"formula": f"given amount {text(amount)} {case.currency}",
         "component": item.key, "inputs": {"reason": item.reason} if item.reason else {}},
    )

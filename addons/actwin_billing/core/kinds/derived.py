"""What depends on the amounts before it: discounts, surcharges, minimums, formulas."""

from decimal import Decimal

from ..errors import CaseError, MissingQuantity
from ..formula import FormulaError, formula_of
from ..money import ZERO, text
from ..periods import days, months
from .base import Charge, month_count


def discount(context, component):
    """Minus a share (0.05 = 5 %) of the amounts of other lines of the span."""
    base = _amounts(context, component, [context.span])
    return [Charge(-base, {"of": list(component.of), "base": text(base)})] if base else []


def surcharge(context, component):
    """A share of the amounts of other lines of the span."""
    base = _amounts(context, component, [context.span])
    return [Charge(base, {"of": list(component.of), "base": text(base)})] if base else []


def minimum(context, component):
    """What the named lines of the whole period lack to the minimum; judged once, at its end.

    The minimum is each version's own, for the months it was valid.
    """
    if not context.is_last:
        return []
    least = ZERO
    for span in context.spans:
        mine = [item for item in span.version.components if item.key == component.key]
        least += sum((item.price * month_count(context, item, span) for item in mine), ZERO)
    reached = _amounts(context, component, context.spans)
    if reached >= least:
        return []
    return [Charge(Decimal(1), {"minimum": text(least), "reached": text(reached),
                                "of": list(component.of)}, price=least - reached)]


def _amounts(context, component, spans):
    """Σ of the lines of the components named in ``of`` in the spans."""
    starts = {span.start for span in spans}
    return sum(
        (line.amount for line in context.lines
         if line.start in starts and line.trace["component"] in component.of), ZERO)


def names(context):
    """{name: value} that a formula may use in the span: registers with a low line for the dot,
    contract_kw, connection_kva, units, days, months, the subscriber's own facts and the amounts
    of the lines before as amount_<component>."""
    span, subscriber = context.span, context.case.subscriber
    known = {key.replace(".", "_"): value for key, value in span.quantities.items()}
    known |= {
        "contract_kw": subscriber.contract_kw, "connection_kva": subscriber.connection_kva,
        "units": subscriber.units, "days": days(span.start, span.end),
        "months": months(span.start, span.end, "days_in_month"),
    }
    known |= subscriber.facts
    for line in context.lines:
        if line.start == span.start:
            key = f"amount_{line.trace['component']}"
            known[key] = known.get(key, ZERO) + line.amount
    return known


def formula(context, component):
    """The value of a formula of the user's own, as a quantity times the price."""
    values = names(context)
    try:
        function = formula_of(component.formula, tuple(values))
    except FormulaError as error:
        raise CaseError(f"formula of {component.key}", str(error)) from None
    result = function(values)
    if result is None:
        lacking = sorted(name for name in function.names if values.get(name) is None)
        raise MissingQuantity(
            f"the formula of {component.key} has no result"
            + (f": no value for {', '.join(lacking)}" if lacking else ": division by zero"),
            register=lacking[0] if lacking else component.key)
    used = {name: text(values[name]) for name in sorted(function.names)}
    return [Charge(result, {"formula": component.formula, **used})] if result else []

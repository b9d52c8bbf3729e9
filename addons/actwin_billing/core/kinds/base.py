"""What a rule may look at and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..errors import MissingQuantity
from ..facts import Case
from ..model import ACTIVE
from ..money import ZERO, shares
from ..periods import Span, days, months


@dataclass(frozen=True, slots=True)
class Context:
    """``whole`` are the quantities of the whole period, ``verdicts`` the reactive energy billed
    in it by component kind, ``lines`` what is charged already (for kinds that look at amounts)."""

    case: Case
    span: Span
    spans: tuple[Span, ...]
    whole: Mapping
    verdicts: Mapping
    lines: list = field(default_factory=list)

    @property
    def is_last(self):
        return self.span is self.spans[-1]


@dataclass(frozen=True, slots=True)
class Charge:
    """One line to be; without a price of its own at the component's.

    ``part`` tells the lines of one component apart (a tier); ``inputs`` go into the trace.
    """

    quantity: Decimal
    inputs: Mapping
    price: Decimal | None = None
    part: str = ""
    label: str = ""


def bands(quantities, register):
    """{band: value} of the bands a register has."""
    prefix = f"{register}."
    return {
        key[len(prefix):]: value for key, value in quantities.items() if key.startswith(prefix)
    }


def measured(quantities, register=ACTIVE):
    """Metered energy: the total register, or the sum of the bands when there is no total.

    Raises MissingQuantity: a missing reading is never zero.
    """
    value = quantities.get(register)
    if value is None:
        parts = list(bands(quantities, register).values())
        if register in quantities or not parts or None in parts:
            raise MissingQuantity(f"no value for register {register}", register=register)
        return sum(parts, ZERO)
    return value


def span_share(context, value):
    """The span's part of a quantity of the whole period, by time, Σ spans == value."""
    weights = [days(span.start, span.end) for span in context.spans]
    parts = shares(value, weights, context.case.rounding.quantity)
    return parts[context.spans.index(context.span)]


def month_count(context, component, span=None):
    """Months of the span (or of another one), by the component's proration."""
    span = span or context.span
    if component.proration == "none":
        return days(span.start, span.end) / days(context.case.start, context.case.end)
    return months(span.start, span.end, component.proration)

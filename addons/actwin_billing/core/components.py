"""The palette: one small rule per component kind.

A rule gets a ``Context`` (the span, the whole period, subscriber, rounding) and a component and
answers (quantity, formula inputs) or None when there is nothing to charge. A new kind is a new
entry in ``KINDS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from . import reactive
from .errors import MissingQuantity
from .model import ACTIVE, DEMAND, Case
from .money import ZERO, rounded, shares, text
from .periods import Span, days, months
from .transformer import loss_kwh

BANDS = ("t1", "t2", "t3", "t4")


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at. ``whole`` are the quantities of the whole period,
    ``verdicts`` the reactive energy billed in the whole period by component kind."""

    case: Case
    span: Span
    spans: tuple[Span, ...]
    whole: Mapping
    verdicts: Mapping


def measured(quantities, register=ACTIVE):
    """Metered energy: the total register, or the sum of the bands when there is no total.

    Raises MissingQuantity: a missing reading is never zero.
    """
    value = quantities.get(register)
    if value is None:
        bands = [quantities[key] for band in BANDS if (key := f"{register}.{band}") in quantities]
        if register in quantities or not bands or None in bands:
            raise MissingQuantity(f"no value for register {register}", register=register)
        return sum(bands, ZERO)
    return value


def _band(quantities, register, band):
    key = f"{register}.{band}"
    value = quantities.get(key)
    if value is None:
        raise MissingQuantity(f"no value for register {key}", register=key)
    return value


def _loss(context, register):
    """kWh of transformer loss that belong to this span (active energy only)."""
    transformer = context.case.subscriber.transformer
    if register != ACTIVE or transformer.mode == "none":
        return ZERO
    case = context.case
    total = rounded(
        loss_kwh(transformer, measured(context.whole), case.start, case.end),
        case.rounding.quantity,
        case.rounding.mode,
    )
    weights = [days(span.start, span.end) for span in context.spans]
    parts = shares(total, weights, case.rounding.quantity)
    return parts[context.spans.index(context.span)]


def energy(context, component):
    """Metered kWh of the span plus its transformer loss; a band carries its share of the loss."""
    quantities, register = context.span.quantities, component.quantity
    loss = _loss(context, register)
    if not component.band:
        base = measured(quantities, register)
        return base + loss, {"metered": text(base), "transformer_loss": text(loss)}
    base = _band(quantities, register, component.band)
    if loss:
        present = [band for band in BANDS if f"{register}.{band}" in quantities]
        weights = [_band(quantities, register, band) for band in present]
        loss = shares(loss, weights, context.case.rounding.quantity)[present.index(component.band)]
    return base + loss, {"metered": text(base), "transformer_loss": text(loss)}


def _span_share(context, value):
    """The span's part of a quantity of the whole period, by time, Σ spans == value."""
    weights = [days(span.start, span.end) for span in context.spans]
    parts = shares(value, weights, context.case.rounding.quantity)
    return parts[context.spans.index(context.span)]


def _months(context, component):
    if component.proration == "none":
        return days(context.span.start, context.span.end) / days(
            context.case.start, context.case.end
        )
    return months(context.span.start, context.span.end, component.proration)


def capacity(context, component):
    """Contract power × months of the span (dual-term tariffs)."""
    contract = context.case.subscriber.contract_kw
    if contract is None:
        raise MissingQuantity("the capacity charge needs contract_kw", register="contract_kw")
    share = _months(context, component)
    return contract * share, {"contract_kw": text(contract), "months": text(share)}


def excess_demand(context, component):
    """(greatest demand of the period − contract power), never negative."""
    contract, demand = context.case.subscriber.contract_kw, context.whole.get(DEMAND)
    if contract is None:
        raise MissingQuantity("excess demand needs contract_kw", register="contract_kw")
    if demand is None or demand <= contract:
        return None
    over = _span_share(context, demand - contract)
    return over, {"demand_kw": text(demand), "contract_kw": text(contract)}


def fixed_month(context, component):
    share = _months(context, component)
    return share, {"months": text(share), "proration": component.proration}


def fixed_day(context, component):
    count = days(context.span.start, context.span.end)
    return count, {"days": text(count)}


def reactive_energy(context, component):
    """The span's part of the energy that the verdict on the whole period says to bill."""
    billed = context.verdicts[component.kind]
    if not billed:
        return None
    register = reactive.REGISTERS[component.kind]
    digits = context.case.rounding.quantity
    weights = [span.quantities.get(register) or ZERO for span in context.spans]
    if not any(weights):
        weights = [days(span.start, span.end) for span in context.spans]
    part = shares(billed, weights, digits)[context.spans.index(context.span)]
    return part, {"billed_in_period": text(billed)}


KINDS = {
    "energy": energy,
    "distribution": energy,
    "capacity": capacity,
    "excess_demand": excess_demand,
    "fixed_month": fixed_month,
    "fixed_day": fixed_day,
    "reactive_inductive": reactive_energy,
    "reactive_capacitive": reactive_energy,
}

"""Energy by register or band, with transformer loss and tiers; reactive energy."""

from .. import reactive
from ..errors import MissingQuantity
from ..model import ACTIVE
from ..money import ZERO, rounded, shares, text
from ..periods import days
from ..transformer import loss_kwh
from .base import Charge, bands, measured, span_share
from .tiers import tiered


def energy(context, component):
    """Metered kWh of the span plus its transformer loss; a band carries its share of the loss."""
    quantity, inputs = billed(context, component)
    return tiered(context, component, quantity, inputs) if component.tiers \
        else [Charge(quantity, inputs)]


def billed(context, component):
    """(quantity, inputs) of a register or band in the span."""
    quantities, register = context.span.quantities, component.quantity
    loss = _loss(context, register)
    if not component.band:
        base = measured(quantities, register)
        return base + loss, {"metered": text(base), "transformer_loss": text(loss)}
    base = _band(quantities, register, component.band)
    if loss:
        present = list(bands(quantities, register))
        weights = [_band(quantities, register, band) for band in present]
        loss = shares(loss, weights, context.case.rounding.quantity)[present.index(component.band)]
    return base + loss, {"metered": text(base), "transformer_loss": text(loss)}


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
    return span_share(context, total)


def reactive_energy(context, component):
    """The span's part of the energy that the verdict on the whole period says to bill."""
    whole = context.verdicts[component.kind]
    if not whole:
        return []
    register = reactive.REGISTERS[component.kind]
    digits = context.case.rounding.quantity
    weights = [span.quantities.get(register) or ZERO for span in context.spans]
    if not any(weights):
        weights = [days(span.start, span.end) for span in context.spans]
    part = shares(whole, weights, digits)[context.spans.index(context.span)]
    return [Charge(part, {"billed_in_period": text(whole)})]

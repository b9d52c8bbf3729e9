"""Tiers and blocks: the first so many units at one price, the next at another.

Electricity tiers (kademe) are limits a day times the days between the readings; water blocks are
limits a month, scaled with days / 30 and with the number of flats behind the meter.
"""

from decimal import Decimal

from ..money import ZERO, rounded, text
from ..periods import days, months
from .base import Charge

PERIODS = ("day", "days30", "days_in_month", "period")


def tiered(context, component, quantity, inputs):
    """A charge for each tier that the quantity reaches; the first one always."""
    rounding, scale = context.case.rounding, _scale(context, component)
    charges, below = [], ZERO
    for tier in component.tiers:
        limit = None
        if tier.up_to is not None:
            limit = rounded(tier.up_to * scale, rounding.quantity, rounding.mode)
        part = quantity - below if limit is None else min(quantity, limit) - below
        if part > 0 or not charges:
            charges.append(Charge(
                part, {**inputs, "tier": tier.key, "from": text(below),
                       "to": None if limit is None else text(limit)},
                price=tier.price, part=tier.key, label=tier.label,
            ))
        if limit is None or quantity <= limit:
            break
        below = limit
    return charges


def _scale(context, component):
    """Times the tier's own time the span takes, times the flats when the limits are each one's."""
    span, case = context.span, context.case
    times = {
        "day": lambda: days(span.start, span.end),
        "days30": lambda: months(span.start, span.end, "days30"),
        "days_in_month": lambda: months(span.start, span.end, "days_in_month"),
        "period": lambda: days(span.start, span.end) / days(case.start, case.end),
    }[component.tier_period]()
    return times * (case.subscriber.units if component.tier_per_unit else Decimal(1))

"""Reactive energy: inside the limit it is free, outside the whole measured energy is billed.

Source: EPDK decision 30.12.2015 no 5999-3, articles 13–16. The ratio is taken on metered active
energy without transformer loss, over the whole period, each kind for itself.
"""

from decimal import Decimal

from .model import CAPACITIVE, INDUCTIVE
from .money import ZERO, rounded, text
from .result import Note

NINETY = Decimal("0.90")
REGISTERS = {"reactive_inductive": INDUCTIVE, "reactive_capacitive": CAPACITIVE}


def free_share(component, connection_kva):
    """The limit that applies at this connected power; unknown power takes the strictest."""
    ordered = sorted(
        component.limits,
        key=lambda limit: (limit.below_kva is None, limit.below_kva or ZERO),
    )
    for limit in ordered:
        if limit.below_kva is None:
            return limit.ratio
        if connection_kva is not None and connection_kva < limit.below_kva:
            return limit.ratio
    return ordered[-1].ratio if ordered else ZERO


def _exempt(component, subscriber):
    limit, power = component.exempt_up_to_kva, subscriber.connection_kva
    return subscriber.reactive_exempt or (
        limit is not None and power is not None and power <= limit
    )


def verdict(component, subscriber, measured, active, digits=3):
    """(billed kVArh of the whole period, Note). ``measured`` None means no such register."""
    kind = component.kind
    if _exempt(component, subscriber):
        return ZERO, Note(kind, "exempt", {})
    if component.missing_rule == "ninety_percent" and not measured:
        billed = rounded(active * NINETY, digits)
        return billed, Note(kind, "register not running: 90 % of active energy is billed",
                            {"active": text(active), "billed": text(billed)})
    if measured is None:
        return ZERO, Note(kind, "no register", {})
    limit = free_share(component, subscriber.connection_kva)
    over = measured > active * limit
    data = {
        "measured": text(measured),
        "active": text(active),
        "limit": text(limit),
        "ratio": text(rounded(measured / active, 6)) if active else None,
        "billed": text(measured if over else ZERO),
    }
    if over and subscriber.reactive_waiver:
        return ZERO, Note(kind, f"waived: {subscriber.reactive_waiver}", data)
    return (measured, Note(kind, "over the limit: the whole energy is billed", data)) if over \
        else (ZERO, Note(kind, "inside the limit", data))

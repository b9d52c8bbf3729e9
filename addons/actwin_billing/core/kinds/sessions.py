"""Charging of electric vehicles: what each session took, how long it stood, how often."""

from ..money import ZERO, text
from .base import Charge


def _mine(context):
    """Sessions that ended in the span: each is billed once, when it is over.

    The first span also takes those that ended before it and were not billed in time.
    """
    span, first = context.span, context.span is context.spans[0]
    return [
        item for item in context.case.sessions
        if (first or span.start < item.end) and item.end <= span.end
    ]


def _charge(quantity, sessions):
    return [Charge(quantity, {
        "sessions": len(sessions), "keys": [item.key for item in sessions],
        "kwh": text(sum((item.kwh for item in sessions), ZERO)),
    })] if sessions else []


def energy(context, component):
    found = _mine(context)
    return _charge(sum((item.kwh for item in found), ZERO), found)


def idle(context, component):
    """Minutes that vehicles stood there full."""
    found = [item for item in _mine(context) if item.idle_minutes]
    return _charge(sum((item.idle_minutes for item in found), ZERO), found)


def fee(context, component):
    found = _mine(context)
    return _charge(ZERO + len(found), found)

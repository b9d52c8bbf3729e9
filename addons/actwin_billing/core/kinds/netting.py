"""Solar export set off against import (mahsuplaşma), and what is left over for the grid.

``netting`` takes back what was charged for import, ``feed_in`` pays the surplus. By "period" the
two totals are set off, by "interval" each interval of the profiles (an hour at the least).
"""

from ..errors import MissingQuantity
from ..model import ACTIVE
from ..money import ZERO, text
from .base import Charge, measured

EXPORT = "active_export"
MODES = ("period", "interval")


def netting(context, component):
    """Minus the energy that export covers, at the component's price."""
    covered, exported = _covered(context, component)
    return [Charge(-covered, {"netted": text(covered), "exported": text(exported),
                              "by": component.netting})] if covered else []


def feed_in(context, component):
    """Minus the surplus that goes to the grid, at the component's price."""
    covered, exported = _covered(context, component)
    surplus = exported - covered
    return [Charge(-surplus, {"exported": text(exported), "netted": text(covered),
                              "by": component.netting})] if surplus else []


def _covered(context, component):
    """(energy set off, energy exported) of the span."""
    quantities = context.span.quantities
    exported = measured(quantities, EXPORT)
    if component.netting == "period":
        return min(measured(quantities, ACTIVE), exported), exported
    span, profile = context.span, context.case.profile
    try:
        rows = [
            profile[name].window(span.start, span.end).hourly().values
            for name in (ACTIVE, EXPORT)
        ]
        return sum(map(min, *rows), ZERO), exported
    except (KeyError, TypeError):
        raise MissingQuantity("netting by interval needs the profiles of import and export",
                              register=EXPORT) from None

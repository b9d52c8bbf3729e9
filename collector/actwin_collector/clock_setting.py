# SPDX-License-Identifier: MIT
"""When a meter's clock may be set without spoiling a period it is just measuring."""

from __future__ import annotations

from .cron import MONTH_END, parse_cron, parse_zone
from .grids import Grid, spacing

# Meters close their load profile's periods on quarter hours.
_PERIOD = 900
_MARGIN = 60.0
# A jump longer than this crosses a quarter hour wherever it is made.
_LONGEST_WITHIN = _PERIOD - 4 * _MARGIN
_MONTH_MARGIN = 3600.0
# Slots shorter than this are everywhere; none of them can be kept clear.
_SHORTEST_SLOT = 300.0


def is_safe_to_set(now: float, drift: float, slots: Grid, zone: str) -> bool:
    """Whether neither the old nor the new time is near the end of a period, a slot or a month."""
    low, high = sorted((now, now + drift))
    low, high = low - _MARGIN, high + _MARGIN
    month = parse_cron(MONTH_END, parse_zone(zone))
    if month.next_after(low - _MONTH_MARGIN) <= high + _MONTH_MARGIN:
        return False
    if abs(drift) > _LONGEST_WITHIN:
        return not any(_is_near(instant) for instant in (now, now + drift))
    if low // _PERIOD != high // _PERIOD:
        return False
    return spacing(slots, low) < _SHORTEST_SLOT or slots.next_after(low) > high


def _is_near(instant: float) -> bool:
    return min(instant % _PERIOD, -instant % _PERIOD) < _MARGIN

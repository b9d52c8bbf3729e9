# SPDX-License-Identifier: MIT
"""Which numbers a meter can mean: a voltage of 1.4e-41 V shows that words are swapped."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

# Base unit → smallest and largest size a real value has, unless it is zero.
_SIZES = {
    "V": (10, 500_000),
    "Hz": (40, 70),
    "A": ("0.0001", 100_000),
    "W": ("0.001", 2_000_000_000),
    "var": ("0.001", 2_000_000_000),
    "VA": ("0.001", 2_000_000_000),
    "Wh": ("0.1", 10**14),
    "varh": ("0.1", 10**14),
    "VAh": ("0.1", 10**14),
    "m3": ("0.0001", 10**9),
    "°C": ("0.001", 400),
}
_LIMITS = {unit: (Decimal(low), Decimal(high)) for unit, (low, high) in _SIZES.items()}
# What networks and their transformers have: seldom met by chance.
_USUAL = {
    "V": ((55, 66), (95, 130), (200, 260), (340, 460), (640, 740)),
    "Hz": ((49, 51), (59, 61)),
}


def is_plausible(value: object, unit: str) -> bool | None:
    """Return whether a value can be meant; None where nothing can be said."""
    if not isinstance(value, Decimal) or not value or unit not in _LIMITS:
        return None
    low, high = _LIMITS[unit]
    return low <= abs(value) <= high


def score(values: Iterable[tuple[object, str]]) -> tuple[int, int]:
    """Return (how much speaks for, how many values against) these being real."""
    good = bad = 0
    for value, unit in values:
        verdict = is_plausible(value, unit)
        if verdict is True and unit in _USUAL:
            good += 3 if any(low <= abs(value) <= high for low, high in _USUAL[unit]) else 1
        bad += verdict is False
    return good, bad

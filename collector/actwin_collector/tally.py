# SPDX-License-Identifier: MIT
"""The values of one slot while it fills: a running figure a channel, not a list of polls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from .model import Reading
from .units import EXACT, plain

_MEAN_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Polled:
    """One register in its channel's unit; a cumulative one is stored as ``last`` in every mode."""

    value: Decimal
    status: int = 0
    cumulative: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What the polls of a slot amount to; ``value`` is their sum in mode ``mean``."""

    mode: str
    value: Decimal
    status: int
    count: int = 1

    def plus(self, polled: Polled) -> Tally:
        """Return the tally with one more poll."""
        if self.mode == "last":
            return Tally(self.mode, polled.value, polled.status)
        value = {
            "mean": EXACT.add(self.value, polled.value),
            "max": max(self.value, polled.value),
            "min": min(self.value, polled.value),
        }[self.mode]
        return Tally(self.mode, value, _worse(self.status, polled.status), self.count + 1)

    def figure(self) -> Decimal:
        """Return the value to store."""
        if self.mode != "mean" or self.count == 1:
            return self.value
        return EXACT.divide(self.value, self.count).quantize(_MEAN_STEP, ROUND_HALF_EVEN, EXACT)


Values = dict[str, Tally]


def add_to(values: Values, channel: str, polled: Polled, mode: str) -> None:
    """Add one poll of a channel to the values of a slot."""
    kept = values.get(channel)
    if kept is None:
        chosen = "last" if polled.cumulative else mode
        values[channel] = Tally(chosen, polled.value, polled.status)
    else:
        values[channel] = kept.plus(polled)


def readings_of(end: int, values: Mapping[str, Tally]) -> list[Reading]:
    """Return a finished slot's readings."""
    return [
        Reading(channel, end, canonical(tally.figure()), tally.status)
        for channel, tally in values.items()
    ]


def save_values(values: Mapping[str, Tally]) -> dict[str, list]:
    """Return the values as JSON can hold them."""
    return {key: [t.mode, str(t.value), t.status, t.count] for key, t in values.items()}


def load_values(saved: Mapping[str, list]) -> Values:
    """Return what ``save_values`` saved."""
    return {
        key: Tally(mode, Decimal(value), int(status), int(count))
        for key, (mode, value, status, count) in saved.items()
    }


def canonical(value: Decimal) -> str:
    """Return the one text of a number, so that equal values are equal texts."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _worse(one: int, other: int) -> int:
    # Suspect (1) weighs more than estimated (2): it must not be billed unseen.
    return 1 if 1 in (one, other) else max(one, other)

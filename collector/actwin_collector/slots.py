# SPDX-License-Identifier: MIT
"""From many polls to one stored value a slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from .clock import slot_end
from .model import Reading
from .units import plain

# A mark further ahead than this was set by a wrong clock and binds nobody.
MARK_TRUST_SECONDS = 2 * 86400
_MEAN_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Polled:
    """One register in its channel's unit; a cumulative one is stored as ``last`` in every mode."""

    value: Decimal
    status: int = 0
    cumulative: bool = False


class SlotKeeper:
    """Collects the polls of one device and gives one reading per channel and finished slot.

    A reading is stamped with the END of its slot (start, end]; a slot without a successful poll
    gives nothing. Invariant: slot ends only grow, whatever the wall clock does, so that no slot
    is stored twice with different values.
    """

    def __init__(self, store_seconds: int, mode: str, mark: int | None = None) -> None:
        self.store_seconds = store_seconds
        self.mode = mode
        self.mark = mark
        self._end: int | None = None
        self._polls: dict[str, list[Polled]] = {}

    @property
    def end(self) -> int | None:
        """The end of the slot being collected, None when nothing was polled."""
        return self._end

    def add(self, instant: float, polled: Mapping[str, Polled]) -> list[Reading]:
        """Take one poll; returns the readings of a slot that this poll shows to be over."""
        end = slot_end(instant, self.store_seconds)
        finished = self._finish() if self._end is not None and end > self._end else []
        if self._end is not None and end < self._end:
            # The clock was set back: what was collected was stamped by the wrong clock.
            self._drop()
        if self._is_taken(end):
            return finished
        self._end = end
        for channel, value in polled.items():
            self._keep(self._polls.setdefault(channel, []), value)
        return finished

    def close(self, now: float) -> list[Reading]:
        """Return the readings of the slot when its end has passed."""
        return self._finish() if self._end is not None and now >= self._end else []

    def _is_taken(self, end: int) -> bool:
        return self.mark is not None and end <= self.mark < end + MARK_TRUST_SECONDS

    def _keep(self, kept: list[Polled], value: Polled) -> None:
        if self.mode == "last" or value.cumulative:
            kept[:] = [value]
        else:
            kept.append(value)

    def _finish(self) -> list[Reading]:
        end, polls = self._end, self._polls
        self._drop()
        if end is None:
            return []
        self.mark = end
        return [
            Reading(channel, end, canonical(_combine(kept, self.mode)), _worst(kept))
            for channel, kept in polls.items()
        ]

    def _drop(self) -> None:
        self._end, self._polls = None, {}


def _combine(kept: list[Polled], mode: str) -> Decimal:
    values = [polled.value for polled in kept]
    if len(values) == 1 or mode == "last":
        return values[-1]
    if mode == "max":
        return max(values)
    if mode == "min":
        return min(values)
    return (sum(values) / len(values)).quantize(_MEAN_STEP, ROUND_HALF_EVEN)


def _worst(kept: list[Polled]) -> int:
    # Suspect (1) weighs more than estimated (2): it must not be billed unseen.
    statuses = {polled.status for polled in kept}
    return 1 if 1 in statuses else max(statuses)


def canonical(value: Decimal) -> str:
    """Return the one text of a number, so that equal values are equal texts."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text

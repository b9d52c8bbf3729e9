# SPDX-License-Identifier: MIT
"""How many slots of a device are missing now, since when, and whether anybody is at work on them.

A gap of the past is known to the keeper; while a meter is silent it grows with each slot's end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .gaps import Gaps
from .grids import PeriodGrid, between

if TYPE_CHECKING:
    from .device import DeviceState
    from .gaps import Span
    from .grids import Grid

# A slot that has just ended may still wait for its line.
_SETTLE_SECONDS = 120

# What is done about missing slots.
WORKING = "working"  # the next pauses of the line are theirs
RETRYING = "retrying"  # the last piece failed, or the meter is silent: it is asked again later
NO_PROFILE = "no_profile"  # driver or meter have nothing to fill them from
OFF = "off"  # the schedule asks for none


@dataclass(frozen=True, slots=True)
class Backlog:
    """``oldest``: the end of the first missing slot, epoch seconds; ``backfill``: see above."""

    missing: int = 0
    oldest: int | None = None
    backfill: str = ""


def backlog_of(state: DeviceState, now: float | None = None) -> Backlog:
    """Return what is missing of a device."""
    now = time.time() if now is None else now
    known = state.gap_count.of(state.keeper.grid, state.keeper.gaps.spans, state.keeper.exact)
    later = _since_mark(state, now)
    counts = [each for each in (known, later) if each[0]]
    if not counts:
        return Backlog()
    oldest = min(first for _, first in counts if first is not None)
    return Backlog(sum(number for number, _ in counts), oldest, _work(state))


class GapCount:
    """Counts the slots of gaps, again only when these have changed: a gap may hold thousands."""

    def __init__(self) -> None:
        self._key: tuple = ()
        self._count: tuple[int, int | None] = (0, None)
        self._open: tuple = ()
        self._counted: tuple[int, int | None, int] = (0, None, 0)

    def of(
        self, grid: Grid, spans: tuple[Span, ...], exact: set[int]
    ) -> tuple[int, int | None]:
        """Return how many slots and snapshots are missing, and the first of them."""
        key = (grid, spans, frozenset(exact))
        if key != self._key:
            # A snapshot at the end of a missing slot is missing once only.
            gaps = Gaps(spans)
            alone = [at for at in exact if at not in gaps or grid.end_of(at) != at]
            counts = [_count(grid, *span) for span in spans]
            number = sum(each[0] for each in counts) + len(alone)
            firsts = [first for _, first in counts if first is not None]
            self._key, self._count = key, (number, min([*firsts, *alone], default=None))
        return self._count

    def since(self, grid: Grid, start: int, end: int) -> tuple[int, int | None]:
        """Return how many slots end in (start, end], counting on from the last time."""
        number, first, last = self._counted
        if self._open != (grid, start) or end < last:
            self._open, (number, first, last) = (grid, start), (0, None, start)
        more, next_one = _count(grid, last, end)
        first = next_one if first is None else first
        self._counted = (number + more, first, max(last, end))
        return number + more, first


def _since_mark(state: DeviceState, now: float) -> tuple[int, int | None]:
    keeper = state.keeper
    known = keeper.birth if keeper.mark is None else keeper.mark
    # What is being collected shows that nothing before it is open any more.
    if known is None or keeper.end is not None:
        return 0, None
    return state.gap_count.since(keeper.grid, known, int(now) - _SETTLE_SECONDS)


def _count(grid: Grid, start: float, end: float) -> tuple[int, int | None]:
    if end <= start:
        return 0, None
    first = next(iter(between(grid, start, end)), None)
    if first is None:
        return 0, None
    if isinstance(grid, PeriodGrid):
        return int((end - first) // grid.period) + 1, first
    return sum(1 for _ in between(grid, start, end)), first


def _work(state: DeviceState) -> str:
    if not state.has_profile:
        return NO_PROFILE
    if not state.schedule.backfill_days and not state.keeper.exact:
        return OFF
    health = state.health
    waits = health.last_ok is None or health.failures or state.chores.failures
    return RETRYING if waits else WORKING

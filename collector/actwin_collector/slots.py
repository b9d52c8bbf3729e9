# SPDX-License-Identifier: MIT
"""From many polls to one stored value a slot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .gaps import Gaps, Span
from .grids import Grid, PeriodGrid, between
from .model import Reading
from .tally import Polled, Values, add_to, canonical, load_values, readings_of, save_values

__all__ = ["MARK_TRUST_SECONDS", "Polled", "SlotKeeper", "canonical"]

# A mark further ahead than this was set by a wrong clock and binds nobody.
MARK_TRUST_SECONDS = 2 * 86400
_FAR = 2**62


class SlotKeeper:
    """Collects the polls of one device and gives one reading per channel and finished slot.

    A reading is stamped with the END of its slot (start, end]; a slot without a successful poll
    gives nothing and lies in ``gaps``. Invariant: every slot up to ``mark`` was stored once or
    lies in a gap, whatever the wall clock does; a slot is stored only when it is after the mark
    or in a gap. ``changed``: whether mark, gaps or parked slots differ from what is on disk.
    """

    def __init__(
        self,
        grid: int | Grid,
        mode: str = "last",
        mark: int | None = None,
        gaps: Iterable[Span] = (),
        modes: Mapping[str, str] | None = None,
    ) -> None:
        self.grid: Grid = PeriodGrid(grid) if isinstance(grid, int) else grid
        self.mode = mode
        self.mark = mark
        self.gaps = Gaps(gaps)
        # From when on a device without a mark should have had slots; None: from its first one.
        self.birth: int | None = None
        # Tells whether a slot lacks a poll after its last good one: then it waits for the profile.
        self.is_stale: Callable[[float, int], bool] | None = None
        self.changed = False
        self.dirty = False
        self.parked: dict[int, Values] = {}
        self._modes = modes or {}
        self._end: int | None = None
        self._last = 0.0
        self._values: Values = {}

    @property
    def end(self) -> int | None:
        """The end of the slot being collected, None when nothing was polled."""
        return self._end

    def add(self, instant: float, polled: Mapping[str, Polled]) -> list[Reading]:
        """Take one poll; returns the readings of a slot that this poll shows to be over."""
        end = self.grid.end_of(instant)
        finished = self._finish() if self._end is not None and end > self._end else []
        if self._end is not None and end < self._end:
            # The clock was set back: what was collected was stamped by the wrong clock.
            self._drop()
        if not self.is_open(end):
            return finished
        if self._end is None:
            self._begin(end)
        self._last = instant
        self._keep(self._values, polled)
        self.dirty = True
        return finished

    def add_row(self, ts: float, polled: Mapping[str, Polled]) -> list[Reading]:
        """Take values that carry their own time: as a poll, or into the gap they are missing in.

        Whatever was stored for that time already stays: the same row pushed and polled is one.
        """
        end = self.grid.end_of(ts)
        if self._end is None or end >= self._end:
            return self.add(ts, polled)
        return self.fill([(ts, polled)], end - 1, end)[0] if ts == end else []

    def fill(
        self, rows: Iterable[tuple[float, Mapping[str, Polled]]], start: int, end: int
    ) -> tuple[list[Reading], list[int]]:
        """Fill the gaps in (start, end] from rows; returns readings and the ends still missing.

        A slot is filled when a row ends with it; earlier rows in it count for mean, max and min.
        Without one, what was polled before the line went silent is given instead. Afterwards
        (start, end] is no gap any more.
        """
        slots: dict[int, Values] = {}
        whole: set[int] = set()
        for ts, polled in sorted(rows, key=lambda row: row[0]):
            at = self.grid.end_of(ts)
            self._keep(slots.setdefault(at, {}), polled)
            if ts == at and polled:
                whole.add(at)
        readings: list[Reading] = []
        missing: list[int] = []
        for at in list(self.missing(start, end)):
            parked = self.parked.pop(at, {})
            values = parked | slots[at] if at in whole else parked
            readings += readings_of(at, values)
            if not values:
                missing.append(at)
            self._settle(at)
        self.gaps.remove(start, end)
        self.gaps.prune(self.grid)
        return readings, missing

    def missing(self, start: int, end: int) -> Iterable[int]:
        """Yield the ends of slots in (start, end] that lie in a gap."""
        for low, high in self.gaps.spans:
            yield from between(self.grid, max(low, start), min(high, end))

    def forget_before(self, instant: int) -> tuple[list[Reading], int]:
        """Give gaps up that are too old; returns what was polled in them and how many are lost."""
        readings: list[Reading] = []
        lost = 0
        for span in self.gaps.forget_before(instant):
            for at in between(self.grid, *span):
                values = self.parked.pop(at, {})
                readings += readings_of(at, values)
                lost += not values
            self.changed = True
        return readings, lost

    def close(self, now: float) -> list[Reading]:
        """Return the readings of the slot when its end has passed."""
        return self._finish() if self._end is not None and now >= self._end else []

    def is_open(self, end: int) -> bool:
        """Whether a slot may still be stored: its end is after the mark or in a gap."""
        if self.mark is None or end > self.mark or self.mark >= end + MARK_TRUST_SECONDS:
            return True
        return end in self.gaps

    def save_progress(self) -> dict | None:
        """Return the slot in progress as plain values, so that a restart continues it."""
        if self._end is None:
            return None
        return {"end": self._end, "last": self._last, "values": save_values(self._values)}

    def load_progress(self, saved: Mapping) -> None:
        """Continue a slot that was in progress when the process ended."""
        end = int(saved["end"])
        if self._end is None and self.is_open(end):
            self._end, self._last = end, float(saved["last"])
            self._values = load_values(saved["values"])

    def adopt(self, old: SlotKeeper) -> None:
        """Take over what is known of stored slots from a keeper of another schedule."""
        self.mark, self.gaps, self.birth, self.parked = old.mark, old.gaps, old.birth, old.parked
        self.changed = old.changed

    def _begin(self, end: int) -> None:
        self._end = end
        if self.mark is not None and self.mark >= end + MARK_TRUST_SECONDS:
            self.gaps.remove(end - 1, _FAR)
            self.mark, self.changed = end - 1, True
            return
        known = self.birth if self.mark is None else self.mark
        if known is not None and known < end - 1:
            self.gaps.add(known, end - 1)
            self.gaps.prune(self.grid)
            self.mark, self.changed = end - 1, True

    def _keep(self, values: Values, polled: Mapping[str, Polled]) -> None:
        for channel, value in polled.items():
            add_to(values, channel, value, self._modes.get(channel) or self.mode)

    def _finish(self) -> list[Reading]:
        end, values, last = self._end, self._values, self._last
        self._drop()
        if end is None:
            return []
        if self.is_stale is not None and self.is_stale(last, end):
            self.parked[end] = values
            self.gaps.add(end - 1, end)
            self.mark, self.changed = max(self.mark or end, end), True
            return []
        self._settle(end)
        return readings_of(end, values)

    def _settle(self, end: int) -> None:
        self.changed = True
        if self.mark is None or end > self.mark:
            self.mark = end
        self.parked.pop(end, None)
        self.gaps.remove(end - 1, end)
        self.gaps.prune(self.grid)

    def _drop(self) -> None:
        self.dirty = self.dirty or self._end is not None
        self._end, self._values = None, {}


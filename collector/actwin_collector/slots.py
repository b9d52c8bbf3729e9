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
    or in a gap. ``dirty``: something of it differs from what is on disk.

    ``parked`` slots have values that are older than they should be: they wait for the meter's
    profile. ``exact`` instants are snapshots that wait for it.
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
        self.dirty = False
        self.parked: dict[int, Values] = {}
        self.exact: set[int] = set()
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

    def add_late(self, instant: float, polled: Mapping[str, Polled]) -> list[Reading]:
        """Take values of an instant that is over: for its slot, where that has nothing else."""
        end = self.grid.end_of(instant)
        if self._end is None or end > self._end:
            return self.add(instant, polled)
        if end < self._end:
            return self.fill([(end, polled)], end - 1, end)[0]
        self._keep(self._values, {c: p for c, p in polled.items() if c not in self._values})
        self.dirty = True
        return []

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
        whole = self._whole(rows)
        readings: list[Reading] = []
        missing: list[int] = []
        for at in list(self.missing(start, end)):
            values = self.parked.pop(at, {}) | whole.get(at, {})
            readings += readings_of(at, values)
            if not values:
                missing.append(at)
            self._settle(at)
        self.gaps.remove(start, end)
        self.gaps.prune(self.grid)
        return readings, missing

    def _whole(self, rows: Iterable[tuple[float, Mapping[str, Polled]]]) -> dict[int, Values]:
        # Only what ends with a row is known for its very end.
        slots: dict[int, Values] = {}
        whole: set[int] = set()
        for ts, polled in sorted(rows, key=lambda row: row[0]):
            for at in {self.grid.end_of(ts), *({int(ts)} & self.exact)}:
                self._keep(slots.setdefault(at, {}), polled)
                if ts == at and polled:
                    whole.add(at)
        return {at: slots[at] for at in whole}

    def missing(self, start: int, end: int) -> Iterable[int]:
        """Yield the ends of slots in (start, end] that lie in a gap, and snapshots' instants."""
        found = {at for at in self.exact if start < at <= end}
        for low, high in self.gaps.spans:
            found.update(between(self.grid, max(low, start), min(high, end)))
        yield from sorted(found)

    def forget_before(self, instant: int) -> tuple[list[Reading], list[int]]:
        """Give gaps up that are too old; returns what was polled in them, and what is lost."""
        old = self.gaps.forget_before(instant)
        ends = {at for span in old for at in between(self.grid, *span)}
        ends |= {at for at in self.exact if at <= instant}
        return self._give_up(ends)

    def give_up(self) -> tuple[list[Reading], list[int]]:
        """Wait for no profile any more: what was polled for those slots is given instead.

        Slots without any poll stay gaps: the driver of a next version may read the profile.
        """
        return self._give_up({*self.parked, *self.exact})

    def _give_up(self, ends: set[int]) -> tuple[list[Reading], list[int]]:
        readings: list[Reading] = []
        lost: list[int] = []
        for at in sorted(ends):
            values = self.parked.get(at, {})
            readings += readings_of(at, values)
            if not values:
                lost.append(at)
            self._settle(at)
        return readings, lost

    def exactly(self, instant: int, polled: Mapping[str, Polled]) -> list[Reading]:
        """Return the readings of a snapshot that no slot ends with."""
        values: Values = {}
        self._keep(values, polled)
        return readings_of(instant, values)

    def rewind(self, now: float) -> list[int]:
        """The clock was set back to ``now``: drop snapshots after it that wait for the profile."""
        dropped = [at for at in self.exact if at > now]
        for at in dropped:
            self.exact.discard(at)
            self.parked.pop(at, None)
        return dropped

    def want_exact(self, instant: int, polled: Mapping[str, Polled]) -> None:
        """Wait for the profile's row of a snapshot; ``polled``: what to give when it has none."""
        self.exact.add(instant)
        self._keep(self.parked.setdefault(instant, {}), polled)
        self.dirty = True

    def close(self, now: float) -> list[Reading]:
        """Return the readings of the slot when its end has passed."""
        return self._finish() if self._end is not None and now >= self._end else []

    def is_open(self, end: int) -> bool:
        """Whether a slot may still be stored: its end is after the mark or in a gap."""
        if self.mark is None or end > self.mark or self.mark >= end + MARK_TRUST_SECONDS:
            return True
        return end in self.gaps

    def save(self) -> dict:
        """Return slot in progress, parked slots and snapshots as plain values."""
        saved: dict = {"exact": sorted(self.exact)} if self.exact else {}
        if self.parked:
            saved["parked"] = {str(at): save_values(each) for at, each in self.parked.items()}
        if self._end is not None:
            saved |= {"end": self._end, "last": self._last, "values": save_values(self._values)}
        return saved

    def load(self, saved: Mapping) -> None:
        """Take back what ``save`` returned, so that a restart continues the slot in progress."""
        self.exact |= set(saved.get("exact", ()))
        for at, values in saved.get("parked", {}).items():
            self.parked.setdefault(int(at), load_values(values))
        end = saved.get("end")
        if end is not None and self._end is None and self.is_open(end):
            self._end, self._last = int(end), float(saved["last"])
            self._values = load_values(saved["values"])

    def adopt(self, old: SlotKeeper) -> None:
        """Take over what is known of stored slots from a keeper of another schedule."""
        self.mark, self.gaps, self.birth = old.mark, old.gaps, old.birth
        self.parked, self.exact, self.dirty = old.parked, old.exact, True

    def _begin(self, end: int) -> None:
        self._end = end
        if self.mark is not None and self.mark >= end + MARK_TRUST_SECONDS:
            self.gaps.remove(end - 1, _FAR)
            self.mark, self.dirty = end - 1, True
            return
        known = self.birth if self.mark is None else self.mark
        if known is not None and known < end - 1:
            self.gaps.add(known, end - 1)
            self.gaps.prune(self.grid)
            self.mark, self.dirty = end - 1, True

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
            self.mark = max(self.mark or end, end)
            return []
        self._settle(end)
        return readings_of(end, values)

    def _settle(self, end: int) -> None:
        self.dirty = True
        self.parked.pop(end, None)
        if end in self.exact:
            self.exact.discard(end)
            if self.grid.end_of(end) != end:
                return
        if self.mark is None or end > self.mark:
            self.mark = end
        self.gaps.remove(end - 1, end)
        self.gaps.prune(self.grid)

    def _drop(self) -> None:
        self.dirty = self.dirty or self._end is not None
        self._end, self._values = None, {}


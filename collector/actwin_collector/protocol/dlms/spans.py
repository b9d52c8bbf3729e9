# SPDX-License-Identifier: MIT
"""Which rows of a profile to ask for: a span of time by range, by entry where that is refused."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...model import FrameError, ProtocolError, UnsupportedError
from . import apdu as wire
from .axdr import MAX_VALUES
from .cosem import PROFILE, name_text
from .layouts import Layout, LayoutCache, read_layout
from .profile import by_entry, by_range
from .rows import stamped

if TYPE_CHECKING:
    from .dialogue import Dialogue

# How meters say that they do not select in this way.
_REFUSALS = frozenset({"access_denied", "missing_register", "meter_refused"})
_ROWS_WITHOUT_PERIOD = 500
_MOST_CALLS = 2000
# Half of what one answer may hold before it is taken for a lie.
_VALUES_A_CALL = MAX_VALUES // 2


class SpanReader:
    """Gives the buffers that hold a span of a profile's time, not always in order."""

    def __init__(self, dialogue: Dialogue, cache: LayoutCache, meter: tuple, zone, days: int):
        self._dialogue = dialogue
        self._cache = cache
        self._meter = meter
        self._zone = zone
        self._days = days

    async def layout(self, name: bytes) -> Layout:
        """Return what the profile is made of; raises CollectorError."""
        key = (*self._meter, name)
        known = self._cache.get(key)
        if known is None:
            known = await self._asked(name)
            self._cache.keep(key, known)
        return known

    async def _asked(self, name: bytes) -> Layout:
        try:
            return await read_layout(self._dialogue, name)
        except ProtocolError as error:
            if error.code != "missing_register":
                raise
            raise UnsupportedError(f"the meter has no profile {name_text(name)}") from None

    async def buffers(self, name: bytes, start: datetime, end: datetime) -> AsyncIterator[object]:
        """Give what the meter returns for the span, and perhaps more; raises CollectorError."""
        layout = await self.layout(name)
        key = (*self._meter, name)
        begun = False
        if self._cache.selects_by_range(key):
            try:
                for first, last in windows(start, end, days_a_call(layout, self._days)):
                    selector = by_range(self._local(first), self._local(last), layout.clock)
                    buffer = await self._get(name, selector)
                    begun = True
                    yield buffer
                return
            except ProtocolError as error:
                if begun or error.code not in _REFUSALS:
                    raise
        async for buffer in self._by_entry(name, layout, start, end):
            # Only now it is known that the meter selects in this way and not in that.
            self._cache.refuses_range(key)
            yield buffer

    async def _by_entry(self, name: bytes, layout: Layout, start: datetime, end: datetime):
        used = await self._dialogue.get(wire.Attribute(PROFILE, name, 7))
        if not isinstance(used, int) or isinstance(used, bool):
            raise FrameError("the number of rows is no number")
        for first, last in entries(
            used, self._rows_a_call(layout, start, end), layout.newest_first
        ):
            try:
                buffer = await self._get(name, by_entry(first, last))
            except ProtocolError as error:
                if error.code not in _REFUSALS:
                    raise
                yield await self._get(name, b"")
                return
            yield buffer
            oldest = next(stamped(buffer, layout, self._zone), None)
            if oldest is None or oldest[0] <= start:
                return

    def _rows_a_call(self, layout: Layout, start: datetime, end: datetime) -> int:
        if not layout.period:
            return min(_ROWS_WITHOUT_PERIOD, _most_rows(layout))
        most = max(1, min(self._days * 86400 // layout.period, _most_rows(layout)))
        wanted = math.ceil((end - start).total_seconds() / layout.period)
        return max(1, min(most, wanted + 2))

    def _local(self, moment: datetime) -> datetime:
        # Some meters compare the digits and do not look at the deviation.
        return moment.astimezone(self._zone)

    async def _get(self, name: bytes, selector: bytes) -> object:
        return await self._dialogue.get(wire.Attribute(PROFILE, name, 2), selector)


def _most_rows(layout: Layout) -> int:
    return _VALUES_A_CALL // max(1, len(layout.columns))


def days_a_call(layout: Layout, wanted: int) -> int:
    """Return how many days to ask for at once: fewer where rows are wide and close together."""
    if not layout.period:
        return wanted
    return max(1, min(wanted, _most_rows(layout) * layout.period // 86400))


def windows(start: datetime, end: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """Return a span cut into pieces of at most so many days."""
    pieces = []
    while start < end and len(pieces) < _MOST_CALLS:
        last = min(end, start + timedelta(days=days))
        pieces.append((start, last))
        start = last
    return pieces


def entries(used: int, size: int, newest_first: bool) -> list[tuple[int, int]]:
    """Return (first, last) entries of each call, counted from 1, the newest rows first."""
    # A meter may tell any number of rows: cut first, list then.
    if newest_first:
        starts = range(1, used + 1, size)[:_MOST_CALLS]
        return [(first, min(used, first + size - 1)) for first in starts]
    ends = range(used, 0, -size)[:_MOST_CALLS]
    return [(max(1, last - size + 1), last) for last in ends]

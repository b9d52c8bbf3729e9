# SPDX-License-Identifier: MIT
"""What a meter's profile is made of: asked once, remembered per meter and firmware."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...model import ProtocolError
from . import apdu as wire
from .cosem import PROFILE, SCALED
from .profile import Column, columns_of

if TYPE_CHECKING:
    from .dialogue import Dialogue

_NEWEST_FIRST = 2
_ABSENT = frozenset({"access_denied", "missing_register"})
MOST = 4096


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns, scaler and unit of those that have them, seconds between rows, and their order."""

    columns: tuple[Column, ...]
    scales: Mapping[Column, tuple[int, int]] = field(default_factory=dict)
    period: int = 0
    newest_first: bool = False

    @property
    def clock(self) -> Column | None:
        """The column that stamps the rows, None when there is none."""
        return next((column for column in self.columns if column.is_time), None)


class LayoutCache:
    """Layouts by (device, meter, firmware, profile); the oldest are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple, Layout] = OrderedDict()
        self._by_entry: set[tuple] = set()

    def get(self, key: tuple) -> Layout | None:
        """Return what is known."""
        return self._known.get(key)

    def keep(self, key: tuple, layout: Layout) -> None:
        """Remember a layout."""
        self._known[key] = layout
        while len(self._known) > MOST:
            self._by_entry.discard(self._known.popitem(last=False)[0])

    def selects_by_range(self, key: tuple) -> bool:
        """Whether a meter has not refused to select this profile's rows by time."""
        return key not in self._by_entry

    def refuses_range(self, key: tuple) -> None:
        """Remember that a meter selects by entry only."""
        self._by_entry.add(key)


async def read_layout(dialogue: Dialogue, name: bytes) -> Layout:
    """Ask the meter; raises CollectorError."""
    columns = columns_of(await dialogue.get(wire.Attribute(PROFILE, name, 3)))
    period = await optional(dialogue.get(wire.Attribute(PROFILE, name, 4)))
    order = await optional(dialogue.get(wire.Attribute(PROFILE, name, 5)))
    scales = {}
    for column in columns:
        if column.attribute in (2, 3) and SCALED.get(column.class_id, 0) > column.attribute:
            pair = await optional(dialogue.scale(column.class_id, column.name))
            if pair:
                scales[column] = pair
    seconds = period if isinstance(period, int) else 0
    return Layout(columns, scales, seconds, order == _NEWEST_FIRST)


async def optional(asked: Awaitable):
    """Return what was asked for, None when the meter does not have it."""
    try:
        return await asked
    except ProtocolError as error:
        if error.code in _ABSENT:
            return None
        raise

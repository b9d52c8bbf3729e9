# SPDX-License-Identifier: MIT
"""Whole telegrams by their layout: what the record decoder found once, read again at once.

A meter sends the same records in the same places every time. After the record decoder has gone
through such a telegram step by step, its layout is kept: one ``struct`` call then cuts the next one
and one comparison of all DIF/VIF headers says whether the layout fits. What does not fit goes
through the record decoder again, so a layout can make a telegram fast but never read it otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from operator import call
from typing import TYPE_CHECKING

from ...model import Record
from .values import Decoder, Value, time_text

if TYPE_CHECKING:
    from .records import Row

_LIMIT = 1024
# Layouts of one length and first header; a site has few meter types, noise has many.
_RIVALS = 8
_FILLER = 0x2F
_DECIPHERED = b"\x2f\x2f"

_layouts: dict[tuple[int, bytes], list[Layout]] = {}


class Layout:
    """Where every record of one kind of telegram lies and what it means, column by column."""

    __slots__ = (
        "_decoders",
        "_events",
        "_fixed",
        "_has_marker",
        "_nothing",
        "_obis",
        "_quantities",
        "_spans",
        "_stamped_by",
        "_storages",
        "_times",
        "_unpack",
        "_units",
        "more",
        "prefixes",
    )

    def __init__(self, data: bytes, rows: Sequence[Row], more: bool) -> None:
        """Take the layout of ``data``, which the record decoder split into ``rows``."""
        codes, prefixes, decoders, spans, position = ["<"], [], [], [], 0
        for field, _value, raw in rows:
            start = _after_fillers(data, position)
            stop = start + len(raw)
            prefix, code, decode = _cut(field, raw)
            prefixes.append(data[position:start] + prefix)
            codes.append(f"{len(prefixes[-1])}s{code}")
            decoders.append(decode)
            spans.append(slice(2 * start, 2 * stop))
            position = stop
        tail = _after_marker(data, position)
        codes.append(f"{tail - position}s{len(data) - tail}s")
        fields = [field for field, _value, _raw in rows]
        self.prefixes = (*prefixes, data[position:tail])
        self.more = more
        self._has_marker = self.prefixes[-1][-1:] in (b"\x0f", b"\x1f")
        self._unpack = struct.Struct("".join(codes)).unpack
        self._decoders, self._spans = decoders, spans
        self._quantities = [field.quantity for field in fields]
        self._units = [field.unit for field in fields]
        self._storages = [field.storage for field in fields]
        self._events = [n for n, field in enumerate(fields) if field.is_event]
        self._nothing = [None] * len(fields)
        self._obis = [""] * len(fields)
        self._fixed = (
            [field.function for field in fields],
            self._storages,
            [field.tariff for field in fields],
            [field.subunit for field in fields],
        )
        self._times = [(n, field.storage) for n, field in enumerate(fields) if field.is_time]
        self._stamped_by = self._time_columns()

    def split(self, data: bytes) -> tuple | None:
        """Return the data of every record and the maker's bytes; None when this is another one."""
        parts = self._unpack(data)
        return parts[1::2] if parts[::2] == self.prefixes else None

    def values(self, parts: tuple) -> list[Value]:
        """Return the value of every record, and nothing else of it."""
        return list(map(call, self._decoders, parts))  # the maker's part has no decoder

    def records(self, data: bytes, parts: tuple) -> list[Record]:
        """Return the records of ``data``, as ``split`` cut it."""
        values = self.values(parts)
        digits = data.hex().upper()
        stamps = self._stamps(values) if self._times else self._nothing.copy()
        for at in self._events:
            stamps[at] = time_text(parts[at])
        raws = [digits[span] for span in self._spans]
        named = (self._quantities, values, self._units, self._obis, stamps)
        return list(map(Record, *named, *self._fixed, raws))

    def makers_part(self, parts: tuple) -> bytes | None:
        """Return the maker's own bytes; None when there is no marker before them."""
        return parts[-1] if self._has_marker else None

    def _time_columns(self) -> list[int] | None:
        """Return for every record which value is its time; -1: none. None: not known beforehand."""
        times = {storage: at for at, storage in self._times}
        if len(times) < len(self._times):
            return None
        return [times.get(storage, -1) for storage in self._storages]

    def _stamps(self, values: Sequence[Value]) -> list[str | None]:
        if self._stamped_by is not None:
            choice = [*values, None]
            return [choice[at] for at in self._stamped_by]
        stamps = time_stamps((storage, values[at]) for at, storage in self._times)
        return [stamps.get(storage) for storage in self._storages]


def time_stamps(times: Iterable[tuple[int, Value]]) -> dict[int, str]:
    """A time point in a storage says when the other values of that storage were taken."""
    stamps: dict[int, str] = {}
    for storage, value in times:
        if isinstance(value, str):
            known = stamps.get(storage)
            # A date and time together: the one with the time says more.
            if known is None or len(known) < len(value):
                stamps[storage] = value
    return stamps


def find(data: bytes) -> tuple[Layout, tuple] | None:
    """Return the known layout that fits ``data`` with the parts it cuts it into."""
    for layout in _layouts.get(_place(data), ()):
        parts = layout.split(data)
        if parts is not None:
            return layout, parts
    return None


def learn(data: bytes, rows: Sequence[Row], more: bool) -> None:
    """Keep the layout of a telegram that was decoded to its end."""
    if not rows or any(field.profile for field, _value, _raw in rows):
        return
    if len(_layouts) >= _LIMIT:
        forget()
    rivals = _layouts.setdefault(_place(data), [])
    rivals.insert(0, Layout(data, rows, more))
    del rivals[_RIVALS:]


def _place(data: bytes) -> tuple[int, bytes]:
    """Under which a layout is kept: length and first header, which in deciphered data is third."""
    return len(data), data[2:4] if data.startswith(_DECIPHERED) else data[:2]


def forget() -> None:
    """Forget all layouts."""
    _layouts.clear()


def size() -> int:
    """Return how many layouts are known."""
    return sum(map(len, _layouts.values()))


def _cut(field, raw: bytes) -> tuple[bytes, str, Decoder]:
    """Return what must be the same in the next telegram, the struct code of the rest, its decoder.

    The length byte of a variable field belongs to the layout.
    """
    size = len(field.header)
    if field.length < 0:
        length = raw[size : size + 1]
        return raw[: size + 1], f"{len(raw) - size - 1}s", lambda part: field.decode(length + part)
    if field.unpacked:
        return field.header, *field.unpacked
    return field.header, f"{field.length}s", field.decode


def _after_fillers(data: bytes, position: int) -> int:
    while data[position] == _FILLER:
        position += 1
    return position


def _after_marker(data: bytes, position: int) -> int:
    """Where the maker's bytes start: behind fillers and the marker 0F or 1F, else at the end."""
    while position < len(data):
        position += 1
        if data[position - 1] != _FILLER:
            break
    return position

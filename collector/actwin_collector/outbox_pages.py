# SPDX-License-Identifier: MIT
"""Rows out of the single pages of a SQLite file, however damaged the rest of it is.

SQLite itself gives up a table at the first broken page of its tree. Here every page stands for
itself: pages of indices and leaf pages of tables carry whole rows, in the main file and in its log.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE_LEAF = 13
INDEX_LEAF = 10
INDEX_INNER = 2  # its cells are rows of the index as well

_FILE_HEADER = 100
_LOG_HEADER = 32
_FRAME_HEADER = 24
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
Cell = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Row:
    """The values of one row as stored; ``rowid`` None: it stood in an index."""

    rowid: int | None
    values: tuple[Cell, ...]


def count_pages(path: Path, page: int) -> int:
    """Return how many pages a file and its log hold, without those that were cut off."""
    log = Path(f"{path}-wal")
    frames = max(0, log.stat().st_size - _LOG_HEADER) if log.exists() else 0
    main = path.stat().st_size if path.exists() else 0
    return main // page + frames // (page + _FRAME_HEADER)


def rows_of(path: Path, page: int, first: int, count: int) -> Iterator[Row]:
    """Yield the rows of pages ``first`` … of a file, and then of its log; never raises for damage.

    The log's pages come after the file's, in the order in which they were written.
    """
    main = path.stat().st_size // page if path.exists() else 0
    if first < main:
        wanted = min(count, main - first)
        yield from _read(path, first * page, page, 0, wanted, is_main=True)
        first, count = main, count - wanted
    log = Path(f"{path}-wal")
    if count > 0 and log.exists():
        start = _LOG_HEADER + (first - main) * (page + _FRAME_HEADER)
        yield from _read(log, start, page, _FRAME_HEADER, count, is_main=False)


def _read(
    path: Path, start: int, page: int, skip: int, count: int, is_main: bool
) -> Iterator[Row]:
    with path.open("rb") as file:
        file.seek(start)
        for number in range(count):
            data = file.read(page + skip)[skip:]
            if len(data) < page:
                return
            is_first = is_main and start == 0 and number == 0
            yield from page_rows(data, _FILE_HEADER if is_first else 0)


def page_rows(data: bytes, offset: int = 0) -> Iterator[Row]:
    """Yield the rows of one page; cells that make no sense are passed over."""
    kind = data[offset]
    if kind not in (TABLE_LEAF, INDEX_LEAF, INDEX_INNER):
        return
    cells = int.from_bytes(data[offset + 3 : offset + 5], "big")
    header = offset + (12 if kind == INDEX_INNER else 8)
    for number in range(min(cells, len(data) // 4)):
        at = header + 2 * number
        start = int.from_bytes(data[at : at + 2], "big")
        if not header < start < len(data):
            continue
        try:
            yield _cell(data, start, kind)
        except (IndexError, ValueError):
            continue


def _cell(data: bytes, at: int, kind: int) -> Row:
    size, at = _varint(data, at + (4 if kind == INDEX_INNER else 0))
    rowid = None
    if kind == TABLE_LEAF:
        rowid, at = _varint(data, at)
    payload = data[at : at + size]
    if len(payload) < size or size < 2:
        raise ValueError  # cut off, or continued on other pages
    return Row(rowid, _values(payload))


def _values(payload: bytes) -> tuple[Cell, ...]:
    header, at = _varint(payload, 0)
    if not 1 <= header <= len(payload):
        raise ValueError
    kinds = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    at = header
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Cell, int]:
    if kind == 0:
        return None, at
    if kind <= 6:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(_exactly(payload, at, end), "big", signed=True), end
    if kind == 7:
        return _real(_exactly(payload, at, at + 8)), at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind < 12:
        raise ValueError
    end = at + (kind - 12) // 2
    raw = _exactly(payload, at, end)
    return (raw.decode("utf-8") if kind % 2 else raw), end


def _real(raw: bytes) -> float:
    return struct.unpack(">d", raw)[0]


def _exactly(payload: bytes, start: int, end: int) -> bytes:
    if end > len(payload):
        raise ValueError
    return payload[start:end]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1

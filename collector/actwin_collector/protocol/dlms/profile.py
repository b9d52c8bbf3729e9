# SPDX-License-Identifier: MIT
"""Profile generic (class 7): capture objects, rows to records, what to ask for a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ...model import FrameError, Record
from . import encode
from .cosem import (
    CLOCK,
    is_name,
    parse_clock,
    raw_value,
    record_of,
    scaled,
    stamp_text,
)

_CLOCK_NAME = bytes((0, 0, 1, 0, 0, 255))
MAX_COLUMNS = 256


@dataclass(frozen=True, slots=True)
class Column:
    """One captured attribute of one object."""

    class_id: int
    name: bytes
    attribute: int
    index: int = 0

    @property
    def is_time(self) -> bool:
        """Whether it stamps the row."""
        return self.class_id == CLOCK and self.attribute == 2


def columns_of(objects: object) -> tuple[Column, ...]:
    """Return the columns of attribute 3; raises FrameError."""
    if not isinstance(objects, list) or len(objects) > MAX_COLUMNS:
        raise FrameError("these are no capture objects")
    columns = []
    for entry in objects:
        if not isinstance(entry, list) or len(entry) < 4 or not is_name(entry[1]):
            raise FrameError(f"{raw_value(entry)} is no capture object")
        columns.append(Column(entry[0], entry[1], entry[2], entry[3]))
    return tuple(columns)


def rows_of(
    rows: object,
    columns: Sequence[Column],
    scales: Mapping[Column, tuple[int, int]],
    zone: tzinfo | None = None,
    period: int = 0,
) -> Iterator[Record]:
    """Give the records of a buffer, row by row; ``storage`` counts the rows from 1.

    A row without a time stands ``period`` seconds after the one before it. Raises FrameError when
    rows and columns do not fit.
    """
    if not isinstance(rows, list):
        raise FrameError("the buffer of a profile is no array")
    before = None
    for number, row in enumerate(rows, 1):
        values = row if isinstance(row, list) else [row]
        if len(values) != len(columns):
            raise FrameError(f"a row of {len(values)} values for {len(columns)} columns")
        before = _stamp(values, columns, zone) or _next(before, period)
        yield from _row(values, columns, scales, number, stamp_text(before))


def _row(values, columns, scales, number: int, stamp: str | None) -> Iterator[Record]:
    for column, value in zip(columns, values, strict=True):
        if column.is_time or (column.class_id == 0 and parse_clock(value)):
            continue
        unit, plain = "", value
        if column in scales:
            scaled_value, unit = scaled(value, *scales[column])
            plain = value if scaled_value is None else scaled_value
        record = record_of(column.name, plain, unit, ts=stamp, raw=raw_value(value))
        record.storage = number
        yield record


def _stamp(values, columns, zone) -> datetime | None:
    for column, value in zip(columns, values, strict=True):
        if column.is_time or column.class_id == 0:
            moment = parse_clock(value, zone)
            if moment:
                return moment
    return None


def _next(before: datetime | None, period: int) -> datetime | None:
    return before + timedelta(seconds=period) if before and period else None


def by_entry(first: int, last: int) -> bytes:
    """Return the selector for rows ``first`` to ``last``, counted from 1; 0 is the last one."""
    rows = (encode.uint32(first), encode.uint32(last))
    return b"\x02" + encode.structure(*rows, encode.uint16(1), encode.uint16(0))


def by_range(start: datetime, end: datetime, column: Column | None = None) -> bytes:
    """Return the selector for rows from ``start`` to ``end``, both aware and included."""
    column = column or Column(CLOCK, _CLOCK_NAME, 2)
    restricting = encode.structure(
        encode.uint16(column.class_id),
        encode.octets(column.name),
        encode.int8(column.attribute),
        encode.uint16(column.index),
    )
    span = (encode.clock(start), encode.clock(end))
    return b"\x01" + encode.structure(restricting, *span, encode.array(()))


def is_row(value: object) -> bool:
    """Whether a value looks like a row of a profile: several values after a time."""
    return isinstance(value, list) and len(value) > 1 and parse_clock(value[0]) is not None


def guessed(profile: bytes, value: object) -> tuple[Column, ...]:
    """Return columns for rows nobody described: they carry the profile's own name."""
    first = value[0] if isinstance(value, list) and value else []
    width = len(first) if isinstance(first, list) else 1
    return tuple(Column(0, profile, 2, index) for index in range(width))

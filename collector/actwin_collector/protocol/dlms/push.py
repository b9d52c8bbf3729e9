# SPDX-License-Identifier: MIT
"""Bodies of data notifications to records; how a body names its values differs by maker."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from decimal import Decimal

from ...model import FrameError, Record
from .apdu import Notification
from .cosem import (
    clock_is_doubtful,
    is_name,
    nameless,
    parse_clock,
    parse_name,
    raw_value,
    record_of,
    scaled,
    stamp_text,
)
from .profile import Column, columns_of, guessed, is_row, rows_of

# Kaifa sends values without names. List length → (name, unit, decimals cut off).
_KAIFA_METER = (("1.1.0.2.129.255", "", 0), ("0.0.96.1.0.255", "", 0), ("0.0.96.1.7.255", "", 0))
_KAIFA_POWER = tuple(
    (f"1.0.{c}.7.0.255", unit, 0)
    for c, unit in zip((1, 2, 3, 4), ("W", "W", "var", "var"), strict=True)
)
_KAIFA_ONE = (("1.0.31.7.0.255", "A", 3), ("1.0.32.7.0.255", "V", 1))
_KAIFA_THREE = (
    *((f"1.0.{c}.7.0.255", "A", 3) for c in (31, 51, 71)),
    *((f"1.0.{c}.7.0.255", "V", 1) for c in (32, 52, 72)),
)
_KAIFA_ENERGY = (
    ("0.0.1.0.0.255", "", 0),
    *(
        (f"1.0.{c}.8.0.255", unit, 0)
        for c, unit in zip((1, 2, 3, 4), ("Wh", "Wh", "varh", "varh"), strict=True)
    ),
)
_KAIFA = {
    1: _KAIFA_POWER[:1],
    9: _KAIFA_METER + _KAIFA_POWER + _KAIFA_ONE,
    13: _KAIFA_METER + _KAIFA_POWER + _KAIFA_THREE,
    14: _KAIFA_METER + _KAIFA_POWER + _KAIFA_ONE + _KAIFA_ENERGY,
    18: _KAIFA_METER + _KAIFA_POWER + _KAIFA_THREE + _KAIFA_ENERGY,
}


def records_of(
    note: Notification, zone: tzinfo | None = None, columns: Sequence[Column] = ()
) -> tuple[Record, ...]:
    """Return a record for each value of a push; ``raw`` is the element as the body carries it.

    A number gets a unit only where the push or the maker's fixed list tells one; otherwise it is
    the meter's own number and its unit is empty. ``zone`` is taken where a time has none. Rows of a
    load profile become records with their own times; ``columns`` names what they hold where the
    push itself does not.
    """
    body = note.body if isinstance(note.body, list) else [note.body]
    found = list(_records(body, note.kaifa, _Rows(zone, tuple(columns), body)))
    moment = parse_clock(note.stamp, zone) or _own_clock(found, body, zone)
    stamp = stamp_text(moment)
    for record in found:
        record.ts = record.ts or stamp
    return tuple(found)


def _own_clock(found: list[Record], body: list, zone: tzinfo | None):
    times = [parse_clock(value, zone) for value in body if isinstance(value, bytes)]
    return next((moment for moment in times if moment), None) if found else None


def is_doubtful(note: Notification) -> bool:
    """Whether the meter says of the time in a push's header that it is not to be trusted."""
    return parse_clock(note.stamp) is not None and clock_is_doubtful(note.stamp)


class _Rows:
    """Reads the rows of load profiles among a push's values."""

    def __init__(self, zone: tzinfo | None, columns: tuple[Column, ...], body: list) -> None:
        self._zone = zone
        self._columns = columns
        for value in body:
            # Capture objects that the push brings along.
            with contextlib.suppress(FrameError):
                self._columns = _captured(value) or self._columns

    def are(self, value: object) -> bool:
        """Whether a value is an array of rows."""
        return isinstance(value, list) and bool(value) and all(map(is_row, value))

    def records(self, name: bytes, value: list) -> Iterator[Record]:
        """Give the records of an array of rows of the profile ``name``."""
        width = len(value[0])
        fitting = self._columns if len(self._columns) == width else guessed(name, value)
        return rows_of(value, fitting, {}, self._zone)


def _captured(value: object) -> tuple[Column, ...]:
    columns = columns_of(value)
    return columns if columns and columns[0].is_time else ()


def _records(body: list, kaifa: bool, rows: _Rows) -> Iterator[Record]:
    if kaifa and len(body) in _KAIFA and not is_name(body[0]):
        return _positional(body)
    if rows.are(body):
        return rows.records(bytes(6), body)
    objects = _object_list(body)
    if objects:
        return _by_list(objects, body, rows)
    if body and all(isinstance(each, list) and each and is_name(each[0]) for each in body):
        return _structures(body)
    pairs = _pairs(body, rows)
    return map(_kaifa_scaled, pairs) if kaifa else pairs


def _positional(body: list) -> Iterator[Record]:
    for (name, unit, decimals), value in zip(_KAIFA[len(body)], body, strict=True):
        number = Decimal(value).scaleb(-decimals) if isinstance(value, int) else value
        yield record_of(parse_name(name), number, unit, raw=raw_value(value))


_KAIFA_BY_SHORT = {name.split(".", 2)[2]: (unit, cut) for name, unit, cut in _KAIFA[18] if unit}


def _kaifa_scaled(record: Record) -> Record:
    """Kaifa's lists with names scale as those without."""
    unit, decimals = _KAIFA_BY_SHORT.get(record.obis.partition(".")[2].partition(".")[2], ("", 0))
    if unit and isinstance(record.value, Decimal) and not record.unit:
        record.value, record.unit = record.value.scaleb(-decimals), unit
    return record


def _object_list(body: list) -> list | None:
    """The push object list where the body brings it along: one entry for each element."""
    for each in body[:2]:
        if isinstance(each, list) and len(each) == len(body) and all(map(_is_object, each)):
            return each
    return None


def _is_object(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) >= 3 and is_name(entry[1])


def _by_list(objects: list, body: list, rows: _Rows) -> Iterator[Record]:
    for entry, value in zip(objects, body, strict=True):
        if value is objects or (isinstance(value, list) and all(map(_is_object, value))):
            continue
        if rows.are(value):
            yield from rows.records(entry[1], value)
            continue
        yield record_of(entry[1], value, raw=raw_value(value))


def _structures(body: list) -> Iterator[Record]:
    return (_structure(*entry) for entry in body)


def _structure(name: bytes, value: object = None, scale: object = None, *_more: object) -> Record:
    """A name with its value, and scaler and unit where the meter tells them."""
    number, unit = scaled(value, *scale) if _is_scaler_unit(scale) else (None, "")
    return record_of(name, value if number is None else number, unit, raw=raw_value(value))


def _is_scaler_unit(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)


def _is_structure(value: object) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= 3 and is_name(value[0])


def _pairs(body: list, rows: _Rows) -> Iterator[Record]:
    """A name before each value, perhaps its scale behind; what has no name before stands alone."""
    name = None
    values = deque(body)
    while values:
        value = values.popleft()
        if name is None and is_name(value):
            name = value
            continue
        if rows.are(value):
            yield from rows.records(name or bytes(6), value)
        elif name is not None:
            scale = values.popleft() if values and _is_scaler_unit(values[0]) else None
            yield _structure(name, value, scale)
        elif _is_structure(value):
            yield _structure(*value)
        else:
            yield _unnamed(value)
        name = None
    if name is not None:
        yield _unnamed(name)


def _unnamed(value: object) -> Record:
    if parse_clock(value):
        return record_of(parse_name("0.0.1.0.0.255"), value, raw=raw_value(value))
    return nameless(value)

# SPDX-License-Identifier: MIT
"""Load profile and event log of a simulated DLMS meter, selected by range and by entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ...model import FrameError
from ...protocol.dlms import encode
from ...protocol.dlms.cosem import CLOCK, DATA, PROFILE, REGISTER, parse_clock, parse_name
from ..load import DAY_SECONDS, draw_int, local_day, local_midnight
from .cosem import (
    CLOCK_NAME,
    EVENT_NAME,
    EVENTS_NAME,
    PROFILE_NAME,
    STATUS_NAME,
    CosemObject,
    reference,
    unsigned,
)

if TYPE_CHECKING:
    from .objects import ObjectModel

PERIOD = 900
KEPT_ROWS = 96 * 60
KEPT_DAYS = 60
BY_RANGE, BY_ENTRY = 1, 2
COLUMNS = ("1.8.0", "2.8.0", "5.8.0", "8.8.0")
POWER_DOWN, POWER_UP, CLOCK_SET = 1, 2, 5
_MAX_ANSWER = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: when it was written, and its columns."""

    at: int
    values: bytes


Rows = Callable[[int, int], Sequence[Entry]]


def profile_objects(model: ObjectModel) -> list[CosemObject]:
    """Return the profiles of a meter."""
    load = [(CLOCK, CLOCK_NAME), (DATA, STATUS_NAME)]
    load += [(REGISTER, parse_name(code)) for code in COLUMNS]
    log = [(CLOCK, CLOCK_NAME), (DATA, EVENT_NAME)]
    return [
        _object(model, PROFILE_NAME, load, lambda: _load_rows(model), PERIOD, KEPT_ROWS),
        _object(model, EVENTS_NAME, log, lambda: event_rows(model), 0, 400),
    ]


def _object(model, name, columns, rows, period: int, most: int) -> CosemObject:
    def chosen(entries: Sequence[Callable[[], Entry]]) -> bytes:
        if len(entries) > _MAX_ANSWER:
            raise FrameError("more rows than the meter keeps")
        return encode.array(_row(model, each()) for each in entries)

    def selected(selector: int, value: object) -> bytes:
        times, make = rows()
        if selector == BY_ENTRY:
            first, last = entry_range(value, len(times))
            return chosen([lambda at=at: make(at) for at in times[first:last]])
        if selector != BY_RANGE or not model.identity.range_access:
            raise FrameError(f"selector {selector} is not supported")
        start, end = time_range(value, model.identity.zone)
        return chosen([lambda at=at: make(at) for at in times if start <= at <= end])

    def whole() -> bytes:
        times, make = rows()
        return chosen([lambda at=at: make(at) for at in times])

    return CosemObject(
        PROFILE,
        name,
        {
            2: whole,
            3: lambda: encode.array(reference(*each) for each in columns),
            4: lambda: encode.uint32(period),
            5: lambda: encode.enum(1),
            6: lambda: reference(*columns[0]),
            7: lambda: encode.uint32(len(rows()[0])),
            8: lambda: encode.uint32(most),
        },
        version=1,
        selected={2: selected},
    )


def _row(model: ObjectModel, entry: Entry) -> bytes:
    return (
        b"\x02"
        + bytes((entry.values[0],))
        + (encode.clock(model.identity.local(entry.at)) + entry.values[1:])
    )


def _load_rows(model: ObjectModel):
    """Return the ends of all finished periods kept, and what gives the row of one."""
    last = model.now // PERIOD * PERIOD
    first = max(model.meter.curve.start, last - KEPT_ROWS * PERIOD) + PERIOD
    times = range(-(-first // PERIOD) * PERIOD, last + 1, PERIOD)

    def make(at: int) -> Entry:
        values = b"".join(unsigned(model.scaled(code, at)) for code in COLUMNS)
        return Entry(at, bytes((2 + len(COLUMNS),)) + encode.uint8(0) + values)

    return times, make


def event_rows(model: ObjectModel):
    """Return the instants of the log, one power cut on about every fifth day, and its rows."""
    codes = dict(model.log)
    today = local_day(model.now)
    for back in range(KEPT_DAYS, -1, -1):
        day = today - timedelta(days=back)
        start, serial = local_midnight(day), model.identity.serial
        if day < model.meter.curve.first_day or draw_int(0, 4, serial, "cut", day):
            continue
        down = start + draw_int(0, DAY_SECONDS - 3600, serial, "down", day)
        codes[down] = POWER_DOWN
        codes[down + draw_int(20, 1800, serial, "up", day)] = POWER_UP
    times = [at for at in sorted(codes) if at <= model.now]
    return times, lambda at: Entry(at, b"\x02" + encode.uint8(codes[at]))


def entry_range(value: object, count: int) -> tuple[int, int]:
    """Return (first, end) of a selection by entry, counted from 0; raises FrameError."""
    whole = isinstance(value, list) and len(value) == 4
    if not whole or not all(isinstance(number, int) for number in value):
        raise FrameError("that is no entry descriptor")
    first, last, _, _ = value
    return max(0, first - 1), last or count


def time_range(value: object, zone) -> tuple[float, float]:
    """Return (start, end) of a selection by range, both included; raises FrameError."""
    if not isinstance(value, list) or len(value) != 4:
        raise FrameError("that is no range descriptor")
    start, end = (parse_clock(each, zone) for each in value[1:3])
    if start is None or end is None:
        raise FrameError("that range has no times")
    return start.timestamp(), end.timestamp()

# SPDX-License-Identifier: MIT
"""Profile buffers to rows with samples, and to entries of an event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from ...model import STATUS_OK, STATUS_SUSPECT, FrameError, MeterEvent, ProfileRow, Sample
from ...units import EXACT
from .cosem import UNITS, clock_is_doubtful, name_text, parse_clock, plain_value
from .event_names import EVENT_NAMES
from .layouts import Layout
from .profile import Column

# Of a row's status: critical fault, clock invalid, data not valid, clock adjusted. Summer time and
# a power cut (bits 3 and 7) do not make a value doubtful.
SUSPECT_BITS = 0x27
_STATUS_GROUPS = (96, 10)
_CODE_GROUPS = (96, 11)
Scaling = Callable[[object], Decimal | None]


def column_names(column: Column) -> tuple[str, str]:
    """Return a column as ``1.0.1.8.0.255`` and as ``1.8.0``, with ``#attribute`` when not 2."""
    suffix = "" if column.attribute == 2 else f"#{column.attribute}"
    name = column.name
    return name_text(name) + suffix, f"{name[2]}.{name[3]}.{name[4]}{suffix}"


def profile_rows(
    buffer: object, layout: Layout, zone: tzinfo, suspect_bits: int = SUSPECT_BITS
) -> list[ProfileRow]:
    """Return the rows of a buffer, oldest first; raises FrameError.

    A row without a time stands one period after the row before it; one that has no such row either
    is left out. A status column, or a doubtful clock, makes a row's samples suspect.
    """
    plan = _plan(layout)
    status_at = [at for at, column in enumerate(layout.columns) if _is(column, _STATUS_GROUPS)]
    found = []
    for moment, doubtful, values in stamped(buffer, layout, zone):
        flags = any(_flags(values[at]) & suspect_bits for at in status_at)
        status = STATUS_SUSPECT if doubtful or flags else STATUS_OK
        found.append(ProfileRow(moment, _samples(values, plan, status, moment)))
    return found


def stamped(
    buffer: object, layout: Layout, zone: tzinfo
) -> Iterator[tuple[datetime, bool, Sequence]]:
    """Give (time, whether it is doubtful, values) of each row that has a time, oldest first."""
    if not isinstance(buffer, list):
        raise FrameError("the buffer of a profile is no array")
    clock_at = next((at for at, column in enumerate(layout.columns) if column.is_time), None)
    step = timedelta(seconds=layout.period) if layout.period else None
    moment, doubtful, width = None, False, len(layout.columns)
    for values in reversed(buffer) if layout.newest_first else buffer:
        if not isinstance(values, list):
            values = [values]
        if len(values) != width:
            raise FrameError(f"a row of {len(values)} values for {width} columns")
        stamp = values[clock_at] if clock_at is not None else None
        told = parse_clock(stamp, zone)
        if told:
            moment, doubtful = told, clock_is_doubtful(stamp)
        elif moment is not None:
            moment = moment + step if step else None
        if moment is not None:
            yield moment, doubtful, values


def event_rows(buffer: object, layout: Layout, zone: tzinfo, log: bytes) -> list[MeterEvent]:
    """Return the entries of an event log, oldest first; raises FrameError."""
    found = []
    for moment, _, values in stamped(buffer, layout, zone):
        code, rest = "", []
        for column, value in zip(layout.columns, values, strict=True):
            if column.is_time or value is None:
                continue
            if not code and (_is(column, _CODE_GROUPS) or isinstance(value, int)):
                code = str(plain_value(value))
            else:
                rest.append(f"{column_names(column)[1]}={plain_value(value)}")
        known = EVENT_NAMES.get(code, "")
        text = "; ".join(filter(None, (known, *rest, name_text(log))))
        found.append(MeterEvent(moment, code or "entry", text))
    return found


def _plan(layout: Layout) -> list[tuple[int, tuple[str, ...], Scaling, str]]:
    """Return (position, names, scaling, unit) of each column that can hold a number."""
    plan, taken = [], set()
    for at, column in enumerate(layout.columns):
        if column.is_time:
            continue
        long, short = column_names(column)
        names = tuple(name for name in (long, short) if name not in taken)
        taken.update(names)
        scaling, unit = _scaling(layout.scales.get(column))
        if names:
            plan.append((at, names, scaling, unit))
    return plan


def _scaling(pair: tuple[int, int] | None) -> tuple[Scaling, str]:
    scaler, number = pair or (0, 255)
    if not -30 <= scaler <= 30:
        raise FrameError(f"a scaler of {scaler}")
    unit, factor = UNITS.get(number, (f"unit {number}", 1))
    if factor == 1 and not scaler:
        return Decimal, unit
    step = EXACT.scaleb(Decimal(factor), Decimal(scaler))
    return lambda value: EXACT.multiply(Decimal(value), step), unit


def _samples(values: Sequence, plan: list, status: int, moment: datetime) -> dict[str, Sample]:
    samples = {}
    for at, names, scaling, unit in plan:
        value = values[at]
        if value.__class__ is int or isinstance(value, Decimal):
            sample = Sample(scaling(value), unit, status, moment)
            for name in names:
                samples[name] = sample
    return samples


def _is(column: Column, groups: tuple[int, int]) -> bool:
    return column.class_id != 7 and (column.name[2], column.name[3]) == groups


def _flags(value: object) -> int:
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    if isinstance(value, str) and set(value) <= {"0", "1"}:
        # A bit string: its first bit is bit 0.
        return int(value[::-1] or "0", 2)
    return value if isinstance(value, int) else 0

# SPDX-License-Identifier: MIT
"""Load profiles: answers to a request for P.01.

Two shapes exist. German VDEW: a header ``P.01(stamp)(status)(minutes)(channels)(code)(unit)…`` and
then a line of bare brackets for each period. Turkish: ``P.01(yy-mm-dd,hh:mm)(value)…(status)`` on
each line, without codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...model import FrameError, Record
from .datasets import tokens
from .stamps import parse_stamp
from .values import parse_number

_MAX_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class _Header:
    start: datetime
    status: str
    period: timedelta
    channels: tuple[tuple[str, str], ...]


def is_profile(text: str) -> bool:
    """Whether the text holds load profile answers."""
    return "P.0" in text and any(code.startswith("P.0") for code, _, _ in tokens(text))


def parse_profile(text: str) -> tuple[Record, ...]:
    """Return one record a period and channel, ``ts`` the local end of the period.

    Raises FrameError when a header or a row does not hold together.
    """
    return tuple(_records(text))


def _records(text: str) -> Iterator[Record]:
    header: _Header | None = None
    row = 0
    for code, values, _ in tokens(text):
        if code.startswith("P.0"):
            header, row = _header(values), 0
            if header is None:
                yield from _dated_row(code, values)
        elif code or not values:
            continue
        elif header is None:
            raise FrameError("a row of a load profile without a header before it")
        else:
            yield from _row(header, values, row)
            row += 1


def _header(values: tuple[str, ...]) -> _Header | None:
    """Return the header, or None for a Turkish line, whose stamp has dashes."""
    start = parse_stamp(values[0].strip())
    if start is None:
        raise FrameError(f"a load profile without a time: {values[0][:30]!r}")
    if "-" in values[0]:
        return None
    minutes, count = map(_small, (*values[2:4], "", "")[:2])
    if not 0 < minutes <= 1440 or not 0 < count <= _MAX_CHANNELS or len(values) != 4 + 2 * count:
        raise FrameError("the header of a load profile does not hold together")
    channels = tuple(zip(values[4::2], values[5::2], strict=True))
    return _Header(start, values[1], timedelta(minutes=minutes), channels)


def _small(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 4 else 0


def _row(header: _Header, values: tuple[str, ...], row: int) -> Iterator[Record]:
    if len(values) != len(header.channels):
        raise FrameError(f"{len(values)} values for {len(header.channels)} channels")
    stamp = (header.start + row * header.period).isoformat()
    for (code, unit), text in zip(header.channels, values, strict=True):
        yield _record(code, f"{text}*{unit}", stamp, [text, header.status])


def _dated_row(code: str, values: tuple[str, ...]) -> Iterator[Record]:
    stamp = parse_stamp(values[0].strip()).isoformat()
    for at, text in enumerate(values[1:-1]):
        yield _record(f"{code}#{at + 1}", text, stamp, [text, values[-1]])


def _record(code: str, text: str, stamp: str, raw: list[str]) -> Record:
    number = parse_number(text)
    if number is None:
        raise FrameError(f"not a number in a load profile: {text[:30]!r}")
    return Record("load_profile", number[0], number[1], code, stamp, raw=raw)

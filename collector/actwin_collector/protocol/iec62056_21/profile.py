# SPDX-License-Identifier: MIT
"""Load profiles: answers to a request for P.01.

Two shapes exist. German VDEW: a header ``P.01(stamp)(status)(minutes)(channels)(code)(unit)…`` and
then bare brackets, one for each channel of each period. Turkish: ``P.01(yy-mm-dd,hh:mm)(value)…``
on each line, often with a status last, without codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...model import FrameError, Record
from .datasets import tokens
from .stamps import parse_stamp, season_of
from .values import parse_number

_MAX_CHANNELS = 64
_NO_VALUE = frozenset("-_*. ")


@dataclass(frozen=True, slots=True)
class Period:
    """One row. Its local time is ``start`` plus ``after``; ``cells`` are (code, text, unit).

    ``minutes`` is 0, and codes are empty, where the profile names none; ``status`` then stands
    among the cells.
    """

    profile: str
    start: datetime
    season: str
    after: timedelta
    minutes: int
    status: str
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _Header:
    profile: str
    start: datetime
    season: str
    status: str
    minutes: int
    channels: tuple[tuple[str, str], ...]


def is_profile(text: str) -> bool:
    """Whether the text holds load profile answers."""
    return "P.0" in text and any(code.startswith("P.0") for code, _, _ in tokens(text))


def parse_profile(text: str) -> tuple[Record, ...]:
    """Return one record a period and channel, ``ts`` the local end of the period.

    Raises FrameError when a header or a row does not hold together.
    """
    return tuple(record for period in periods(text) for record in _records(period))


def periods(text: str) -> Iterator[Period]:
    """Yield the rows in the order sent; raises FrameError."""
    header: _Header | None = None
    row = 0
    for code, values, _ in tokens(text):
        if code.startswith("P.0"):
            header, row = None, 0
            if "-" in values[0] and not _names_channels(values):
                yield _dated(code, values)
                continue
            header, values = _header(code, values)
            if header is None:
                continue
        elif code or not values:
            continue
        elif header is None:
            raise FrameError("a row of a load profile without a header before it")
        for cells in _cut(header, values):
            yield _period(header, cells, row)
            row += 1


def _header(code: str, values: tuple[str, ...]) -> tuple[_Header | None, tuple[str, ...]]:
    """Return (header, rows that stand on its line); no header where the meter says "nothing"."""
    stamp = values[0].strip()
    if len(values) == 1 and (not stamp.strip("0") or stamp.upper().startswith("ER")):
        return None, ()
    start = parse_stamp(stamp)
    if start is None:
        raise FrameError(f"a load profile without a time: {stamp[:30]!r}")
    minutes, count = map(_small, (*values[2:4], "", "")[:2])
    size = 4 + 2 * count
    if not 0 < minutes <= 1440 or not 0 < count <= _MAX_CHANNELS or len(values) < size:
        raise FrameError("the header of a load profile does not hold together")
    channels = tuple(zip(values[4:size:2], values[5:size:2], strict=True))
    header = _Header(code, start, season_of(stamp), values[1].strip(), minutes, channels)
    return header, values[size:]


def _names_channels(values: tuple[str, ...]) -> bool:
    """Whether a dated line is a header: minutes, a count, and that many codes with units."""
    if len(values) < 6 or not all(map(_small, values[2:4])):
        return False
    return parse_number(values[4]) is None and len(values) >= 4 + 2 * _small(values[3])


def _small(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 4 else 0


def _cut(header: _Header, values: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    count = len(header.channels)
    if len(values) % count:
        raise FrameError(f"{len(values)} values for {count} channels")
    for at in range(0, len(values), count):
        yield values[at : at + count]


def _period(header: _Header, cells: tuple[str, ...], row: int) -> Period:
    return Period(
        header.profile,
        header.start,
        header.season,
        row * timedelta(minutes=header.minutes),
        header.minutes,
        header.status,
        tuple(
            (code, text, unit)
            for (code, unit), text in zip(header.channels, cells, strict=True)
        ),
    )


def _dated(code: str, values: tuple[str, ...]) -> Period:
    start = parse_stamp(values[0].strip())
    if start is None:
        raise FrameError(f"a load profile without a time: {values[0][:30]!r}")
    cells = tuple(("", text, "") for text in values[1:])
    return Period(code, start, "", timedelta(0), 0, "", cells)


def _records(period: Period) -> Iterator[Record]:
    cells, status = period.cells, period.status
    if not period.minutes and _ends_in_status(cells):
        status, cells = cells[-1][1], cells[:-1]
    stamp = (period.start + period.after).isoformat()
    for at, (code, text, unit) in enumerate(cells, 1):
        number = cell_number(text, unit)
        value, base = number or (None, "")
        name = code or f"{period.profile}#{at}"
        yield Record("load_profile", value, base, name, stamp, raw=[text, status])


def _ends_in_status(cells: tuple[tuple[str, str, str], ...]) -> bool:
    """Whether the last of bare cells is a status word: it has no decimals where values have."""
    texts = [text for _, text, _ in cells]
    return bool(texts) and not ("." in texts[-1] and any("." in text for text in texts[:-1]))


def cell_number(text: str, unit: str) -> tuple | None:
    """Return (value, base unit) of one cell, None for "no value"; raises FrameError."""
    if not set(text) - _NO_VALUE:
        return None
    number = parse_number(f"{text}*{unit}" if unit else text)
    if number is None:
        raise FrameError(f"not a number in a load profile: {text[:30]!r}")
    return number

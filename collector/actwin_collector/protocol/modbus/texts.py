# SPDX-License-Identifier: MIT
"""Registers that hold no number: texts, and the ways meters write date and time."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime

# Kind → registers it takes; 0: the map says how many.
WORDS = {"string": 0, "datetime6": 6, "datetime3": 3, "datetime_iec": 4, "epoch32": 2}
TIMES = tuple(kind for kind in WORDS if kind != "string")
_CENTURY = 2000


def decode_text(data: bytes, kind: str) -> str | None:
    """Return a text, or local date and time in ISO form; None where there is none."""
    if kind == "string":
        return data.split(b"\0", 1)[0].decode("latin-1").strip() or None
    try:
        return _READ[kind](data)
    except ValueError:
        return None


def encode_text(moment: datetime, kind: str) -> bytes:
    """Return the bytes of a moment as a device keeps it."""
    parts = (moment.year % 100, moment.month, moment.day, *moment.timetuple()[3:6])
    if kind == "datetime6":
        return b"".join(part.to_bytes(2, "big") for part in (moment.year, *parts[1:]))
    if kind == "datetime3":
        return bytes(parts)
    if kind == "datetime_iec":
        milliseconds = moment.second * 1000 + moment.microsecond // 1000
        return bytes((0, *parts[:5])) + milliseconds.to_bytes(2, "big")
    return calendar.timegm(moment.timetuple()).to_bytes(4, "big")


def _six_words(data: bytes) -> str | None:
    """Year, month, day, hour, minute, second, a register each."""
    year, *rest = (int.from_bytes(data[at : at + 2], "big") for at in range(0, 12, 2))
    return _iso(year, *rest)


def _six_bytes(data: bytes) -> str | None:
    """The same in a byte each."""
    return _iso(*data)


def _iec(data: bytes) -> str | None:
    """IEC 60870-5-4: year, month and day, hour and minute, milliseconds of the minute."""
    milliseconds = int.from_bytes(data[6:8], "big")
    if data[5] & 0x80:  # the device says that its time is invalid
        return None
    clock = (data[4] & 0x1F, data[5] & 0x3F, milliseconds // 1000)
    return _iso(data[1] & 0x7F, data[2] & 0x0F, data[3] & 0x1F, *clock)


def _epoch(data: bytes) -> str | None:
    seconds = int.from_bytes(data, "big")
    if seconds in (0, 0xFFFFFFFF):
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _iso(year: int, *rest: int) -> str:
    return datetime(year if year > 99 else _CENTURY + year, *rest).isoformat()


_READ: dict[str, Callable[[bytes], str | None]] = {
    "datetime6": _six_words,
    "datetime3": _six_bytes,
    "datetime_iec": _iec,
    "epoch32": _epoch,
}

# SPDX-License-Identifier: MIT
"""Types of single values in a payload: from bytes to an exact number or a text."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from ...model import ConfigError
from ..mbus.values import bcd_number, make_decoder, time_text
from ..mbus.vif import NUMBER
from ..mbus.vif import Vif as Unscaled

Value = Decimal | str | None
Decoder = Callable[[bytes], Value]

_NAME = re.compile(r"(?P<kind>[a-z_]+?)(?P<size>\d*)(?P<order>be|le)?")
_EPOCH_2000 = datetime(2000, 1, 1)
_FLOAT = make_decoder(5, Unscaled("", kind=NUMBER))


@lru_cache(maxsize=256)
def value_type(name: str) -> tuple[int, Decoder]:
    """Return (bytes taken, decoder) of a type such as ``u16``, ``i32be``, ``bcd4``, ``date_g``.

    ``uN`` ``iN`` ``fN``: N bits; ``bcdN`` ``hexN`` ``textN``: N bytes; ``unix``: seconds since
    1970, 4 bytes; ``date_g`` ``time_f`` ``time_i``: dates of EN 13757-3; ``date_dmy``: 2 bytes,
    day in the lowest 5 bits, month 4, year 7; ``clock6``: BCD second, minute, hour, day, month,
    year; ``outerN``: the first and the last of N bytes added; ``since2000``: seconds of local time.
    Little-endian unless ``be`` follows. Raises ConfigError.
    """
    match = _NAME.fullmatch(name)
    found = match and _known(match["kind"], int(match["size"] or 0))
    if not found:
        raise ConfigError(f"unknown type {name!r}")
    size, decode = found
    if match["order"] == "be":
        return size, lambda raw: decode(raw[::-1])
    return size, decode


def _known(kind: str, size: int) -> tuple[int, Decoder] | None:
    if kind in ("u", "i") and size % 8 == 0 and 8 <= size <= 512:
        signed = kind == "i"
        return size // 8, lambda raw: Decimal(int.from_bytes(raw, "little", signed=signed))
    if kind == "f" and size in (32, 64):
        return size // 8, _FLOAT if size == 32 else _double
    if kind in _SIZED and 0 < size <= 64:
        return size, _SIZED[kind]
    return _FIXED.get(f"{kind}{size or ''}")


def _double(raw: bytes) -> Value:
    number = struct.unpack("<d", raw)[0]
    return Decimal(repr(number)) if math.isfinite(number) else None


def _date_dmy(raw: bytes) -> Value:
    packed = int.from_bytes(raw, "little")
    return _iso(2000 + (packed >> 9), packed >> 5 & 0x0F, packed & 0x1F)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _clock(raw: bytes) -> Value:
    text = raw[::-1].hex()
    if not text.isdecimal():
        return None
    year, month, day, hour, minute, second = (int(text[n : n + 2]) for n in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second).isoformat()
    except ValueError:
        return None


def _unix(raw: bytes) -> Value:
    seconds = int.from_bytes(raw, "little")
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def _since_2000(raw: bytes) -> Value:
    return (_EPOCH_2000 + timedelta(seconds=int.from_bytes(raw, "little"))).isoformat()


_SIZED: dict[str, Decoder] = {
    "bcd": bcd_number,
    "hex": lambda raw: raw[::-1].hex().upper(),
    "outer": lambda raw: Decimal(raw[0] + raw[-1]),
    "text": lambda raw: raw.decode("latin-1").strip("\x00 "),
}
_FIXED: dict[str, tuple[int, Decoder]] = {
    "unix": (4, _unix),
    "since2000": (4, _since_2000),
    "date_g": (2, time_text),
    "time_f": (4, time_text),
    "time_i": (6, time_text),
    "date_dmy": (2, _date_dmy),
    "clock6": (6, _clock),
}

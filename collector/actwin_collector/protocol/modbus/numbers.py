# SPDX-License-Identifier: MIT
"""Register words to exact numbers and back.

Words travel high byte first. ``word_order`` little means the low word comes first; ``byte_order``
little means that the two bytes inside each word are swapped.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Decimal

from ...model import FrameError

WORDS = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "int64": 4,
    "uint64": 4,
    "float32": 2,
    "float64": 4,
}
ORDERS = ("big", "little")
_FORMATS = {"float32": ">f", "float64": ">d"}


def to_bytes(words: Sequence[int], word_order: str = "big", byte_order: str = "big") -> bytes:
    """Return the value's bytes, most significant first."""
    ordered = words if word_order == "big" else tuple(reversed(words))
    return b"".join(word.to_bytes(2, byte_order) for word in ordered)


def to_words(data: bytes, word_order: str = "big", byte_order: str = "big") -> tuple[int, ...]:
    """Return the words that ``to_bytes`` turns into ``data``."""
    pairs = (data[at : at + 2] for at in range(0, len(data), 2))
    words = tuple(int.from_bytes(pair, byte_order) for pair in pairs)
    return words if word_order == "big" else words[::-1]


def decode_number(data: bytes, kind: str) -> Decimal | None:
    """Return the exact value; None for the float patterns that are no number.

    A binary float stands for the shortest decimal that gives the same float back, which is what
    the meter's display and its maker's software show.
    """
    if kind not in _FORMATS:
        return Decimal(int.from_bytes(data, "big", signed=not kind.startswith("u")))
    value = struct.unpack(_FORMATS[kind], data)[0]
    if not math.isfinite(value):
        return None
    return Decimal(repr(value)) if kind == "float64" else _shortest_float32(value)


def encode_number(value: Decimal, kind: str) -> bytes:
    """Return the bytes of a value, integers cut towards zero; raises FrameError when too big."""
    try:
        if kind in _FORMATS:
            return struct.pack(_FORMATS[kind], float(value))
        return int(value).to_bytes(2 * WORDS[kind], "big", signed=not kind.startswith("u"))
    except (OverflowError, struct.error) as error:
        raise FrameError(f"{value} does not fit {kind}") from error


def _shortest_float32(value: float) -> Decimal:
    for digits in range(6, 10):
        text = format(value, f".{digits}g")
        # Nine digits always give the float back; rounding up past the largest one cannot be packed.
        if digits == 9 or (abs(float(text)) < 3.4e38 and _as_float32(float(text)) == value):
            return Decimal(text)
    raise AssertionError("unreachable")


def _as_float32(value: float) -> float:
    return struct.unpack(">f", struct.pack(">f", value))[0]

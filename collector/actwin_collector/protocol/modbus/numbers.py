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

# Kind of number → registers it takes. ``sm``: a sign bit and a magnitude; ``bcd``: four digits a
# register; ``m10k``: each register counts 0..9999; ``bit``: one coil or discrete input.
WORDS = {
    "bit": 1,
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "int48": 3,
    "uint48": 3,
    "int64": 4,
    "uint64": 4,
    "float32": 2,
    "float64": 4,
    "sm16": 1,
    "sm32": 2,
    "bcd16": 1,
    "bcd32": 2,
    "bcd48": 3,
    "bcd64": 4,
    "m10k32": 2,
    "m10k48": 3,
    "m10k64": 4,
}
ORDERS = ("big", "little")
_FORMATS = {"float32": ">f", "float64": ">d"}
_MYRIAD = 10_000


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
    """Return the exact value; None for patterns that are no number of this kind.

    A binary float stands for the shortest decimal that gives the same float back, which is what
    the meter's display and its maker's software show.
    """
    family = kind.rstrip("0123456789")
    if family in ("int", "uint", "bit"):
        return Decimal(int.from_bytes(data, "big", signed=family == "int"))
    if family == "sm":
        number = int.from_bytes(data, "big")
        top = 1 << (8 * len(data) - 1)
        return Decimal(top - number if number & top else number)
    if family == "bcd":
        digits = data.hex()
        return Decimal(digits) if digits.isdecimal() else None
    if family == "m10k":
        return _myriads(data)
    value = struct.unpack(_FORMATS[kind], data)[0]
    if not math.isfinite(value):
        return None
    return Decimal(repr(value)) if kind == "float64" else _shortest_float32(value)


def encode_number(value: Decimal, kind: str) -> bytes:
    """Return the bytes of a value, integers cut towards zero; raises FrameError when too big."""
    size = 2 * WORDS[kind]
    try:
        if kind in _FORMATS:
            return struct.pack(_FORMATS[kind], float(value))
        return _encode_integer(int(value), kind.rstrip("0123456789"), size)
    except (OverflowError, ValueError, struct.error) as error:
        raise FrameError(f"{value} does not fit {kind}") from error


def _encode_integer(number: int, family: str, size: int) -> bytes:
    if family == "sm":
        top = 1 << (8 * size - 1)
        if abs(number) >= top:
            raise OverflowError
        return (top - number if number < 0 else number).to_bytes(size, "big")
    if family == "bcd":
        return bytes.fromhex(f"{_natural(number, 10 ** (2 * size)):0{2 * size}d}")
    if family == "m10k":
        digits = f"{_natural(number, _MYRIAD ** (size // 2)):0{2 * size}d}"
        groups = (int(digits[at : at + 4]) for at in range(0, 2 * size, 4))
        return b"".join(group.to_bytes(2, "big") for group in groups)
    return number.to_bytes(size, "big", signed=family == "int")


def _natural(number: int, end: int) -> int:
    if not 0 <= number < end:
        raise OverflowError
    return number


def _myriads(data: bytes) -> Decimal | None:
    number = 0
    for word in to_words(data):
        if word >= _MYRIAD:
            return None
        number = number * _MYRIAD + word
    return Decimal(number)


def _shortest_float32(value: float) -> Decimal:
    for digits in range(6, 10):
        text = format(value, f".{digits}g")
        # Nine digits always give the float back; rounding up past the largest one cannot be packed.
        if digits == 9 or (abs(float(text)) < 3.4e38 and _as_float32(float(text)) == value):
            return Decimal(text)
    raise AssertionError("unreachable")


def _as_float32(value: float) -> float:
    return struct.unpack(">f", struct.pack(">f", value))[0]

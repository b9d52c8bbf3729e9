# SPDX-License-Identifier: MIT
"""A-XDR values of DLMS (Blue Book 4.1.5, IEC 61334-6): bytes in, plain Python values out.

null → None, integers and enum → int, bool → bool, floats → Decimal, octet string, date, time and
date-time → bytes, texts and bit strings → str, array and structure → list.
"""

from __future__ import annotations

import math
import struct
from decimal import Decimal

from ...model import FrameError
from ..modbus.numbers import decode_number

MAX_DEPTH = 24
MAX_VALUES = 200_000

_INTEGERS = {
    5: (4, True),
    6: (4, False),
    15: (1, True),
    16: (2, True),
    17: (1, False),
    18: (2, False),
    20: (8, True),
    21: (8, False),
    22: (1, False),
    28: (1, True),
    29: (2, True),
    30: (4, True),
    31: (1, False),
    32: (2, False),
    33: (4, False),
}
_FIXED = {25: 12, 26: 5, 27: 4}
_FLOATS = {7: 4, 23: 4, 24: 8}
_ARRAY, _STRUCTURE, _COMPACT = 1, 2, 19


class Reader:
    """Takes values from bytes one after another; raises FrameError at the first that is wrong."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at
        self._left = MAX_VALUES

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        end = self.at + count
        if end > len(self.data):
            raise FrameError(f"{end - len(self.data)} bytes are missing", "truncated")
        part = self.data[self.at : end]
        self.at = end
        return part

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def number(self, size: int) -> int:
        """Return an unsigned number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        """Return a length or count in its one to five byte form."""
        first = self.byte()
        if first < 0x80:
            return first
        size = first & 0x7F
        if not 1 <= size <= 4:
            raise FrameError(f"a length of {size} bytes")
        return self.number(size)

    def octets(self) -> bytes:
        """Return a string that begins with its length."""
        return self.take(self.length())

    def end(self) -> None:
        """Refuse bytes that belong to nothing."""
        if self.rest:
            raise FrameError(f"{self.rest} bytes too many")

    def value(self, depth: int = 0) -> object:
        """Return the next value with its type byte."""
        return self._of_type(self.byte(), depth)

    def _of_type(self, kind: int, depth: int) -> object:
        self._count(depth)
        if kind in _INTEGERS:
            size, signed = _INTEGERS[kind]
            return int.from_bytes(self.take(size), "big", signed=signed)
        if kind == 9:
            return self.octets()
        if kind in (_ARRAY, _STRUCTURE):
            return [self.value(depth + 1) for _ in range(self._elements())]
        return self._rare(kind, depth)

    def _rare(self, kind: int, depth: int) -> object:
        if kind in (0, 255):
            return None
        if kind == 3:
            return self.byte() != 0
        if kind in (10, 12):
            return text_of(self.octets())
        if kind in _FIXED:
            return self.take(_FIXED[kind])
        if kind in _FLOATS:
            return _float(self.take(_FLOATS[kind]))
        if kind == 4:
            return self._bits()
        if kind == 13:
            return self.byte()
        if kind == _COMPACT:
            return self._compact(depth)
        raise FrameError(f"there is no data type {kind}")

    def _elements(self) -> int:
        # Every element takes a byte at least, so a count beyond the bytes left is a lie.
        count = self.length()
        if count > self.rest:
            raise FrameError(f"{count} elements in {self.rest} bytes", "truncated")
        return count

    def _count(self, depth: int) -> None:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise FrameError("values nested too deep or too many of them")

    def _bits(self) -> str:
        count = self.length()
        data = self.take((count + 7) // 8)
        return "".join(f"{byte:08b}" for byte in data)[:count]

    def _compact(self, depth: int) -> list:
        description = self._description(depth)
        content = Reader(self.octets())
        content._left = self._left
        values = []
        while content.rest:
            before = content.at
            values.append(content._described(description, depth + 1))
            if content.at == before:
                raise FrameError("a compact array of nothing")
        self._left = content._left
        return values

    def _description(self, depth: int) -> tuple:
        if depth > MAX_DEPTH:
            raise FrameError("a type description nested too deep")
        kind = self.byte()
        if kind == _ARRAY:
            return kind, self.number(2), self._description(depth + 1)
        if kind == _STRUCTURE:
            return kind, [self._description(depth + 1) for _ in range(self._elements())]
        return (kind,)

    def _described(self, description: tuple, depth: int) -> object:
        kind = description[0]
        if kind == _ARRAY:
            self._count(depth)
            return [self._described(description[2], depth + 1) for _ in range(description[1])]
        if kind == _STRUCTURE:
            self._count(depth)
            return [self._described(each, depth + 1) for each in description[1]]
        return self._of_type(kind, depth)


def decode(data: bytes) -> object:
    """Return the one value that ``data`` is; raises FrameError."""
    reader = Reader(data)
    value = reader.value()
    reader.end()
    return value


def text_of(data: bytes) -> str:
    """Return bytes as text where they are printable, else as ``hex:…``."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return as_hex(data)
    stripped = text.rstrip("\x00 ")
    return stripped if stripped.isprintable() else as_hex(data)


def as_hex(data: bytes) -> str:
    """Return bytes as ``hex:…``."""
    return f"hex:{data.hex().upper()}"


def encode_length(count: int) -> bytes:
    """Return a length in its shortest form."""
    if count < 0x80:
        return bytes((count,))
    digits = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits


def _float(data: bytes) -> Decimal | None:
    value = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    if not math.isfinite(value):
        return None
    return decode_number(data, "float32" if len(data) == 4 else "float64")

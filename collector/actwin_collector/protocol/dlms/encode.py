# SPDX-License-Identifier: MIT
"""A-XDR values of DLMS, the way out: each function returns a value with its type byte.

The counterpart of ``axdr``; a value nests by passing the results on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .axdr import encode_length
from .cosem import encode_clock

NULL = b"\x00"


def boolean(value: bool) -> bytes:
    """Return a boolean."""
    return b"\x03\x01" if value else b"\x03\x00"


def uint8(value: int) -> bytes:
    """Return an unsigned."""
    return b"\x11" + value.to_bytes(1, "big")


def int8(value: int) -> bytes:
    """Return an integer of one byte."""
    return b"\x0f" + value.to_bytes(1, "big", signed=True)


def uint16(value: int) -> bytes:
    """Return a long-unsigned."""
    return b"\x12" + value.to_bytes(2, "big")


def int16(value: int) -> bytes:
    """Return a long."""
    return b"\x10" + value.to_bytes(2, "big", signed=True)


def uint32(value: int) -> bytes:
    """Return a double-long-unsigned."""
    return b"\x06" + value.to_bytes(4, "big")


def uint64(value: int) -> bytes:
    """Return a long64-unsigned."""
    return b"\x15" + value.to_bytes(8, "big")


def enum(value: int) -> bytes:
    """Return an enumeration."""
    return b"\x16" + value.to_bytes(1, "big")


def octets(data: bytes) -> bytes:
    """Return an octet string."""
    return b"\x09" + encode_length(len(data)) + data


def text(value: str) -> bytes:
    """Return a visible string."""
    data = value.encode("ascii")
    return b"\x0a" + encode_length(len(data)) + data


def structure(*values: bytes) -> bytes:
    """Return a structure of encoded values."""
    return b"\x02" + encode_length(len(values)) + b"".join(values)


def array(values: Iterable[bytes]) -> bytes:
    """Return an array of encoded values."""
    listed = list(values)
    return b"\x01" + encode_length(len(listed)) + b"".join(listed)


def clock(moment: datetime) -> bytes:
    """Return an aware time as an octet string of 12 bytes."""
    return octets(encode_clock(moment))

# SPDX-License-Identifier: MIT
"""The TCP wrapper of DLMS (IEC 62056-47): version 1, source and target port, length."""

from __future__ import annotations

from ...model import FrameError

HEADER_BYTES = 8
_VERSION = 1


def build(source: int, target: int, apdu: bytes) -> bytes:
    """Return a frame."""
    numbers = (_VERSION, source, target, len(apdu))
    return b"".join(number.to_bytes(2, "big") for number in numbers) + apdu


def parse_header(header: bytes) -> tuple[int, int, int]:
    """Return source, target and length of the APDU that follows; raises FrameError."""
    version, source, target, length = (
        int.from_bytes(header[at : at + 2], "big") for at in range(0, HEADER_BYTES, 2)
    )
    if len(header) != HEADER_BYTES or version != _VERSION:
        raise FrameError(f"{header.hex().upper()} is not a wrapper header")
    if not length:
        raise FrameError("a wrapper frame without a message", "empty")
    return source, target, length


def split(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return (source, target, APDU) of each frame in a byte string; raises FrameError."""
    frames = []
    at = 0
    while at < len(data):
        source, target, length = parse_header(data[at : at + HEADER_BYTES])
        at += HEADER_BYTES
        if at + length > len(data):
            raise FrameError(f"{at + length - len(data)} bytes are missing", "truncated")
        frames.append((source, target, data[at : at + length]))
        at += length
    return frames

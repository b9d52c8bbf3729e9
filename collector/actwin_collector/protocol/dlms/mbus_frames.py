# SPDX-License-Identifier: MIT
"""DLMS messages inside wired M-Bus frames (EN 13757-1, IEC 62056-7-3), as customer interfaces send.

The CI field counts the segments of a message from 0 on and marks the last one with bit 4; service
access points of sender and receiver follow, then the segment.
"""

from __future__ import annotations

from ...model import CollectorError, FrameError
from ..mbus.link import DLMS_SEGMENTS, Frame, parse_frame

_START = 0x68
_LAST, _NUMBER = 0x10, 0x0F
_AROUND = 6
_HEADER = 3
# Some meters put more into a frame than its length byte can tell: it runs over.
_OVERFLOW = 256


def is_mbus(data: bytes) -> bool:
    """Whether bytes begin like a long M-Bus frame with a segment of a DLMS message."""
    framed = len(data) > _AROUND and data[0] == data[3] == _START and data[1] == data[2]
    return framed and data[6] <= DLMS_SEGMENTS


def messages_in(data: bytes) -> list[bytes]:
    """Return the messages in a row of frames; raises FrameError, ChecksumError."""
    messages: list[bytes] = []
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        frame, size = _frame_at(data[at:])
        at += size
        control = frame.data[0] if len(frame.data) >= _HEADER else 0xFF
        if control > DLMS_SEGMENTS:
            raise FrameError("an M-Bus frame without a segment of a DLMS message")
        # The number has four bits.
        if control & _NUMBER != len(parts) & _NUMBER:
            text = f"segment {control & _NUMBER} came instead of {len(parts) & _NUMBER}"
            raise FrameError(text, "bad_block")
        parts.append(frame.data[_HEADER:])
        if control & _LAST:
            messages.append(b"".join(parts))
            parts = []
    if parts:
        raise FrameError("the last segment is missing", "truncated")
    return messages


def _frame_at(data: bytes) -> tuple[Frame, int]:
    size = data[1] + _AROUND if len(data) > 1 else _AROUND
    try:
        return parse_frame(data[:size]), size
    except CollectorError:
        longer = data[: size + _OVERFLOW]
        if not _is_overlong(longer, size):
            raise
        return Frame(longer[4], longer[5], longer[6:-2]), len(longer)


def _is_overlong(data: bytes, told: int) -> bool:
    whole = len(data) == told + _OVERFLOW and is_mbus(data) and data[-1] == 0x16
    return whole and sum(data[4:-2]) & 0xFF == data[-2]

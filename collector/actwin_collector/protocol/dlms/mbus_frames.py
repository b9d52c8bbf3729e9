# SPDX-License-Identifier: MIT
"""DLMS messages inside wired M-Bus frames (EN 13757-1, IEC 62056-7-3), as customer interfaces send.

The CI field counts the segments of a message from 0 on and marks the last one with bit 4; service
access points of sender and receiver follow, then the segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model import CollectorError, FrameError
from ..mbus.link import DLMS_SEGMENTS, Frame, parse_frame

SHORT, START = 0x10, 0x68
_LAST, _NUMBER = 0x10, 0x0F
_AROUND = 6
_HEADER = 3
# Some meters put more into a frame than its length byte can tell: it runs over.
_OVERFLOW = 256
LONGEST = 255 + _AROUND + _OVERFLOW


@dataclass(frozen=True, slots=True)
class Segment:
    """What one frame carries of a message; ``number`` has four bits and begins again."""

    number: int
    last: bool
    source: int
    target: int
    data: bytes


def is_mbus(data: bytes) -> bool:
    """Whether bytes begin like a long M-Bus frame with a segment of a DLMS message."""
    return len(data) > _AROUND and may_begin(data)


def may_begin(data: bytes | bytearray) -> bool:
    """Whether bytes, be they few, begin like such a frame."""
    if data[:1] != bytes((START,)) or data[3:4] not in (b"", bytes((START,))):
        return False
    same_length = len(data) < 3 or data[1] == data[2]
    return same_length and (len(data) <= _AROUND or data[6] <= DLMS_SEGMENTS)


def longest_of(data: bytes | bytearray) -> int:
    """Return how many bytes the frame that ``data`` begins with has at the most."""
    return data[1] + _AROUND + _OVERFLOW if len(data) > 1 else LONGEST


def messages_in(data: bytes) -> list[bytes]:
    """Return the messages in a row of frames; raises FrameError, ChecksumError."""
    messages: list[bytes] = []
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        segment, size = segment_at(data[at : at + LONGEST])
        at += size
        check_order(segment.number, len(parts))
        parts.append(segment.data)
        if segment.last:
            messages.append(b"".join(parts))
            parts = []
    if parts:
        raise FrameError("the last segment is missing", "truncated")
    return messages


def check_order(number: int, before: int) -> None:
    """Raise FrameError unless a segment follows so many others."""
    if number != before & _NUMBER:
        raise FrameError(f"segment {number} came instead of {before & _NUMBER}", "bad_block")


def segment_at(data: bytes) -> tuple[Segment, int]:
    """Return the segment that ``data`` begins with and its frame's size; raises CollectorError."""
    frame, size = _frame_at(data)
    control = frame.data[0] if len(frame.data) >= _HEADER else 0xFF
    if control > DLMS_SEGMENTS:
        raise FrameError("an M-Bus frame without a segment of a DLMS message")
    _, source, target = frame.data[:_HEADER]
    number, last = control & _NUMBER, bool(control & _LAST)
    return Segment(number, last, source, target, frame.data[_HEADER:]), size


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

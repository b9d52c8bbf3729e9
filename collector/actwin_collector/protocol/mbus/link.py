# SPDX-License-Identifier: MIT
"""Link layer of EN 13757-2: frames as bytes, and how to read one from a stream."""

from __future__ import annotations

from dataclasses import dataclass

from ...channel.base import Link
from ...model import ChecksumError, FrameError

ACK = b"\xe5"
SND_NKE = 0x40
SND_UD = 0x53
REQ_UD2 = 0x5B
FCB = 0x20
MASTER = 0x40
SECONDARY = 0xFD
BROADCAST_ANSWERED = 0xFE
BROADCAST = 0xFF
# CI fields up to this one number the segments of a DLMS message.
DLMS_SEGMENTS = 0x1F
APPLICATION_RESET, SEND_DATA, SELECT = 0x50, 0x51, 0x52

_SHORT, _LONG, _STOP = 0x10, 0x68, 0x16
# Start, eight data, parity and stop bit; a full frame at 300 Bd takes more than nine seconds.
_BITS_PER_CHARACTER = 11
_SLOWEST = 300


@dataclass(slots=True)
class Frame:
    """A long or short frame; ``data`` starts with the CI field and is empty in a short frame."""

    control: int
    address: int
    data: bytes = b""


def short_frame(control: int, address: int) -> bytes:
    """Return the five bytes of a short frame."""
    return bytes((_SHORT, control, address, control + address & 0xFF, _STOP))


def long_frame(control: int, address: int, data: bytes) -> bytes:
    """Return a long frame around ``data``, which starts with the CI field."""
    body = bytes((control, address)) + data
    return bytes((_LONG, len(body), len(body), _LONG)) + body + bytes((sum(body) & 0xFF, _STOP))


def is_short_frame(wire: bytes) -> bool:
    """Whether bytes are a sound short frame."""
    sound = len(wire) == 5 and wire[0] == _SHORT and wire[4] == _STOP
    return sound and wire[1] + wire[2] & 0xFF == wire[3]


def parse_frame(wire: bytes) -> Frame:
    """Return the frame that ``wire`` is, exactly; raises FrameError or ChecksumError."""
    if wire[:1] == bytes((_SHORT,)):
        return _checked(wire, wire[1:3], 5)
    if len(wire) < 9 or wire[0] != _LONG or wire[3] != _LONG:
        raise FrameError("not an M-Bus frame")
    if wire[1] != wire[2] or wire[1] < 3:
        raise FrameError(f"the two length bytes are {wire[1]} and {wire[2]}")
    return _checked(wire, wire[4:-2], wire[1] + 6)


def _checked(wire: bytes, body: bytes, length: int) -> Frame:
    if len(wire) < length:
        raise FrameError(f"{len(wire)} of {length} bytes", "truncated")
    if len(wire) > length:
        raise FrameError(f"{len(wire) - length} bytes after the end of the frame")
    if wire[-1] != _STOP:
        raise FrameError("no stop byte at the end of the frame")
    if sum(body) & 0xFF != wire[-2]:
        raise ChecksumError(f"check sum is {wire[-2]:02X}, should be {sum(body) & 0xFF:02X}")
    return Frame(body[0], body[1], body[2:])


def answer_seconds(baudrate: int) -> float:
    """Return how long a meter may take to begin its answer (EN 13757-2: 330 bit times + 50 ms)."""
    return 330 / max(baudrate, _SLOWEST) + 0.05


async def receive(link: Link, timeout: float, baudrate: int = 0) -> bytes:
    """Read one frame, or the single character E5; raises NoAnswer, FrameError, LinkError."""
    first = await link.read_exactly(1, timeout)
    if first == ACK:
        return first
    if first[0] == _SHORT:
        return first + await link.read_exactly(4, timeout)
    if first[0] != _LONG:
        raise FrameError(f"an answer starts with {first.hex().upper()}")
    head = first + await link.read_exactly(3, timeout)
    if head[1] != head[2] or head[3] != _LONG:
        raise FrameError(f"an answer starts with {head.hex().upper()}")
    rest = head[1] + 2
    transfer = rest * _BITS_PER_CHARACTER / max(baudrate or link.line.baudrate, _SLOWEST)
    return head + await link.read_exactly(rest, timeout + transfer)

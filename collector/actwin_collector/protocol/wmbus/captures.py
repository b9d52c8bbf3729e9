# SPDX-License-Identifier: MIT
"""Radio telegrams as receivers hand them over, brought to one form: CRCs off, length byte right.

One form, because two receivers of different kinds must not make two telegrams of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model import FrameError
from ..mbus.media import manufacturer_letters
from .frame import FORMAT_A, FORMAT_B, HEADER, RAW, RadioFrame, crc16, parse_frame

# SND_NR, SND_IR and answers to a request; what else is on the air carries no readings.
CONTROLS = frozenset({0x44, 0x46, 0x08, 0x18, 0x28, 0x38})
_INFORMATION = frozenset({*range(0x70, 0x7C), *range(0x8C, 0x91), *range(0xA0, 0xB8)})
_BLOCK_A = 16


@dataclass(frozen=True, slots=True)
class Capture:
    """One telegram: L field to the last data byte, and how strongly it came in (dBm).

    ``proven``: check values of the receiver or of the radio frame were right.
    """

    wire: bytes
    rssi: int | None = None
    proven: bool = False


def capture(wire: bytes, form: str | None = None, rssi: int | None = None) -> Capture:
    """Return a telegram in the one form; raises FrameError, ChecksumError by name.

    ``form`` None finds out whether CRCs are in it.
    """
    frame = parse_frame(wire, form)
    if frame.control not in CONTROLS or not manufacturer_letters(frame.manufacturer).isalpha():
        raise FrameError("not a meter's telegram", "no_reading")
    plain = rebuilt(frame)
    return Capture(plain, rssi, len(plain) != len(wire))


def rebuilt(frame: RadioFrame) -> bytes:
    """Return a frame's bytes without CRCs; raises FrameError when they do not fit the L field."""
    body = bytes((frame.control,)) + frame.manufacturer + frame.address + frame.data
    if len(body) > 0xFF:
        raise FrameError(f"{len(body)} bytes are too long for a radio telegram", "oversized")
    return bytes((len(body),)) + body


def may_begin(data: bytes) -> bool:
    """Whether a telegram may begin here, as far as the bytes go."""
    if len(data) >= 1 and not data[0] >= HEADER:
        return False
    if len(data) >= 2 and data[1] not in CONTROLS:
        return False
    if len(data) >= 4 and not manufacturer_letters(data[2:4]).isalpha():
        return False
    # Behind the header stands its CRC, or the CI field at once.
    return len(data) < 13 or data[10] in _INFORMATION or data[12] in _INFORMATION


def wire_length(data: bytes, form: str | None) -> int:
    """Return how many bytes a telegram that begins here takes; 0: too few to tell."""
    length = data[0] + 1
    long = length + 2 * (1 + -(-(length - HEADER) // _BLOCK_A))
    if form in (RAW, FORMAT_B):
        return length
    if form == FORMAT_A:
        return long
    if len(data) < HEADER + 2:
        return 0
    sent = int.from_bytes(data[HEADER : HEADER + 2], "big")
    return long if crc16(data[:HEADER]) == sent else length

# SPDX-License-Identifier: MIT
"""HDLC frames of DLMS (IEC 62056-46, frame format 3): split, verify, build."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import ChecksumError, FrameError

FLAG = 0x7E
LLC_REQUEST = bytes.fromhex("E6E600")
LLC_RESPONSE = bytes.fromhex("E6E700")
SNRM, UA, DISC, DM, FRMR = 0x93, 0x73, 0x53, 0x1F, 0x97
UI = 0x03
FINAL = 0x10
MIN_LENGTH = 7


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


_FCS = _table()


@dataclass(frozen=True, slots=True)
class Frame:
    """One verified frame; addresses as on the wire without the continuation bits."""

    target: int
    source: int
    control: int
    info: bytes
    segmented: bool

    @property
    def is_information(self) -> bool:
        """Whether it is numbered and carries a piece of an APDU."""
        return not self.control & 1

    @property
    def is_unnumbered_information(self) -> bool:
        """Whether it is a push."""
        return self.control & ~FINAL == UI


def checksum(data: bytes) -> bytes:
    """Return the frame check sequence as sent."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _FCS[(value ^ byte) & 0xFF]
    return (value ^ 0xFFFF).to_bytes(2, "little")


def encode_address(logical: int, physical: int = 0, size: int = 0) -> bytes:
    """Return a server address of 1, 2 or 4 bytes, ``size`` 0 for the shortest that holds it."""
    if not size:
        size = 1 if not physical else 2
        if max(logical, physical) > 0x7F:
            size = 4
    if size == 1:
        groups = [logical]
    elif size == 2:
        groups = [logical, physical]
    else:
        groups = [logical >> 7, logical & 0x7F, physical >> 7, physical & 0x7F]
    if (size == 1 and physical) or any(not 0 <= group <= 0x7F for group in groups):
        raise ValueError(f"address {logical}/{physical} does not fit {size} bytes")
    return bytes(group << 1 for group in groups[:-1]) + bytes((groups[-1] << 1 | 1,))


def address_number(wire: bytes) -> int:
    """Return the number ``Frame`` gives for an address."""
    number = 0
    for byte in wire:
        number = number << 7 | byte >> 1
    return number


def build(target: bytes, source: bytes, control: int, info: bytes = b"", more: bool = False):
    """Return a frame with flags."""
    header = target + source + bytes((control,))
    length = 2 + len(header) + 2 + (len(info) + 2 if info else 0)
    start = (0xA000 | (0x800 if more else 0) | length).to_bytes(2, "big") + header
    body = start + checksum(start)
    if info:
        body += info
        body += checksum(body)
    return bytes((FLAG,)) + body + bytes((FLAG,))


def frame_length(start: bytes) -> int:
    """Return the length told by the first two bytes, flags not counted; raises FrameError."""
    length = (start[0] & 0x07) << 8 | start[1]
    if start[0] & 0xF0 != 0xA0 or length < MIN_LENGTH:
        raise FrameError(f"{start.hex().upper()} does not begin an HDLC frame")
    return length


def parse(body: bytes) -> Frame:
    """Return the frame between two flags; raises FrameError, ChecksumError."""
    if len(body) < MIN_LENGTH or frame_length(body) != len(body):
        raise FrameError(f"an HDLC frame of {len(body)} bytes tells another length")
    if checksum(body[:-2]) != body[-2:]:
        raise ChecksumError("the frame check sequence is wrong")
    target, at = _address(body, 2)
    source, at = _address(body, at)
    if at + 3 > len(body):
        raise FrameError("an HDLC frame without a control field")
    info = b""
    if at + 3 < len(body):
        if checksum(body[: at + 1]) != body[at + 1 : at + 3]:
            raise ChecksumError("the header check sequence is wrong")
        info = body[at + 3 : -2]
    return Frame(target, source, body[at], info, bool(body[0] & 0x08))


def split(data: bytes) -> list[Frame]:
    """Return the frames of a byte string, with or without flags; raises FrameError.

    Every byte must belong to a frame: noise between frames is an error of a stored telegram.
    """
    frames = []
    at = 0
    while at < len(data):
        if data[at] == FLAG:
            at += 1
            continue
        if at + 2 > len(data):
            raise FrameError("a piece of an HDLC frame", "truncated")
        end = at + frame_length(data[at : at + 2])
        if end > len(data):
            raise FrameError(f"{end - len(data)} bytes of an HDLC frame are missing", "truncated")
        frames.append(parse(data[at:end]))
        at = end
    return frames


def strip_llc(info: bytes) -> bytes:
    """Return an information field without its LLC header."""
    return info[3:] if info[:3] in (LLC_REQUEST, LLC_RESPONSE) else info


def _address(body: bytes, at: int) -> tuple[int, int]:
    for size in (1, 2, 4):
        part = body[at : at + size]
        if len(part) == size and part[-1] & 1:
            if any(byte & 1 for byte in part[:-1]):
                break
            return address_number(part), at + size
    raise FrameError("an HDLC address that does not end")

# SPDX-License-Identifier: MIT
"""Radio frames of EN 13757-4: CRC, frame formats A and B, and the link header."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import ChecksumError, ConfigError, FrameError

RAW, FORMAT_A, FORMAT_B = "raw", "a", "b"
HEADER = 10
# The length field is one byte and does not count itself.
_LONGEST = 256
_BLOCK_A = 16
# Format B: the first CRC covers the header block and the second block together.
_BLOCK_B = 126
# A bridge's control field, what its payload begins with behind the CI, and where the telegram is.
_BRIDGE, _BRIDGED, _BRIDGE_HEADER = 0xC4, b"\x83\x11", 8
# Control fields that telegrams of meters on the air begin with, and how much noise may come before.
_SENDING, _NOISE = frozenset({0x08, 0x18, 0x28, 0x38, 0x44, 0x46, 0x47, 0x48, 0xC4}), 16
_POLYNOMIAL = 0x3D65


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (_POLYNOMIAL if crc & 0x8000 else 0)) & 0xFFFF
        table.append(crc)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: bytes) -> int:
    """Return the CRC of EN 13757-4 (polynomial 3D65, inverted)."""
    crc = 0
    for byte in data:
        crc = crc << 8 & 0xFF00 ^ _TABLE[crc >> 8 ^ byte]
    return crc ^ 0xFFFF


@dataclass(frozen=True, slots=True)
class RadioFrame:
    """The link header and what follows it; ``address`` is id 4, version 1, medium 1."""

    control: int
    manufacturer: bytes
    address: bytes
    data: bytes


def parse_frame(wire: bytes, form: str | None = None) -> RadioFrame:
    """Return the frame with its CRCs checked and removed.

    ``form`` is ``raw`` (CRCs already removed by the receiver), ``a`` or ``b``; None finds out.
    Raises FrameError, ChecksumError, ConfigError.
    """
    body = _without_crcs(wire, form)
    if len(body) < HEADER + 1:
        raise FrameError(f"{len(body)} bytes are too few for a radio telegram", "truncated")
    if len(body) > _LONGEST:
        raise FrameError(f"{len(body)} bytes are too many for a radio telegram")
    return _carried(RadioFrame(body[1], body[2:4], body[4:10], body[10:]))


def _carried(frame: RadioFrame) -> RadioFrame:
    """Return the meter's own telegram out of one that a Qundis bridge repeats it in."""
    start, inner = frame.data[:_BRIDGE_HEADER], frame.data[_BRIDGE_HEADER:]
    whole = len(inner) > HEADER and inner[0] + 1 == len(inner)
    if frame.control != _BRIDGE or start[1:3] != _BRIDGED or not whole:
        return frame
    return RadioFrame(inner[1], inner[2:4], inner[4:10], inner[10:])


def _without_crcs(wire: bytes, form: str | None) -> bytes:
    if not wire:
        raise FrameError("an empty telegram", "truncated")
    if form is None:
        return _guessed(wire)
    strip = {RAW: _raw, FORMAT_A: _format_a, FORMAT_B: _format_b}.get(form.lower())
    if strip is None:
        raise ConfigError(f"unknown frame format {form!r}: raw, a or b")
    return strip(wire)


def _guessed(wire: bytes) -> bytes:
    if len(wire) == wire[0] + 1:
        try:
            return _format_b(wire)
        except (ChecksumError, FrameError):
            return wire
    try:
        return _format_a(wire)
    except ChecksumError:
        # A right CRC after the header proves format A: one of the later blocks is damaged.
        if crc16(wire[:HEADER]) == int.from_bytes(wire[HEADER : HEADER + 2], "big"):
            raise
    except FrameError:
        pass
    return _raw(_without_noise(wire))


def _without_noise(wire: bytes) -> bytes:
    """Drop what a transparent receiver put before a telegram that then fits to the byte."""
    if wire[1:2] and wire[1] in _SENDING:
        return wire
    for at in range(1, min(_NOISE, len(wire) - HEADER)):
        if wire[at] + 1 == len(wire) - at and wire[at + 1] in _SENDING:
            return wire[at:]
    return wire


def _raw(wire: bytes) -> bytes:
    if len(wire) < wire[0] + 1:
        raise FrameError(f"{len(wire)} of {wire[0] + 1} bytes", "truncated")
    # Receivers that cut the CRCs out sometimes leave another length behind: take what came.
    return wire


def _format_a(wire: bytes) -> bytes:
    length = wire[0] + 1
    blocks = 1 + -(-(length - HEADER) // _BLOCK_A)
    if length <= HEADER or len(wire) != length + 2 * blocks:
        raise FrameError(f"{len(wire)} bytes are no format A telegram of length {wire[0]}")
    body, position = b"", 0
    while position < len(wire):
        size = HEADER if position == 0 else _BLOCK_A
        stop = min(position + size + 2, len(wire))
        body += _checked(wire[position:stop])
        position = stop
    return body


def _format_b(wire: bytes) -> bytes:
    if len(wire) != wire[0] + 1 or len(wire) < HEADER + 3:
        raise FrameError(f"{len(wire)} bytes are no format B telegram of length {wire[0]}")
    first = wire[: _BLOCK_B + 2]
    body = _checked(first)
    if rest := wire[_BLOCK_B + 2 :]:
        body += _checked(rest)
    return body


def _checked(block: bytes) -> bytes:
    if len(block) < 3:
        raise FrameError("a block without its CRC", "truncated")
    data, sent = block[:-2], int.from_bytes(block[-2:], "big")
    if crc16(data) != sent:
        raise ChecksumError(f"block CRC is {sent:04X}, should be {crc16(data):04X}")
    return data

# SPDX-License-Identifier: MIT
"""The meter's answer to an association request (Green Book 9.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import FrameError
from ...protocol.dlms.axdr import Reader, encode_length
from .identity import Identity

if TYPE_CHECKING:
    from .security import MeterSecurity

NONE, LOW, GMAC = 0, 1, 5
_CONTEXT = bytes.fromhex("608574050801")
_MECHANISM = bytes.fromhex("608574050802")
# get, set, selective access, block transfer with get, multiple references, action
_CONFORMANCE = bytes((0x00, 0x12, 0x1D))
MAX_PDU = 0x0400


def parse_initiate(message: bytes) -> int:
    """Return the longest message the client takes; raises FrameError."""
    reader = Reader(message)
    if reader.byte() != 0x01:
        raise FrameError("no initiate request")
    if reader.byte():  # a dedicated key; answers to it come with the global one
        reader.octets()
    for _ in range(2):  # whether an answer is allowed, quality of service
        if reader.byte():
            reader.byte()
    reader.byte()
    reader.take(7)
    most = reader.number(2)
    reader.end()
    return min(most, MAX_PDU) if most >= 64 else MAX_PDU


def accepted(identity: Identity, security: MeterSecurity, session, challenge: bytes) -> bytes:
    """Return an AARE that accepts; with a challenge the client must prove itself next."""
    initiate = b"\x08\x00\x06\x5f\x1f\x04" + b"\x00" + _CONFORMANCE
    initiate += MAX_PDU.to_bytes(2, "big") + b"\x00\x07"
    diagnostic = 14 if challenge else 0
    parts = _head(session.ciphered, 0, diagnostic)
    if session.ciphered:
        parts += _field(0xA4, b"\x04" + _sized(identity.title))
        initiate = security.seal(initiate)
    if challenge:
        parts += b"\x88\x02\x07\x80" + b"\x89" + _sized(_MECHANISM + bytes((GMAC,)))
        parts += _field(0xAA, b"\x80" + _sized(challenge))
    parts += _field(0xBE, b"\x04" + _sized(initiate))
    return b"\x61" + _sized(parts)


def refused(diagnostic: int, ciphered: bool) -> bytes:
    """Return an AARE that refuses for good."""
    return b"\x61" + _sized(_head(ciphered, 1, diagnostic))


def _head(ciphered: bool, result: int, diagnostic: int) -> bytes:
    context = _CONTEXT + bytes((3 if ciphered else 1,))
    parts = _field(0xA1, b"\x06" + _sized(context))
    parts += b"\xa2\x03\x02\x01" + bytes((result,))
    return parts + b"\xa3\x05\xa1\x03\x02\x01" + bytes((diagnostic,))


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _sized(content)


def _sized(content: bytes) -> bytes:
    return encode_length(len(content)) + content

# SPDX-License-Identifier: MIT
"""What association requests and responses say before any key is used (Green Book 9.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import FrameError
from .axdr import Reader

_TITLE = {0x60: 0xA6, 0x61: 0xA4}
_MECHANISM = {0x60: 0x8B, 0x61: 0x89}
_SECRET = {0x60: 0xAC, 0x61: 0xAA}
_CONTEXT, _RESULT, _DIAGNOSTIC, _USER = 0xA1, 0xA2, 0xA3, 0xBE
_CIPHERED_CONTEXTS = (3, 4)


@dataclass(frozen=True, slots=True)
class Association:
    """The sender's system title, the result (responses only), and the xDLMS message inside.

    ``secret`` is the password or challenge, ``mechanism`` the number of how it is used.
    """

    title: bytes
    result: int | None
    diagnostic: int | None
    user: bytes
    ciphered: bool = False
    mechanism: int = 0
    secret: bytes = field(default=b"", repr=False)


def parse_association(apdu: bytes) -> Association:
    """Return the parts of an AARQ or AARE; raises FrameError."""
    reader = Reader(apdu, 1)
    content = Reader(reader.octets())
    reader.end()
    parts: dict[int, bytes] = {}
    while content.rest:
        tag = content.byte()
        if tag in parts:
            raise FrameError(f"association field {tag:#04x} comes twice")
        parts[tag] = content.octets()
    title = _inner(parts.get(_TITLE[apdu[0]], b""), 0x04)
    result = diagnostic = None
    if apdu[0] == 0x61:
        result = _number(parts, _RESULT)
        diagnostic = _diagnostic(parts.get(_DIAGNOSTIC, b""))
    return Association(
        title,
        result,
        diagnostic,
        _inner(parts.get(_USER, b""), 0x04),
        parts.get(_CONTEXT, b"\x00")[-1:] in [bytes((each,)) for each in _CIPHERED_CONTEXTS],
        (parts.get(_MECHANISM[apdu[0]]) or b"\x00")[-1],
        _inner(parts.get(_SECRET[apdu[0]], b""), 0x80),
    )


def _diagnostic(part: bytes) -> int:
    return int.from_bytes(_inner(part[2:], 0x02), "big") if part else 0


def _number(parts: dict[int, bytes], tag: int) -> int:
    if tag not in parts:
        raise FrameError("an association response without a result")
    return int.from_bytes(_inner(parts[tag], 0x02), "big")


def _inner(part: bytes, tag: int) -> bytes:
    if not part:
        return b""
    reader = Reader(part)
    if reader.byte() != tag:
        raise FrameError("an association field of another type")
    data = reader.octets()
    reader.end()
    return data

# SPDX-License-Identifier: MIT
"""General block transfers, and whether a message's lengths and content agree."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import FrameError
from . import apdu as wire
from .axdr import Reader
from .protection import key_info

MAX_BLOCKS = 4096


def join_blocks(apdus: Iterable[bytes]) -> list[bytes]:
    """Return the messages with general block transfers put together; raises FrameError."""
    whole: list[bytes] = []
    parts: list[bytes] = []
    for apdu in apdus:
        if apdu[:1] != bytes((wire.BLOCK,)):
            whole.append(apdu)
            continue
        last, number, data = parse_block(apdu)
        if number != len(parts) + 1 or number > MAX_BLOCKS:
            raise FrameError(f"block {number} came instead of {len(parts) + 1}", "bad_block")
        parts.append(data)
        if last:
            whole.append(b"".join(parts))
            parts = []
    if parts:
        raise FrameError("the last block is missing", "truncated")
    return whole


def check_form(apdu: bytes) -> None:
    """Raise CollectorError when lengths and content of a pushed message do not agree.

    Of a protected one only the lengths can be looked at.
    """
    if apdu[0] == wire.NOTIFICATION:
        wire.parse_notification(apdu)
    elif apdu[0] == wire.EVENT:
        wire.parse_event(apdu)
    elif apdu[0] == wire.BLOCK:
        parse_block(apdu)
    elif apdu[0] in wire.PROTECTED_TAGS:
        reader = Reader(apdu, 1)
        for _ in range({wire.GENERAL: 5, 0xCA: 0}.get(apdu[0], 1)):
            reader.octets()
        if apdu[0] == wire.GENERAL and reader.byte():
            key_info(reader, skip=True)
        reader.octets()
        reader.end()


def parse_block(apdu: bytes) -> tuple[bool, int, bytes]:
    """Return (last, number, content) of a general block transfer; raises FrameError."""
    reader = Reader(apdu, 1)
    control = reader.byte()
    number, _ = reader.number(2), reader.number(2)
    data = reader.octets()
    reader.end()
    return bool(control & 0x80), number, data

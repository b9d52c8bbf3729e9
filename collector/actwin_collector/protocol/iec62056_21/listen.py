# SPDX-License-Identifier: MIT
"""Cuts readouts that come unasked out of a stream: mode D, mode A, P1 telegrams with their CRC.

A telegram starts with an identification at the start of a line and ends with ``!``: after it four
hex digits (P1, CRC from ``/`` to ``!``), or a line end (mode D, no check), or a line end, ETX and a
check character when the data began with STX (mode A). A start inside an unfinished telegram means
that the rest of that one is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...model import CollectorError, Heard
from ..base import Listener
from .codec import VERIFIED, crc16, strip_parity, unframe

_LIMIT = 65_536
_START = re.compile(rb"/[A-Za-z]{3}[0-9A-Za-z][^\r\n/()]{0,40}\r?\n")
_CLOSE = re.compile(rb"(?<=[\n)])[ \t]*!(?:[0-9A-Fa-f]{4})?[ \t]*\r?\n")
# A P1 telegram sealed in a message of DLMS.
_SEALED = re.compile(rb"\xdb\x08[A-Z]{3}")
_LONGEST_START = 64
_CHECK = 2  # ETX and the check character

Sender = Callable[[str], str]


class ReadoutListener(Listener):
    """``sender`` gives the meter's name from a telegram's text; it raises CollectorError."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender
        self._buffer = b""

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes; return the telegrams that are whole and sound now."""
        self._buffer += data
        heard: list[Heard] = []
        while (telegram := self._cut()) is not None:
            heard += self._heard(telegram)
        if len(self._buffer) > _LIMIT:
            self.note("oversized")
            self._buffer = b""
        return heard

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one whole telegram; its last line end may be missing."""
        self._buffer = b""
        heard = self.feed(data if data.endswith((b"\n", b"\x03")) else data + b"\r\n")
        if not heard and not self.errors:
            self.note("bad_frame")
        self._buffer = b""
        return heard

    def _cut(self) -> bytes | None:
        """Return the next whole telegram as received, None when there is none yet."""
        seven = strip_parity(self._buffer)
        start = _START.search(seven)
        if not start:
            # The last of what came may be how a telegram begins.
            self._drop(seven, seven.find(b"/", max(0, len(seven) - _LONGEST_START)))
            return None
        end = _CLOSE.search(seven, start.end() - 2)
        before = end.start() if end else len(seven)
        begin = start
        while again := _START.search(seven, begin.end(), before):
            self.note("truncated")
            begin = again
        self._drop(seven[: start.start()], start.start())
        self._buffer = self._buffer[begin.start() - start.start() :]
        return self._taken(seven[begin.start() :], begin, end) if end else None

    def _taken(self, seven: bytes, begin: re.Match, end: re.Match) -> bytes | None:
        """Return the telegram that the buffer begins with, None while its check is to come."""
        size = end.end() - begin.start()
        if b"\x02" in seven[: end.start() - begin.start()]:
            size += _CHECK
            if len(seven) < size:
                return None
        telegram, self._buffer = self._buffer[:size], self._buffer[size:]
        return telegram

    def _drop(self, seven: bytes, keep: int) -> None:
        """Forget what no telegram can begin with, up to ``keep``, or all when that is negative."""
        keep = len(seven) if keep < 0 else keep
        if _SEALED.search(self._buffer[:keep]):
            # The DLMS driver opens these.
            self.note("sealed_readout")
        elif seven[:keep].strip(b"\x00\x7f\r\n "):
            self.note("noise")
        self._buffer = self._buffer[keep:]

    def _heard(self, telegram: bytes) -> list[Heard]:
        text = strip_parity(telegram).decode("ascii")
        if not is_sound(telegram):
            self.note("bad_checksum")
            return []
        try:
            sender = self._sender(text)
        except CollectorError as error:
            self.note(error.code)
            return []
        return [Heard(sender, {"text": text})]


def p1_check(data: bytes) -> bool | None:
    """Return whether a P1 telegram's CRC is right, None where there is none."""
    match = re.search(rb"!([0-9A-Fa-f]{4})\s*$", data)
    start = data.find(b"/")
    if not match or start < 0:
        return None
    return crc16(data[start : match.start() + 1]) == int(match[1], 16)


def is_sound(telegram: bytes) -> bool:
    """Whether no check character of a telegram says that it is damaged."""
    for data in (telegram, strip_parity(telegram)):
        by_crc = p1_check(data)
        if by_crc:
            return True
    if by_crc is not None:
        return False
    return b"\x02" not in data or unframe(data).state == VERIFIED

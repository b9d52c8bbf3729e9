# SPDX-License-Identifier: MIT
"""A meter that is woken as in IEC 62056-21 before it speaks HDLC (mode E)."""

from __future__ import annotations

import re

from .links import HdlcSession

_REQUEST = re.compile(rb"/\?([^!\r\n]{0,32})!\r\n")
_SELECT = re.compile(rb"\x062([0-9])2\r\n")
_STRIP = bytes(b & 0x7F for b in range(256))
_EVEN = bytes(b | 0x80 if b.bit_count() % 2 else b for b in range(128)) * 2
_KEPT = 256
IDENTIFICATION = "/ACT5\\2SIM"


class ModeESession:
    """Text with even parity until both agree on HDLC, and again after the disconnect."""

    def __init__(self, serial: str, hdlc: HdlcSession) -> None:
        self._addresses = {"", serial}
        self._hdlc = hdlc
        self._binary = False
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answer."""
        if self._binary:
            answer = self._hdlc.feed(data)
            # The good-bye was answered: the next to come begins at 300 baud.
            self._binary = not answer or self._hdlc.connected
            return answer
        self._buffer = (self._buffer + data.translate(_STRIP))[-_KEPT:]
        return self._text().translate(_EVEN)

    def _text(self) -> bytes:
        if match := _REQUEST.search(self._buffer):
            self._buffer = b""
            known = match[1].decode("ascii") in self._addresses
            return f"{IDENTIFICATION}\r\n".encode("ascii") if known else b""
        if match := _SELECT.search(self._buffer):
            self._buffer = b""
            self._binary = True
            return match[0]
        return b""

# SPDX-License-Identifier: MIT
"""A simulated IEC 62056-21 meter: mode C and fixed baud, on TCP or a pty."""

from __future__ import annotations

import re
from collections.abc import Callable

_REQUEST = re.compile(rb"/\?([^!\r\n]{0,32})!\r\n")
_SELECT = re.compile(rb"\x06([0-9])([0-9A-Z])([0-9])\r\n")
_NAK = 0x15
_STRIP = bytes(b & 0x7F for b in range(256))
_EVEN = bytes(b | 0x80 if b.bit_count() % 2 else b for b in range(128)) * 2
_READOUT_MODES = (b"0", b"6")
_KEPT = 256


class IecMeterSession:
    """The meter's side of the protocol.

    It answers requests without an address, with its serial number, or with flag and serial number;
    to anything else it is silent. Where the request came with parity bits the answers carry them
    too. ``damaged`` block transmissions get a wrong check character first.
    """

    def __init__(
        self, identification: str, serial: str, readout: Callable[[], str], damaged: int = 0
    ) -> None:
        self._identification = identification
        self._addresses = {"", serial, identification[1:4] + serial}
        self._readout = readout
        self._damaged = damaged
        self._buffer = b""
        self._parity = False
        self._selected = False
        self._block = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answer."""
        self._parity = any(byte & 0x80 for byte in data) or (self._parity and bool(self._buffer))
        self._buffer = (self._buffer + data.translate(_STRIP))[-_KEPT:]
        answer = self._answer()
        return answer.translate(_EVEN) if self._parity else answer

    def _answer(self) -> bytes:
        if match := _REQUEST.search(self._buffer):
            self._buffer = b""
            self._block = b""
            self._selected = match[1].decode("ascii") in self._addresses
            return f"{self._identification}\r\n".encode("ascii") if self._selected else b""
        if match := _SELECT.search(self._buffer):
            self._buffer = b""
            if self._selected and match[3] in _READOUT_MODES:
                self._block = self._readout().encode("ascii")
                return self._framed()
            return b""
        if self._block and self._buffer.endswith(bytes([_NAK])):
            self._buffer = b""
            return self._framed()
        return b""

    def _framed(self) -> bytes:
        inner = self._block + b"\x03"
        check = 0
        for byte in inner:
            check ^= byte
        if self._damaged > 0:
            self._damaged -= 1
            check ^= 0x01
        return b"\x02" + inner + bytes([check])

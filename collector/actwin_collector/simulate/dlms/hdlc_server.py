# SPDX-License-Identifier: MIT
"""The meter's end of an HDLC connection: numbers, segments, the limits both agree on."""

from __future__ import annotations

from collections.abc import Callable

from ...model import CollectorError
from ...protocol.dlms import hdlc

Answer = Callable[[int, bytes], bytes | None]
MAX_INFO = 128


class HdlcServer:
    """One connection; ``address`` is the meter's as it stands in frames.

    ``connected``: between its beginning and its end.
    """

    def __init__(self, address: bytes, answer: Answer) -> None:
        self._address = address
        self._answer = answer
        self.connected = False
        self._sent = self._received = 0
        self._most = MAX_INFO
        self._in = b""
        self._out: list[bytes] = []

    def take(self, frame: hdlc.Frame) -> bytes:
        """Return what to send for a frame."""
        control = frame.control & ~hdlc.FINAL
        if control == hdlc.SNRM & ~hdlc.FINAL:
            return self._connect(frame)
        if control == hdlc.DISC & ~hdlc.FINAL:
            known, self.connected = self.connected, False
            return self._frame(frame.source, hdlc.UA if known else hdlc.DM)
        if not self.connected:
            return self._frame(frame.source, hdlc.DM)
        if frame.control & 0x0F == 0x01:
            return self._more(frame)
        return self._information(frame) if frame.is_information else b""

    def _connect(self, frame: hdlc.Frame) -> bytes:
        self.connected = True
        self._sent = self._received = 0
        self._in, self._out = b"", []
        self._most = min(_offered(frame.info), 2030)
        size = self._most.to_bytes(2, "big")
        parameters = b"\x05\x02" + size + b"\x06\x02" + size
        parameters += bytes.fromhex("070400000001080400000001")
        head = b"\x81\x80" + bytes((len(parameters),))
        return self._frame(frame.source, hdlc.UA, head + parameters)

    def _information(self, frame: hdlc.Frame) -> bytes:
        if frame.control >> 1 & 7 != self._received:
            return b""
        self._received = (self._received + 1) % 8
        self._in += frame.info
        if frame.segmented:
            return self._frame(frame.source, self._received << 5 | hdlc.FINAL | 1)
        message, self._in = self._in, b""
        if message[:3] != hdlc.LLC_REQUEST:
            return b""
        try:
            answer = self._answer(frame.source, message[3:])
        except CollectorError:
            answer = None
        if answer is None:
            return b""
        whole = hdlc.LLC_RESPONSE + answer
        self._out = [whole[at : at + self._most] for at in range(0, len(whole), self._most)]
        return self._next(frame.source)

    def _more(self, frame: hdlc.Frame) -> bytes:
        return self._next(frame.source) if frame.control >> 5 == self._sent else b""

    def _next(self, client: int) -> bytes:
        if not self._out:
            return self._frame(client, self._received << 5 | hdlc.FINAL | 1)
        part = self._out.pop(0)
        control = self._received << 5 | hdlc.FINAL | self._sent << 1
        self._sent = (self._sent + 1) % 8
        return self._frame(client, control, part, bool(self._out))

    def _frame(self, client: int, control: int, info: bytes = b"", more: bool = False) -> bytes:
        return hdlc.build(hdlc.encode_address(client, size=1), self._address, control, info, more)


def _offered(info: bytes) -> int:
    """Return the longest field the client takes."""
    at, offered = 3, MAX_INFO
    while at + 2 <= len(info):
        kind, size = info[at], info[at + 1]
        if kind == 6:
            offered = int.from_bytes(info[at + 2 : at + 2 + size], "big")
        at += 2 + size
    return max(32, offered)

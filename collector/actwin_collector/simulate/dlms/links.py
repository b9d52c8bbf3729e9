# SPDX-License-Identifier: MIT
"""Frames around a simulated meter's messages: TCP wrapper, HDLC, a gateway's header.

One session is one connection to a concentrator with any number of meters behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...model import CollectorError
from ...protocol.dlms import gateway, hdlc, wrapper
from .hdlc_server import HdlcServer
from .server import MeterServer

NewServer = Callable[[], MeterServer]
_KEPT = 1 << 16


class Meters:
    """The meters of one connection: by their number, and by a gateway's address for them."""

    def __init__(self, meters: Sequence[tuple[int, str, bool, NewServer]]) -> None:
        self._by_unit = {unit: new() for unit, _, gated, new in meters if not gated}
        self._by_serial = {serial.encode(): new() for _, serial, gated, new in meters if gated}

    @property
    def gated(self) -> bool:
        """Whether a gateway stands before some of them."""
        return bool(self._by_serial)

    def has(self, unit: int) -> bool:
        """Whether somebody answers at a number."""
        return unit in self._by_unit or self.gated

    def answer(self, unit: int, client: int, message: bytes) -> bytes | None:
        """Return the answer of whom a message is for, None for silence."""
        if message[:1] == bytes((gateway.REQUEST,)):
            network, address, inner = gateway.parse(message)
            server = self._by_serial.get(address)
            answer = server and server.answer(client, inner)
            return answer and gateway.build(gateway.RESPONSE, network, address, answer)
        server = self._by_unit.get(unit)
        return server and server.answer(client, message)


class WrapperSession:
    """A connection with TCP wrapper frames; the target port names the meter."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers."""
        self._buffer = (self._buffer + data)[-_KEPT:]
        answers = []
        while len(self._buffer) >= wrapper.HEADER_BYTES:
            try:
                source, target, length = wrapper.parse_header(self._buffer[: wrapper.HEADER_BYTES])
            except CollectorError:
                self._buffer = b""
                break
            end = wrapper.HEADER_BYTES + length
            if len(self._buffer) < end:
                break
            message, self._buffer = self._buffer[wrapper.HEADER_BYTES : end], self._buffer[end:]
            answer = self._answer(target, source, message)
            if answer:
                answers.append(wrapper.build(target, source, answer))
        return b"".join(answers)

    def _answer(self, unit: int, client: int, message: bytes) -> bytes | None:
        try:
            return self._meters.answer(unit, client, message)
        except CollectorError:
            return None


class HdlcSession:
    """A line with HDLC frames; the physical address, or a logical one alone, names the meter."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._buffer = b""
        self._servers: dict[int, HdlcServer] = {}

    @property
    def connected(self) -> bool:
        """Whether any meter holds a connection."""
        return any(server.connected for server in self._servers.values())

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers."""
        self._buffer = (self._buffer + data)[-_KEPT:]
        answers = b""
        while (at := self._buffer.find(bytes((hdlc.FLAG,)))) >= 0:
            self._buffer = self._buffer[at:].lstrip(bytes((hdlc.FLAG,)))
            if len(self._buffer) < 2:
                self._buffer = bytes((hdlc.FLAG,)) + self._buffer
                break
            try:
                end = hdlc.frame_length(self._buffer[:2])
            except CollectorError:
                continue
            if len(self._buffer) < end:
                self._buffer = bytes((hdlc.FLAG,)) + self._buffer
                break
            body, self._buffer = self._buffer[:end], self._buffer[end:]
            answers += self._frame(body)
        return answers

    def _frame(self, body: bytes) -> bytes:
        try:
            frame = hdlc.parse(body)
        except CollectorError:
            return b""
        unit = frame.target & 0x7F if frame.target > 0x7F else frame.target
        if not self._meters.has(unit):
            return b""
        server = self._servers.get(frame.target)
        if server is None:
            address = body[2 : 2 + _address_size(body)]
            server = HdlcServer(
                address, lambda client, message: self._meters.answer(unit, client, message)
            )
            self._servers[frame.target] = server
        return server.take(frame)


def _address_size(body: bytes) -> int:
    size = 1
    while not body[1 + size] & 1:
        size += 1
    return size

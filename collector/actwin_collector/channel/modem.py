# SPDX-License-Identifier: MIT
"""The socket of a modem that dials in: it comes and goes, and we cannot call it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from dataclasses import dataclass

from ..model import LineSpec, LinkError, NoAnswer
from .tcp import TcpLink

# A sign of life shorter than this may be part of a meter's answer, unless it comes alone.
_SURE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A modem's sign of life and what it wants to hear back."""

    pattern: re.Pattern[bytes]
    answer: bytes = b""

    def strip(self, data: bytes) -> tuple[bytes, int]:
        """Return received bytes without signs of life, and how many there were."""
        count = 0
        while data:
            match = self.pattern.match(data)
            if match is None or not match.end() or not self._is_sure(match, data):
                break
            data, count = data[match.end() :], count + 1
        return data, count

    def _is_sure(self, match: re.Match, data: bytes) -> bool:
        if match.end() >= _SURE_BYTES:
            return True
        return not re.sub(self.pattern, b"", data)


@dataclass(frozen=True, slots=True)
class Call:
    """An accepted connection and what its caller said after its greeting."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: str
    first: bytes = b""

    def hang_up(self) -> None:
        """Close the connection without waiting."""
        with contextlib.suppress(OSError):
            self.writer.close()


class ModemLink(TcpLink):
    """A link that opens when its modem has dialled in; a new call replaces the old one."""

    def __init__(self, line: LineSpec, modem: str, heartbeat: Heartbeat | None = None) -> None:
        super().__init__(line)
        self.modem = modem
        self.peer = ""
        self.last_heard = 0.0
        self.called = asyncio.Event()
        self.keeps_call = False
        self._heartbeat = heartbeat
        self._call: Call | None = None

    @property
    def may_open(self) -> bool:
        """Whether the modem is there."""
        return self.is_open or self._call is not None

    def take_call(self, call: Call) -> None:
        """Take a new socket; the old one is dead, or will be in a moment.

        A dialogue under way fails with the old socket, then ``open`` begins with the new one.
        """
        if self._call is not None:
            self._call.hang_up()
        self._call = call
        if self._writer is not None:
            self._writer.close()
        self.called.set()

    async def open(self) -> None:
        """Begin with the last call; raises LinkError when there is none."""
        if self.is_open and self._call is None:
            return
        call, self._call = self._call, None
        self.called.clear()
        if call is None:
            raise LinkError(f"modem {self.modem} has not dialled in", "modem_away")
        await self.close()
        self._reader, self._writer = call.reader, call.writer
        self.peer = call.peer
        self.last_heard = asyncio.get_running_loop().time()
        self._take_in(call.first)
        self._hand_over()  # not the answer to anything

    async def close(self) -> None:
        """Hang up; with ``keeps_call`` the socket waits for ``give_call`` instead."""
        if self.keeps_call and self.is_open and self._call is None:
            self._call = Call(self._reader, self._writer, self.peer, bytes(self._buffer))
            self._reader = self._writer = None
            self._buffer.clear()
            return
        await super().close()

    def give_call(self) -> Call | None:
        """Give the socket away, to whoever serves this modem from now on."""
        call, self._call = self._call, None
        return call

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            data = await super()._receive(max_bytes, max(0.0, deadline - loop.time()))
            self.last_heard = loop.time()
            if self._heartbeat is None:
                return data
            data, beats = self._heartbeat.strip(data)
            if beats and self._heartbeat.answer:
                await self._send(self._heartbeat.answer * beats)
            if data:
                return data
            if loop.time() >= deadline:
                raise NoAnswer(f"no answer within {timeout:g} s")


def keep_alive(writer: asyncio.StreamWriter, seconds: int) -> None:
    """Let the system notice a peer that vanished without a word (a modem without power)."""
    sock = writer.get_extra_info("socket")
    options = {
        "TCP_KEEPIDLE": seconds,
        "TCP_KEEPINTVL": max(1, seconds // 3),
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": seconds * 2 * 1000,
    }
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

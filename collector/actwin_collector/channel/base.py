# SPDX-License-Identifier: MIT
"""The byte stream every driver talks over."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from ..model import FrameError, LineSpec, NoAnswer

Trace = Callable[[str, bytes], None]

_MOST_KEPT = 65536
_EVEN = bytes(b | 0x80 if b.bit_count() % 2 else b for b in range(128)) * 2
_STRIP = bytes(b & 0x7F for b in range(256))
_ODD = bytes(b for b in range(256) if b.bit_count() % 2)
_LOW = bytes(range(128))


class Link(ABC):
    """A byte stream with timeouts; one per line, used by one worker at a time.

    Subclasses give ``open``, ``close``, ``is_open``, ``_send`` and ``_receive``; buffering, exact
    reads, tracing and the software form of 7E1 are the same for all.
    """

    def __init__(self, line: LineSpec) -> None:
        self.line = line
        self.trace: Trace | None = None
        # Takes what came unasked; ``received`` keeps what comes while somebody is asked.
        self.overheard: Callable[[bytes], None] | None = None
        self.received: bytearray | None = None
        self.software_7e1 = line.software_7e1
        # With software_7e1: (characters of wrong parity, whether any had its eighth bit set).
        self.parity_seen = (0, False)
        self._buffer = bytearray()

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether bytes can be exchanged now."""

    @property
    def may_open(self) -> bool:
        """Whether there is any use in opening it now; false for a modem that has not called."""
        return True

    @abstractmethod
    async def open(self) -> None:
        """Open the stream; raises LinkError. Does nothing when it is open."""

    @abstractmethod
    async def close(self) -> None:
        """Close the stream; never raises."""

    @abstractmethod
    async def _send(self, data: bytes) -> None:
        """Send all of ``data``; raises LinkError."""

    @abstractmethod
    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        """Return 1..max_bytes bytes; raises NoAnswer at the timeout, LinkError when closed."""

    async def set_serial(  # noqa: B027 - most media have nothing to set
        self, baudrate: int | None = None, bytesize: int | None = None, parity: str | None = None
    ) -> None:
        """Change the speed or form of a serial line; nothing happens where there is none."""

    async def write(self, data: bytes) -> None:
        """Send bytes; raises LinkError."""
        if self.trace:
            self.trace("tx", data)
        await self._send(data.translate(_EVEN) if self.software_7e1 else data)

    async def read(self, max_bytes: int, timeout: float) -> bytes:
        """Return what is there, at least one byte; raises NoAnswer or LinkError."""
        if not self._buffer:
            await self._fill(timeout)
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        return data

    async def read_exactly(self, n: int, timeout: float) -> bytes:
        """Return n bytes within ``timeout`` seconds in all; a short answer raises NoAnswer."""
        deadline = asyncio.get_running_loop().time() + timeout
        while len(self._buffer) < n:
            await self._fill_until(deadline, f"{len(self._buffer)} of {n} bytes")
        data = bytes(self._buffer[:n])
        del self._buffer[:n]
        return data

    async def read_until(self, terminator: bytes, timeout: float, limit: int = 65536) -> bytes:
        """Return bytes up to and including ``terminator``; ``timeout`` is between two arrivals."""
        searched = 0
        while (at := self._buffer.find(terminator, searched)) < 0:
            if len(self._buffer) >= limit:
                raise FrameError(f"no end of message within {limit} bytes")
            searched = max(0, len(self._buffer) - len(terminator) + 1)
            await self._fill(timeout)
        end = at + len(terminator)
        data = bytes(self._buffer[:end])
        del self._buffer[:end]
        return data

    async def discard_input(self) -> None:
        """Forget bytes that came unasked or too late; ``overheard`` may still want them."""
        try:
            while True:
                self._hand_over()
                await self._fill(0.0)
        except NoAnswer:
            return

    def _hand_over(self) -> None:
        if self.overheard and self._buffer:
            self.overheard(bytes(self._buffer))
            if self.received:
                self.received.clear()
        self._buffer.clear()

    async def _fill_until(self, deadline: float, got: str) -> None:
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise NoAnswer(f"incomplete answer: {got}")
        await self._fill(left)

    async def _fill(self, timeout: float) -> None:
        self._take_in(await self._receive(4096, timeout))

    def _take_in(self, data: bytes) -> None:
        if self.software_7e1:
            odd, marked = self.parity_seen
            odd += len(data) - len(data.translate(None, _ODD))
            self.parity_seen = (odd, marked or bool(data.translate(None, _LOW)))
            data = data.translate(_STRIP)
        if self.trace and data:
            self.trace("rx", data)
        self._buffer += data
        if self.received is not None and len(self.received) < _MOST_KEPT:
            self.received += data

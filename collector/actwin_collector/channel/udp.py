# SPDX-License-Identifier: MIT
"""UDP lines that are asked: the DLMS wrapper, Modbus over UDP."""

from __future__ import annotations

import asyncio
import contextlib

from ..model import LineSpec, LinkError, NoAnswer
from .base import Link

_LOOK = 0.001
# A meter sends a few datagrams an answer; what floods in beyond is dropped, as the kernel would.
_ROOM = 256


class UdpLink(Link):
    """Datagrams to and from ``line.host:line.port``; those of any other sender are not seen."""

    def __init__(self, line: LineSpec) -> None:
        super().__init__(line)
        self._transport: asyncio.DatagramTransport | None = None
        self._queue: asyncio.Queue[bytes | OSError] = asyncio.Queue(_ROOM)

    @property
    def is_open(self) -> bool:
        """Whether there is a socket."""
        return self._transport is not None and not self._transport.is_closing()

    async def open(self) -> None:
        """Open a socket; raises LinkError. That nobody is there shows when something is sent."""
        if self.is_open:
            return
        await self.close()
        line = self.line
        self._queue = asyncio.Queue(_ROOM)
        try:
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Receiver(self._queue), remote_addr=(line.host, line.port)
            )
        except OSError as error:
            raise LinkError(f"{line.host}:{line.port}: {error.strerror or error}") from error

    async def close(self) -> None:
        """Close the socket; never raises."""
        transport, self._transport = self._transport, None
        self._buffer.clear()
        if transport is not None:
            transport.close()

    async def _send(self, data: bytes) -> None:
        if self._transport is None:
            raise LinkError("the line is closed")
        self._transport.sendto(data)

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        if self._transport is None:
            raise LinkError("the line is closed")
        try:
            async with asyncio.timeout(max(timeout, _LOOK)):
                got = await self._queue.get()
        except TimeoutError:
            raise NoAnswer(f"no answer within {timeout:g} s") from None
        if isinstance(got, OSError):
            raise LinkError(f"{self.line.host}:{self.line.port}: {got.strerror or got}") from got
        return got


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, queue: asyncio.Queue) -> None:
        self._queue = queue

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        self._put(data)

    def error_received(self, exc: OSError) -> None:
        self._put(exc)

    def _put(self, item: bytes | OSError) -> None:
        # An empty datagram carries nothing, and an empty answer means a closed line elsewhere.
        if item:
            with contextlib.suppress(asyncio.QueueFull):
                self._queue.put_nowait(item)

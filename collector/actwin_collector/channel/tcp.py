# SPDX-License-Identifier: MIT
"""TCP client lines: Modbus TCP, serial device servers, gateways."""

from __future__ import annotations

import asyncio
import contextlib

from ..model import LineSpec, LinkError, NoAnswer
from .base import Link

# A timeout of 0 would never look at the socket at all.
_LOOK = 0.001


class TcpLink(Link):
    """A connection to ``line.host:line.port``."""

    def __init__(self, line: LineSpec) -> None:
        super().__init__(line)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_open(self) -> bool:
        """Whether the connection stands as far as we know."""
        return self._writer is not None and not self._writer.is_closing()

    async def open(self) -> None:
        """Connect within the line's timeout; raises LinkError."""
        if self.is_open:
            return
        await self.close()
        line = self.line
        try:
            async with asyncio.timeout(max(line.timeout_s, 1.0)):
                self._reader, self._writer = await asyncio.open_connection(line.host, line.port)
        except TimeoutError as error:
            raise LinkError(f"{line.host}:{line.port} did not accept in time") from error
        except OSError as error:
            raise LinkError(f"{line.host}:{line.port}: {error.strerror or error}") from error

    async def close(self) -> None:
        """Close the connection; never raises."""
        writer, self._writer, self._reader = self._writer, None, None
        self._buffer.clear()
        if writer is None:
            return
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise LinkError("the line is closed")
        try:
            self._writer.write(data)
            async with asyncio.timeout(max(self.line.timeout_s, 1.0)):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise LinkError(f"sending failed: {error}") from error

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        if self._reader is None:
            raise LinkError("the line is closed")
        try:
            # Not wait_for: up to Python 3.11 it loses a cancellation that meets arriving bytes.
            async with asyncio.timeout(max(timeout, _LOOK)):
                data = await self._reader.read(max_bytes)
        except TimeoutError:
            raise NoAnswer(f"no answer within {timeout:g} s") from None
        except OSError as error:
            raise LinkError(f"receiving failed: {error}") from error
        if not data:
            await self.close()
            raise LinkError("the other side closed the connection")
        return data

# SPDX-License-Identifier: MIT
"""Serial lines through pyserial, each in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import serial

from ..model import LineSpec, LinkError, NoAnswer
from .base import Link

# One fixed driver timeout: assigning ``Serial.timeout`` later reconfigures the port, which a pty
# with parity refuses. Bytes wake the thread at once; this only bounds how late a deadline is seen.
_TICK = 0.02


class SerialLink(Link):
    """A serial port; on pseudo terminals 7E1 is done in software, because the kernel drops it."""

    def __init__(self, line: LineSpec) -> None:
        super().__init__(line)
        self._port: serial.Serial | None = None
        self._thread: ThreadPoolExecutor | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    async def open(self) -> None:
        """Open the port with the line's settings; raises LinkError."""
        if self._port is not None:
            return
        self._thread = self._thread or ThreadPoolExecutor(1, f"line-{self.line.key}")
        try:
            self._port = await self._in_thread(self._open_port)
        except (OSError, ValueError) as error:
            raise LinkError(f"{self.line.device_path}: {error}") from error

    async def close(self) -> None:
        """Close the port and end its thread; never raises."""
        port, self._port = self._port, None
        thread, self._thread = self._thread, None
        self._buffer.clear()
        if port is not None and thread is not None:
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().run_in_executor(thread, port.close)
        if thread is not None:
            thread.shutdown(wait=False)

    async def set_serial(
        self, baudrate: int | None = None, bytesize: int | None = None, parity: str | None = None
    ) -> None:
        """Change speed and form; raises LinkError when the port refuses."""
        port = self._opened()
        try:
            await self._in_thread(self._reconfigure, port, baudrate, bytesize, parity)
        except (OSError, ValueError) as error:
            raise LinkError(f"{self.line.device_path} refuses the settings: {error}") from error

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise LinkError("the line is closed")
        return self._port

    def _emulates(self) -> bool:
        real = os.path.realpath(self.line.device_path)
        return self.line.software_7e1 or real.startswith("/dev/pts/")

    def _open_port(self) -> serial.Serial:
        line = self.line
        emulate = self._emulates()
        self.software_7e1 = emulate and (line.software_7e1 or line.bytesize == 7)
        return serial.Serial(
            line.device_path,
            baudrate=line.baudrate,
            bytesize=8 if emulate else line.bytesize,
            parity="N" if emulate else line.parity,
            stopbits=line.stopbits,
            timeout=_TICK,
            write_timeout=30,
            exclusive=True,
        )

    def _reconfigure(
        self, port: serial.Serial, baudrate: int | None, bytesize: int | None, parity: str | None
    ) -> None:
        if baudrate is not None and port.baudrate != baudrate:
            port.baudrate = baudrate
        if self._emulates():
            if bytesize is not None:
                self.software_7e1 = bytesize == 7
            return
        if bytesize is not None and port.bytesize != bytesize:
            port.bytesize = bytesize
        if parity is not None and port.parity != parity:
            port.parity = parity

    async def _in_thread(self, call: Callable, *args: object) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)

    async def _send(self, data: bytes) -> None:
        port = self._opened()

        def work() -> None:
            port.write(data)
            port.flush()  # a speed change right after must not cut the last byte

        try:
            await self._in_thread(work)
        except OSError as error:
            raise LinkError(f"{self.line.device_path}: {error}") from error

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        port = self._opened()

        def work() -> bytes:
            deadline = time.monotonic() + timeout
            while True:
                waiting = port.in_waiting
                data = port.read(min(waiting, max_bytes) or int(timeout > 0))
                if data or time.monotonic() >= deadline:
                    return data

        try:
            data = await self._in_thread(work)
        except OSError as error:
            raise LinkError(f"{self.line.device_path}: {error}") from error
        if not data:
            raise NoAnswer(f"no answer within {timeout:g} s")
        return data

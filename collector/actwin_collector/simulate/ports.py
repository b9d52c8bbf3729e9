# SPDX-License-Identifier: MIT
"""Where simulated meters are reached: TCP ports and pseudo terminals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol


class Session(Protocol):
    """One end of a conversation: takes what arrives, returns what to answer at once."""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return bytes to send, empty for silence."""


class TimedSession(Session, Protocol):
    """A session on a pty that minds the speed of the line."""

    def delay(self) -> float:
        """Return how long the answer just given waits."""

    def at_speed(self, answer: bytes, baudrate: int) -> bytes:
        """Return what a line that is set to this speed hears of an answer."""


SPEEDS = {
    getattr(termios, f"B{speed}"): speed
    for speed in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
}


class TcpPort:
    """A listener with a session of its own for each connection."""

    def __init__(self, new_session: Callable[[], Session]) -> None:
        self._new_session = new_session
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def say(self, data: bytes) -> None:
        """Send unasked to everybody connected."""
        for writer in self._writers:
            writer.write(data)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port, which the system chooses when ``port`` is 0."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        self._writers.add(writer)
        session = self._new_session()
        # Cancelled is how stop() ends a connection; streams would log it as a failure.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(4096):
                writer.write(session.feed(data))
                await writer.drain()
        self._connections.discard(task)
        self._writers.discard(writer)
        writer.close()


class PtyPort:
    """A pseudo terminal under a stable name: ``link`` points at the side a collector opens.

    With a ``speed`` nothing is understood that comes at another one.
    """

    def __init__(self, new_session: Callable[[], Session], link: Path, speed: int = 0) -> None:
        self._session = new_session()
        self._link = link
        self._speed = speed
        self._waiting = b""
        self._master = self._slave = -1

    def start(self) -> None:
        """Open the pair and set the link; an old link of that name is replaced."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        new = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        new.symlink_to(os.ttyname(self._slave))
        new.replace(self._link)
        asyncio.get_running_loop().add_reader(self._master, self._receive)

    async def stop(self) -> None:
        """Close the pair and remove the link."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        with contextlib.suppress(FileNotFoundError):
            self._link.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _receive(self) -> None:
        data = os.read(self._master, 4096)
        if self._speed and self._set_speed() != self._speed:
            return
        answer = self._session.feed(data)
        if not answer:
            return
        if not hasattr(self._session, "at_speed"):
            self.say(answer)
            return
        asyncio.get_running_loop().call_later(self._session.delay(), self._say_at_speed, answer)

    def _say_at_speed(self, answer: bytes) -> None:
        if self._slave >= 0:
            self.say(self._session.at_speed(answer, self._set_speed()))

    def _set_speed(self) -> int:
        return SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)

    def say(self, data: bytes) -> None:
        """Send now; a new answer ends what was still to be said before."""
        self._waiting = data
        self._send()

    def _send(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BlockingIOError):
            self._waiting = self._waiting[os.write(self._master, self._waiting) :]
        if self._waiting:
            loop.add_writer(self._master, self._send)
        else:
            loop.remove_writer(self._master)


def overlaid(answers: Sequence[bytes]) -> bytes:
    """Return what is heard when several answer: they pull the same wire down.

    Each starts a character later, and the bits come out ANDed.
    """
    if not answers:
        return b""
    size = max(start + len(answer) for start, answer in enumerate(answers))
    heard = bytearray(b"\xff" * size)
    for start, answer in enumerate(answers):
        for position, byte in enumerate(answer, start):
            heard[position] &= byte
    return bytes(heard)

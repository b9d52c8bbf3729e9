# SPDX-License-Identifier: MIT
"""Ports of simulated meters that speak without being asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

from .registry import Opened, Stage


class BroadcastPort:
    """A TCP port or a pty that speaks without being asked; ``answer`` gives what it is told."""

    def __init__(
        self,
        messages: Callable[[], Sequence[bytes]],
        every: float,
        answer: Callable[[bytes], bytes] = lambda data: b"",
    ) -> None:
        self._messages = messages
        self._every = every
        self._answer = answer
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._pty: tuple[int, int, Path] | None = None
        self._task: asyncio.Task | None = None

    async def start_tcp(self, host: str, port: int) -> int:
        """Listen; returns the port. Whoever connects hears each meter once at once."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self._task = asyncio.create_task(self._speak())
        return self._server.sockets[0].getsockname()[1]

    def start_pty(self, link: Path) -> None:
        """Open a pair; ``link`` points at the side a collector opens."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        self._pty = (master, slave, link)
        asyncio.get_running_loop().add_reader(master, self._hear)
        self._task = asyncio.create_task(self._speak())

    async def stop(self) -> None:
        """Fall silent and close everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._pty is not None:
            master, slave, link = self._pty
            asyncio.get_running_loop().remove_reader(master)
            link.unlink(missing_ok=True)
            os.close(master)
            os.close(slave)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            for message in self._messages():
                writer.write(message)
            while data := await reader.read(4096):
                writer.write(self._answer(data))
        self._writers.discard(writer)
        writer.close()

    async def _speak(self) -> None:
        while True:
            for message in self._messages() if self._writers or self._pty else ():
                for writer in self._writers:
                    writer.write(message)
                self._say(message)
            await asyncio.sleep(self._every)

    def _say(self, message: bytes) -> None:
        if self._pty and message:
            # Nobody reads a full pty: what does not fit is lost, as on the air.
            with contextlib.suppress(BlockingIOError):
                os.write(self._pty[0], message)

    def _hear(self) -> None:
        self._say(self._answer(os.read(self._pty[0], 4096)))


async def broadcast(
    keys: Sequence[str],
    place,
    stage: Stage,
    messages: Callable[[], Sequence[bytes]],
    every: float,
    answer: Callable[[bytes], bytes] = lambda data: b"",
) -> Opened:
    """Open the place that meters share and let them speak there; raises OSError."""
    port = BroadcastPort(messages, every, answer)
    if place.pty:
        path = stage.pty_dir / place.pty
        port.start_pty(path)
        return Opened(dict.fromkeys(keys, str(path)), port.stop)
    wanted = stage.port_base + place.port if stage.port_base else 0
    number = await port.start_tcp(stage.host, wanted)
    return Opened(dict.fromkeys(keys, f"{stage.host}:{number}"), port.stop)

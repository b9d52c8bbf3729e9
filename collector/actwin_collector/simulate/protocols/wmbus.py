# SPDX-License-Identifier: MIT
"""Wireless M-Bus water meters as one radio receiver hears them.

The receiver sends each meter's telegram every ``every`` seconds to whoever is connected, in the
form of its ``receiver``. ``mode`` 5 and 7 need a ``key`` (32 hex digits).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..meters import SimulatedMeter
from ..registry import Complain, Opened, SimulatedProtocol, Stage
from ..wmbus import RECEIVERS, RadioMeter, delivered

_EVERY = 10.0


class RadioPort:
    """A TCP port or a pty that speaks without being asked."""

    def __init__(self, telegrams: Callable[[], Sequence[bytes]], every: float) -> None:
        self._telegrams = telegrams
        self._every = every
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._pty: tuple[int, int, Path] | None = None
        self._task: asyncio.Task | None = None

    async def start_tcp(self, host: str, port: int) -> int:
        """Listen; returns the port. Whoever connects hears a telegram of each meter at once."""
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
            link.unlink(missing_ok=True)
            os.close(master)
            os.close(slave)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            for telegram in self._telegrams():
                writer.write(telegram)
            while await reader.read(4096):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _speak(self) -> None:
        while True:
            for telegram in self._telegrams() if self._writers or self._pty else ():
                for writer in self._writers:
                    writer.write(telegram)
                if self._pty:
                    # Nobody reads a full pty: what does not fit is lost, as on the air.
                    with contextlib.suppress(BlockingIOError):
                        os.write(self._pty[0], telegram)
            await asyncio.sleep(self._every)


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    radios = [_radio(meter) for meter in meters]
    settings = meters[0].spec.settings
    receiver = str(settings.get("receiver", "rtl-wmbus"))

    def telegrams() -> list[bytes]:
        now = datetime.fromtimestamp(stage.clock(), UTC)
        return [delivered(receiver, radio.telegram(now), now) for radio in radios]

    port = RadioPort(telegrams, float(settings.get("every", _EVERY)))
    place = meters[0].spec.place
    if place.pty:
        path = stage.pty_dir / place.pty
        port.start_pty(path)
        return Opened({meter.spec.key: str(path) for meter in meters}, port.stop)
    wanted = stage.port_base + place.port if stage.port_base else 0
    number = await port.start_tcp(stage.host, wanted)
    return Opened({meter.spec.key: f"{stage.host}:{number}" for meter in meters}, port.stop)


def _radio(meter: SimulatedMeter) -> RadioMeter:
    settings = meter.spec.settings
    return RadioMeter(
        lambda now: {
            name: meter.value(name, int(now.timestamp()))[0] for name in ("volume", "volume_flow")
        },
        id=meter.spec.serial,
        mode=int(settings.get("mode", 0)),
        key=bytes.fromhex(str(settings.get("key", ""))),
    )


def _check(row: Mapping, complain: Complain) -> None:
    settings = row["settings"]
    if settings.get("receiver", "rtl-wmbus") not in RECEIVERS:
        complain("settings", f"receiver is one of {', '.join(RECEIVERS)}")
    mode, key = settings.get("mode", 0), str(settings.get("key", ""))
    if mode not in (0, 5, 7) or (mode and len(key) != 32):
        complain("settings", "mode is 0, 5 or 7; 5 and 7 need a key of 32 hex digits")
    every = settings.get("every", _EVERY)
    if not isinstance(every, (int, float)) or every <= 0:
        complain("settings", "every is a number of seconds above 0")


PROTOCOL = SimulatedProtocol("wmbus", _open, check=_check, electric=False)

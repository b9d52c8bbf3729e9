# SPDX-License-Identifier: MIT
"""What carries simulated meters to a collector: modems that dial in, and gateways that push.

Both stand between a meter's own port and the collector, so they work for every protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..fields import Field, Problems, parse_table
from .deliver import BODIES, deliver, parse_target, wrap

MODEM_FIELDS = {
    "meter": Field(str, help="key of the meter behind it"),
    "to": Field(str, help="host:port of the collector"),
    "hello": Field(str, "", help=r"what it says first, as IMEI=1\r\n"),
    "heartbeat": Field(str, "", help="its sign of life"),
    "every": Field(float, 60.0, low=0.05, high=86400, help="seconds between signs of life"),
    "redial": Field(float, 5.0, low=0.05, high=86400, help="seconds until it dials again"),
}
PUSH_FIELDS = {
    "meter": Field(str, help="key of a meter that sends unasked"),
    "to": Field(str, help="udp:// tcp:// http:// or mqtt:// address of collector or broker"),
    "secret": Field(str, "", help="bearer token, or password at the broker"),
    "body": Field(str, "raw", choices=BODIES, help="how bytes are wrapped"),
    "redial": Field(float, 5.0, low=0.05, high=86400, help="seconds until it tries again"),
}

# Bytes of one telegram come close together.
_QUIET_SECONDS = 0.05
_MOST_WAITING = 1000


class Carrier(Protocol):
    """Runs until it is cancelled; ``meter`` is the key of what it carries."""

    meter: str

    async def run(self, address: str) -> None:
        """Carry between the meter at ``address`` and the collector."""


@dataclass(slots=True)
class DialInModem:
    """A modem: dials, greets, joins the meter's port to the collector, dials again when cut off."""

    meter: str
    to: str
    hello: str = ""
    heartbeat: str = ""
    every: float = 60.0
    redial: float = 5.0
    calls: int = 0

    async def run(self, address: str) -> None:
        """Stay connected until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                await self._call(address)
            await asyncio.sleep(self.redial)

    async def _call(self, address: str) -> None:
        collector = await asyncio.open_connection(*_split(self.to))
        self.calls += 1
        try:
            meter = await asyncio.open_connection(*_split(address))
        except OSError:
            collector[1].close()
            raise
        collector[1].write(_bytes(self.hello))
        tasks = [
            asyncio.create_task(_pump(collector[0], meter[1])),
            asyncio.create_task(_pump(meter[0], collector[1])),
        ]
        if self.heartbeat:
            tasks.append(asyncio.create_task(self._beat(collector[1])))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for _, writer in (collector, meter):
                writer.close()

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(self.every)
            writer.write(_bytes(self.heartbeat))
            await writer.drain()


@dataclass(slots=True)
class Pusher:
    """A gateway: hears a meter that sends unasked and pushes each telegram until it is taken."""

    meter: str
    to: str
    secret: str = field(default="", repr=False)
    body: str = "raw"
    redial: float = 5.0
    taken: int = 0
    refused: int = 0

    async def run(self, address: str) -> None:
        """Push until cancelled; what was not confirmed is pushed again, in order."""
        waiting: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)
        hearing = asyncio.create_task(self._hear(address, waiting))
        try:
            while True:
                await self._push(await waiting.get())
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _hear(self, address: str, waiting: asyncio.Queue[bytes]) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(*_split(address))
                with contextlib.closing(writer):
                    while telegram := await _telegram(reader):
                        with contextlib.suppress(asyncio.QueueFull):
                            waiting.put_nowait(telegram)
            await asyncio.sleep(self.redial)

    async def _push(self, telegram: bytes) -> None:
        target, body = parse_target(self.to), wrap(telegram, self.body)
        while (taken := await deliver(target, self.secret, body)) is None:
            await asyncio.sleep(self.redial)
        self.taken += taken
        self.refused += not taken


def parse_modem(entry: object, path: str, problems: Problems) -> DialInModem:
    """Return a modem from a scenario's table."""
    values = parse_table(entry, MODEM_FIELDS, path, problems)
    _check_address(values["to"], path, problems)
    return DialInModem(**values)


def parse_pusher(entry: object, path: str, problems: Problems) -> Pusher:
    """Return a pusher from a scenario's table."""
    values = parse_table(entry, PUSH_FIELDS, path, problems)
    try:
        parse_target(values["to"])
    except ValueError as error:
        problems.add(f"{path}.to", str(error))
    return Pusher(**values)


def check_meters(
    carriers: list[Carrier], places: Mapping[str, bool], problems: Problems
) -> None:
    """Add a mistake for each carrier without a meter; ``places``: whether it has a TCP port."""
    for each in carriers:
        if not places.get(each.meter):
            problems.add(f"meter {each.meter!r}", "a modem or pusher needs a meter with a port")


def _check_address(address: str, path: str, problems: Problems) -> None:
    try:
        _split(address)
    except ValueError:
        problems.add(f"{path}.to", f"{address!r} is not host:port")


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host:
        raise ValueError(address)
    return host, int(port)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1", "replace")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()


async def _telegram(reader: asyncio.StreamReader) -> bytes:
    telegram = await reader.read(4096)
    with contextlib.suppress(TimeoutError):
        while telegram:
            async with asyncio.timeout(_QUIET_SECONDS):
                more = await reader.read(4096)
            if not more:
                break
            telegram += more
    return telegram

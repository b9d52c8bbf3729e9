# SPDX-License-Identifier: MIT
"""Simulated wired M-Bus meters behind one TCP level converter.

They answer as meters on a two-wire bus do: SND_NKE, REQ_UD2 with FCB, selection by secondary
address with wildcards, several telegrams, and a damaged answer when two meters speak at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from ..model import ProtocolError
from ..protocol.mbus.address import selects
from ..protocol.mbus.header import LONG
from ..protocol.mbus.link import (
    ACK,
    BROADCAST_ANSWERED,
    FCB,
    SECONDARY,
    SELECT,
    long_frame,
    parse_frame,
)
from ..protocol.mbus.media import manufacturer_bytes

Values = Callable[[datetime], Mapping[str, Decimal]]
Clock = Callable[[], datetime]

_RSP_UD = 0x08
_NKE, _SND_UD, _REQ_UD2 = 0x00, 0x13, 0x1B
_MORE = b"\x1f"


@dataclass(frozen=True, slots=True)
class RegisterForm:
    """How a meter sends one value: header bytes, BCD bytes, and the value of its last digit."""

    name: str
    header: bytes
    size: int
    step: Decimal

    def encode(self, value: Decimal) -> bytes:
        """Return the record; the counter rolls over where its digits end."""
        number = int(value / self.step) % 10 ** (2 * self.size)
        return self.header + _bcd(number, self.size)


def _form(name: str, header: str, size: int, step: str) -> RegisterForm:
    return RegisterForm(name, bytes.fromhex(header), size, Decimal(step))


WATER: tuple[tuple[RegisterForm, ...], ...] = (
    (_form("volume", "0C13", 4, "0.001"), _form("volume_flow", "0B3B", 3, "0.001")),
)
# The last months of a heat meter do not fit one telegram: it sends a second one.
HEAT: tuple[tuple[RegisterForm, ...], ...] = (
    (
        _form("energy", "0C06", 4, "1000"),
        _form("volume", "0C14", 4, "0.01"),
        _form("power", "0B2D", 3, "100"),
        _form("volume_flow", "0B3B", 3, "0.001"),
        _form("flow_temperature", "0A5A", 2, "0.1"),
        _form("return_temperature", "0A5E", 2, "0.1"),
    ),
    (_form("energy@1", "4C06", 4, "1000"), _form("volume@1", "4C14", 4, "0.01")),
)


@dataclass(slots=True)
class SimulatedMeter:
    """One meter; ``values(now)`` gives base units (m3, m3/h, Wh, W, °C) by register name."""

    values: Values
    id: str = "12345678"
    address: int = 1
    manufacturer: str = "BAY"
    version: int = 1
    medium: int = 0x07
    layout: Sequence[Sequence[RegisterForm]] = WATER
    zone: timezone = field(default_factory=lambda: timezone(timedelta(hours=3)))
    status: int = 0
    selected: bool = False
    _page: int = -1
    _fcb: int | None = None
    _access: int = 0

    @property
    def secondary(self) -> bytes:
        """The eight bytes of the secondary address as sent on the wire."""
        number = bytes.fromhex(self.id)[::-1]
        return number + manufacturer_bytes(self.manufacturer) + bytes((self.version, self.medium))

    def reset(self) -> None:
        """Start again with the first telegram, as after SND_NKE."""
        self._page, self._fcb = -1, None

    def answer(self, fcb: int, now: datetime) -> bytes:
        """Return the next telegram, or the same one again when the FCB did not change."""
        if fcb != self._fcb:
            self._page = (self._page + 1) % len(self.layout)
            self._fcb = fcb
        self._access = (self._access + 1) % 256
        header = self.secondary + bytes((self._access, self.status, 0, 0))
        return long_frame(_RSP_UD, self.address, bytes((LONG,)) + header + self._records(now))

    def _records(self, now: datetime) -> bytes:
        values = self.values(now)
        forms = [form for form in self.layout[self._page] if form.name in values]
        body = b"\x0c\x78" + bytes.fromhex(self.id)[::-1]
        body += b"".join(form.encode(values[form.name]) for form in forms)
        body += b"\x04\x6d" + _date_time(now.astimezone(self.zone))
        return body if self._page == len(self.layout) - 1 else body + _MORE


def heat_meter(values: Values, **settings) -> SimulatedMeter:
    """Return a heat meter, which answers in two telegrams."""
    return SimulatedMeter(values, **{"medium": 0x04, "layout": HEAT, **settings})


class MbusMeterServer:
    """A TCP level converter with the meters of one bus behind it."""

    def __init__(self, meters: Iterable[SimulatedMeter], clock: Clock | None = None) -> None:
        self.meters = list(meters)
        self.requests = 0
        self._clock = clock or (lambda: datetime.now(UTC))
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task] = set()

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
        # Cancelled is how stop() ends a connection; streams would log it as a failure.
        ends = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            while True:
                await self._answer(await _receive(reader), writer)
        self._connections.discard(task)
        writer.close()

    async def _answer(self, wire: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            answer = self.respond(wire)
        except ProtocolError:
            return  # A meter stays silent at what it does not understand.
        writer.write(answer)
        await writer.drain()

    def respond(self, wire: bytes) -> bytes:
        """Return what the master hears after sending ``wire``; empty when no meter answers."""
        frame = parse_frame(wire)
        self.requests += 1
        control = frame.control & ~(FCB | 0x40)
        if control == _NKE:
            return self._reset(frame.address)
        if control == _SND_UD and frame.data[:1] == bytes((SELECT,)):
            return self._select(frame.data[1:9])
        if control == _REQ_UD2:
            now = self._clock()
            fcb = frame.control & FCB
            return _overlaid([m.answer(fcb, now) for m in self._addressed(frame.address)])
        return b""

    def _reset(self, address: int) -> bytes:
        meters = self._addressed(address)
        for meter in meters:
            meter.reset()
            if address == SECONDARY:
                meter.selected = False
        return ACK if meters else b""

    def _select(self, selection: bytes) -> bytes:
        for meter in self.meters:
            meter.selected = len(selection) == 8 and selects(selection, meter.secondary)
            meter.reset()
        return ACK if any(meter.selected for meter in self.meters) else b""

    def _addressed(self, address: int) -> list[SimulatedMeter]:
        if address == SECONDARY:
            return [meter for meter in self.meters if meter.selected]
        if address == BROADCAST_ANSWERED:
            return self.meters
        return [meter for meter in self.meters if meter.address == address]


async def _receive(reader: asyncio.StreamReader) -> bytes:
    while True:
        first = await reader.readexactly(1)
        if first == b"\x10":
            return first + await reader.readexactly(4)
        if first == b"\x68":
            head = first + await reader.readexactly(3)
            return head + await reader.readexactly(head[1] + 2)


def _overlaid(answers: Sequence[bytes]) -> bytes:
    """Meters pull the same wire down, each starting a character later: the bits come out ANDed."""
    if not answers:
        return b""
    size = max(start + len(answer) for start, answer in enumerate(answers))
    heard = bytearray(b"\xff" * size)
    for start, answer in enumerate(answers):
        for position, byte in enumerate(answer, start):
            heard[position] &= byte
    return bytes(heard)


def _bcd(number: int, size: int) -> bytes:
    return bytes.fromhex(str(number).zfill(2 * size))[::-1]


def _date_time(local: datetime) -> bytes:
    year = local.year % 100
    day = local.day | (year & 7) << 5
    return bytes((local.minute, local.hour, day, local.month | (year & 0x78) << 1))

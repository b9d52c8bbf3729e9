# SPDX-License-Identifier: MIT
"""Simulated wired M-Bus meters behind one TCP level converter.

They answer as meters on a two-wire bus do: SND_NKE, REQ_UD2 with FCB, selection by secondary
address with wildcards, several telegrams, and a damaged answer when two meters speak at once.
"""

from __future__ import annotations

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
    APPLICATION_RESET,
    BROADCAST,
    BROADCAST_ANSWERED,
    FCB,
    SECONDARY,
    SELECT,
    SEND_DATA,
    long_frame,
    parse_frame,
)
from ..protocol.mbus.media import manufacturer_bytes
from ..protocol.mbus.values import date_time_bytes, time_text
from .ports import Session, TcpPort, overlaid

Values = Callable[[datetime], Mapping[str, Decimal]]
Clock = Callable[[], datetime]

_RSP_UD = 0x08
_NKE, _SND_UD, _REQ_UD2 = 0x00, 0x13, 0x1B
_MORE = b"\x1f"
_SET_TIME = bytes((SEND_DATA,)) + b"\x04\x6d"
_PLAIN_START = b"\x2f\x2f"
_SHORT, _LONG = 0x10, 0x68
# A short frame's bytes, and a long one's beside those its length field counts.
_SIZES = {_SHORT: 5, _LONG: 6}


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
    """One meter; ``values(now)`` gives base units (m3, m3/h, Wh, W, °C) by register name.

    ``applications`` are other layouts, chosen by the sub-code of an application reset; with a
    ``key`` the meter seals its records (mode 5).
    """

    values: Values
    id: str = "12345678"
    address: int = 1
    manufacturer: str = "BAY"
    version: int = 1
    medium: int = 0x07
    layout: Sequence[Sequence[RegisterForm]] = WATER
    zone: timezone = field(default_factory=lambda: timezone(timedelta(hours=3)))
    status: int = 0
    applications: Mapping[bytes, Sequence[Sequence[RegisterForm]]] = field(default_factory=dict)
    key: bytes | None = None
    selected: bool = False
    clock_shift: timedelta = timedelta(0)
    _application: bytes = b""
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
        layout = self.applications.get(self._application, self.layout)
        if fcb != self._fcb:
            self._page = (self._page + 1) % len(layout)
            self._fcb = fcb
        self._access = (self._access + 1) % 256
        body, configuration = self._records(layout, now), b"\0\0"
        if self.key:
            body, configuration = self._sealed(body)
        header = self.secondary + bytes((self._access, self.status)) + configuration
        return long_frame(_RSP_UD, self.address, bytes((LONG,)) + header + body)

    def take(self, data: bytes, now: datetime) -> bool:
        """Take user data: an application reset, or the time; whether they were understood."""
        if data[0] == APPLICATION_RESET:
            self._application = data[1:]
            self.reset()
            return True
        told = time_text(data[3:]) if data[:3] == _SET_TIME else None
        if told is not None:
            local = datetime.fromisoformat(told).replace(tzinfo=self.zone)
            self.clock_shift = local - now
        return told is not None

    def _sealed(self, body: bytes) -> tuple[bytes, bytes]:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        body = _PLAIN_START + body
        body += b"\x2f" * (-len(body) % 16)
        secondary = self.secondary
        initial = secondary[4:6] + secondary[:4] + secondary[6:] + bytes((self._access,)) * 8
        cipher = Cipher(algorithms.AES(self.key), modes.CBC(initial)).encryptor()
        return cipher.update(body), bytes((len(body) // 16 << 4, 5))

    def _records(self, layout: Sequence[Sequence[RegisterForm]], now: datetime) -> bytes:
        values = self.values(now)
        forms = [form for form in layout[self._page] if form.name in values]
        body = b"\x0c\x78" + bytes.fromhex(self.id)[::-1]
        body += b"".join(form.encode(values[form.name]) for form in forms)
        body += b"\x04\x6d" + date_time_bytes((now + self.clock_shift).astimezone(self.zone))
        return body if self._page == len(layout) - 1 else body + _MORE


def heat_meter(values: Values, **settings) -> SimulatedMeter:
    """Return a heat meter, which answers in two telegrams."""
    return SimulatedMeter(values, **{"medium": 0x04, "layout": HEAT, **settings})


class MbusBus:
    """The meters of one bus, as the level converter before them shows it."""

    def __init__(self, meters: Iterable[SimulatedMeter], clock: Clock | None = None) -> None:
        self.meters = list(meters)
        self.requests = 0
        self._clock = clock or (lambda: datetime.now(UTC))

    def session(self) -> Session:
        """Return a new connection to the bus."""
        return _BusSession(self)

    def respond(self, wire: bytes) -> bytes:
        """Return what the master hears after sending ``wire``; empty when no meter answers."""
        frame = parse_frame(wire)
        self.requests += 1
        control = frame.control & ~(FCB | 0x40)
        if control == _NKE:
            return self._reset(frame.address)
        if control == _SND_UD and frame.data[:1] == bytes((SELECT,)):
            return self._select(frame.data[1:9])
        if control == _SND_UD and frame.data:
            return self._tell(frame.address, frame.data)
        if control == _REQ_UD2:
            now = self._clock()
            fcb = frame.control & FCB
            return overlaid([m.answer(fcb, now) for m in self._addressed(frame.address)])
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

    def _tell(self, address: int, data: bytes) -> bytes:
        now = self._clock()
        if address == BROADCAST:
            for meter in self.meters:
                meter.take(data, now)
            return b""
        understood = [meter.take(data, now) for meter in self._addressed(address)]
        return ACK if any(understood) else b""

    def _addressed(self, address: int) -> list[SimulatedMeter]:
        if address == SECONDARY:
            return [meter for meter in self.meters if meter.selected]
        if address == BROADCAST_ANSWERED:
            return self.meters
        return [meter for meter in self.meters if meter.address == address]


class _BusSession:
    """Cuts what a master sends into frames; anything else is passed over."""

    def __init__(self, bus: MbusBus) -> None:
        self._bus = bus
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers."""
        self._buffer += data
        answers = b""
        while (size := self._size()) and size <= len(self._buffer):
            wire, self._buffer = self._buffer[:size], self._buffer[size:]
            with contextlib.suppress(ProtocolError):  # silent at what it does not understand
                answers += self._bus.respond(wire)
        return answers

    def _size(self) -> int:
        """Return how long the first frame is, 0 when that cannot be known yet."""
        while self._buffer and self._buffer[0] not in _SIZES:
            self._buffer = self._buffer[1:]
        if not self._buffer:
            return 0
        if self._buffer[0] == _SHORT:
            return _SIZES[_SHORT]
        return self._buffer[1] + _SIZES[_LONG] if len(self._buffer) > 1 else 0


class MbusMeterServer(MbusBus):
    """A TCP level converter with the meters of one bus behind it."""

    def __init__(self, meters: Iterable[SimulatedMeter], clock: Clock | None = None) -> None:
        super().__init__(meters, clock)
        port = TcpPort(self.session)
        self.start, self.stop = port.start, port.stop


def _bcd(number: int, size: int) -> bytes:
    return bytes.fromhex(str(number).zfill(2 * size))[::-1]

# SPDX-License-Identifier: MIT
"""The driver: settings, one dialogue over any link, and what modules send unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from actwin_collector.channel.base import Link
from actwin_collector.model import (
    STATUS_OK,
    STATUS_SUSPECT,
    AddressError,
    CollectorError,
    ConfigError,
    DeviceSpec,
    FrameError,
    Heard,
    MeterIdentity,
    Push,
    ReadResult,
    Record,
    Sample,
    Telegram,
)
from actwin_collector.protocol.base import Driver, Listener

from . import codec

_LONGEST = 200


class PulseDriver(Driver):
    """Reads the four counters of a module; registers are ``counter1`` to ``counter4``."""

    name: ClassVar[str] = "pulse"
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "units": "base unit of each counter, for example {counter1 = 'm3'}",
        "per_pulse": "how much one pulse is, as text: {counter1 = '0.01'} (1)",
        "serial": "serial number the module must report; another one is an error",
    }

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Ask once; raises CollectorError. Attempts and pauses are the collector's business."""
        address = _address(device)
        await link.discard_input()
        await link.write(codec.request(address))
        data = await link.read_until(codec.END, timeout, limit=_LONGEST)
        message = codec.parse(data)
        if message.address != address:
            raise AddressError(f"module {message.address} answered, not {address}")
        return _result(message, device, data)

    def listener(self, settings: Mapping[str, object]) -> Listener:
        """Modules report by themselves every hour."""
        return PulseListener()

    def sender_of(self, device: DeviceSpec) -> str:
        """Return how heard messages name this device: by its serial number."""
        return str(device.settings.get("serial") or "")

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Return the readings of a message; raises CollectorError."""
        data = bytes.fromhex(str(heard.telegram["telegram"]))
        return Push(_result(codec.parse(data), device, data))

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex}`` for the ``decode`` command; raises CollectorError."""
        try:
            data = bytes.fromhex(telegram["telegram"])
        except (KeyError, TypeError, ValueError):
            raise FrameError("'telegram' must be hex text", "bad_hex") from None
        message = codec.parse(data)
        return Telegram(_identity(message), _records(message, {}, {}))


class PulseListener(Listener):
    """Cuts a stream into lines; noise is counted, never raised."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = b""

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes; return the messages that are whole now."""
        *lines, self._waiting = (self._waiting + data).split(codec.END)
        self._waiting = self._waiting[-_LONGEST:]
        heard: list[Heard] = []
        for line in lines:
            try:
                message = codec.parse(line)
            except CollectorError as error:
                self.note(error.code)
                continue
            heard.append(Heard(message.serial, {"telegram": (line + codec.END).hex()}))
        return heard


def _result(message: codec.Message, device: DeviceSpec, data: bytes) -> ReadResult:
    serial = device.settings.get("serial")
    if serial and serial != message.serial:
        raise AddressError(f"module {message.serial} answered, not {serial}")
    units = _table(device, "units")
    records = _records(message, units, _table(device, "per_pulse"))
    status = STATUS_SUSPECT if message.flags & codec.WIRE_CUT else STATUS_OK
    samples = {
        record.quantity: Sample(record.value, record.unit, status) for record in records
    }
    return ReadResult(_identity(message), samples, records, data.hex())


def _records(
    message: codec.Message, units: Mapping[str, object], per_pulse: Mapping[str, object]
) -> tuple[Record, ...]:
    found = []
    for number, count in enumerate(message.counters, 1):
        name = f"counter{number}"
        value = count * _decimal(per_pulse.get(name, "1"))
        found.append(Record(name, value, str(units.get(name, "")), raw=count))
    return tuple(found)


def _identity(message: codec.Message) -> MeterIdentity:
    return MeterIdentity(message.serial, "PULSE", extra={"flags": f"{message.flags:02X}"})


def _address(device: DeviceSpec) -> int:
    if not device.address.isdecimal():
        raise ConfigError(f"{device.key}: {device.address!r} is no module address (0 to 99)")
    return int(device.address)


def _table(device: DeviceSpec, name: str) -> Mapping[str, object]:
    value = device.settings.get(name) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{device.key}.settings.{name}: must be a table")
    return value


def _decimal(text: object) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise ConfigError(f"per_pulse: {text!r} is not a decimal number") from None

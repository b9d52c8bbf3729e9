# SPDX-License-Identifier: MIT
"""Driver for LoRaWAN meters behind a network server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    AddressError,
    ConfigError,
    DeviceSpec,
    FrameError,
    Heard,
    MeterIdentity,
    Push,
    ReadResult,
    Record,
    Telegram,
)
from ...units import EXACT
from ..base import Driver
from ..claims import Claims
from ..gateway.listener import JsonListener
from ..gateway.paths import number
from ..pushes import at_its_own_time, make_push
from ..state import state_folder
from ..wmbus.frame import RadioFrame
from ..wmbus.layers import open_payload
from ..wmbus.memory import Memory
from ..wmbus.records import payload_records
from ..wmbus.security import parse_key
from .codecs import codec_names, codec_of, read_payload
from .networks import Uplink, parse_eui, parse_uplink

FILE = "lora-memory.sqlite"
OBJECT, EN13757 = "object", "en13757"
_MOST_DEPTH = 6

Clock = Callable[[], datetime]


class LoraListener(JsonListener):
    """Hears what a network server posts or publishes; on a byte stream one JSON text a line."""

    def take(self, message: object, topic: str) -> Iterator[Heard]:
        """Yield the uplink in a message; raises CollectorError."""
        uplink = parse_uplink(message)
        # Port 0 carries the network's own commands.
        if uplink is not None and uplink.f_port:
            yield Heard(uplink.eui, uplink.telegram(), rssi=uplink.rssi)


class LoraDriver(Driver):
    """LoRaWAN through ChirpStack, The Things Stack, ThingPark, LORIOT, Milesight, AWS."""

    name: ClassVar[str] = "lora"
    POLLS: ClassVar[bool] = False
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "codec": f"how the payload is read: {OBJECT} (as the network server decoded it), {EN13757}"
        f" (M-Bus records), {', '.join(codec_names())}, a path to a .toml file, or a table",
        "pulse_value": "what one pulse is worth, as 0.01",
        "pulse_unit": "the base unit of pulse_value, as m3 or Wh",
        "counter_reset": "take a frame counter that began again: no (default); for ABP meters",
        "utc_offset": "the meter clock's distance from UTC, +03:00 by default",
        "state_dir": "folder of the frame counters, by default the collector's own",
    }

    def __init__(self, memory: Memory | None = None, clock: Clock | None = None) -> None:
        self._memory = memory
        self._claims = Claims()
        self._clock = clock or (lambda: datetime.now(UTC))

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """LoRaWAN meters send by themselves: there is nothing to ask."""
        raise ConfigError("LoRaWAN meters cannot be polled: use an http or mqtt line")

    def listener(self, settings: Mapping[str, object]) -> LoraListener:
        """Return a listener for the messages of network servers."""
        return LoraListener()

    def sender_of(self, device: DeviceSpec) -> str:
        """Return the DevEUI; raises ConfigError, for an unknown codec too."""
        codec = device.settings.get("codec")
        if codec not in (OBJECT, EN13757):
            codec_of(codec)
        return _eui_of(device)

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Decode an uplink with the device's codec; raises CollectorError, then it is refused."""
        uplink = parse_uplink(heard.telegram)
        if uplink is None or uplink.eui != _eui_of(device):
            raise AddressError("another meter's uplink")
        records = _in_units(_records(uplink, device.settings.get("codec"), device.secret), device)
        counters, late = self._counters(uplink, device)
        identity = _identity(uplink, heard.rssi)
        now = self._clock()
        push = make_push(identity, records, device, now, raw=uplink.data.hex().upper())
        push = at_its_own_time(push, uplink.time, now, device)
        return replace(push, late=self._claims.claim(heard, counters) or late)

    def confirm_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Keep the uplink's counter; raises CollectorError."""
        for (eui, session), counter in self._claims.of(heard).items():
            self._memory_of(device).keep(eui, session, counter)
        self._claims.drop(heard)

    def forget_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Let the uplink's counter come again."""
        self._claims.drop(heard)

    def _counters(
        self, uplink: Uplink, device: DeviceSpec
    ) -> tuple[dict[tuple[bytes, bytes], int], bool]:
        """Return the counter to claim, by DevEUI and session, and whether a higher one was taken.

        Raises ``replayed``.
        """
        if str(device.settings.get("counter_reset", "no")).lower() in ("yes", "true", "1"):
            return {}, False
        owner = (bytes.fromhex(uplink.eui), uplink.session.encode())
        late = self._memory_of(device).check(*owner, uplink.f_cnt)
        return {owner: uplink.f_cnt}, late

    def _memory_of(self, device: DeviceSpec) -> Memory:
        folder = str(device.settings.get("state_dir") or "")
        return self._memory or Memory(state_folder(folder) / FILE)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"json": message of a network server, "codec": …, "key": hex}``.

        Or ``{"telegram": payload as hex, "port": …, "codec": …, "key": …}``.
        """
        if "telegram" in telegram:
            uplink = _bare(telegram)
        else:
            uplink = parse_uplink(telegram.get("json", telegram))
            if uplink is None:
                raise FrameError("no uplink", "no_uplink")
        key = telegram.get("key")
        records = _records(uplink, telegram.get("codec"), key if isinstance(key, str) else "")
        return Telegram(_identity(uplink, uplink.rssi), tuple(records))


def _bare(telegram: Mapping) -> Uplink:
    port = number(telegram.get("port", 1))
    try:
        data = bytes.fromhex(telegram["telegram"])
    except (TypeError, ValueError):
        raise FrameError("'telegram' must be hex text", "bad_hex") from None
    return Uplink("", 0, int(port) if port is not None else 1, data)


def _eui_of(device: DeviceSpec) -> str:
    try:
        return parse_eui(device.address)
    except FrameError:
        text = f"address {device.address!r}: the 16 hex digits of the DevEUI"
        raise ConfigError(text, "bad_address") from None


def _identity(uplink: Uplink, rssi: int | None) -> MeterIdentity:
    extra = {"network": uplink.network, "f_cnt": str(uplink.f_cnt), "f_port": str(uplink.f_port)}
    if rssi is not None:
        extra["rssi"] = str(rssi)
    return MeterIdentity(uplink.eui, extra=extra)


def _records(uplink: Uplink, codec: object, secret: str) -> Sequence[Record]:
    if codec == OBJECT:
        return list(_flattened(uplink.object or {}))
    if codec == EN13757:
        # The radio frame's address is the payload's own where it has one.
        frame = RadioFrame(0x44, bytes(2), bytes(6), uplink.data)
        key = parse_key(secret)
        return payload_records(frame, open_payload(frame, key), key)
    return read_payload(codec_of(codec), uplink.f_port, uplink.data)


def _flattened(value: object, path: str = "") -> Iterator[Record]:
    """Numbers and texts in a decoded object, named by their paths."""
    if isinstance(value, Mapping) and path.count(".") < _MOST_DEPTH:
        for key, inner in value.items():
            yield from _flattened(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and path.count(".") < _MOST_DEPTH:
        for at, inner in enumerate(value):
            yield from _flattened(inner, f"{path}.{at}")
    elif isinstance(value, (int, Decimal, bool)):
        yield Record(path, number(value))
    elif isinstance(value, str):
        yield Record(path, value)


def _in_units(records: Sequence[Record], device: DeviceSpec) -> Sequence[Record]:
    """Give pulses their worth."""
    worth = number(device.settings.get("pulse_value"))
    unit = str(device.settings.get("pulse_unit") or "")
    if worth is None:
        return records
    return [
        replace(record, value=EXACT.multiply(record.value, worth), unit=unit)
        if record.quantity == "pulses" and isinstance(record.value, Decimal)
        else record
        for record in records
    ]

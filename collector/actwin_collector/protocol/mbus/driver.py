# SPDX-License-Identifier: MIT
"""Driver for wired M-Bus meters: one dialogue with one meter over any link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    ConfigError,
    DeviceSpec,
    ProfileRow,
    ReadResult,
    Telegram,
    UnsupportedError,
)
from ..base import Driver
from ..hexadecimal import hex_bytes
from .address import parse_address
from .dialogue import Dialogue, Readout, at_speed
from .link import DLMS_SEGMENTS, SEND_DATA
from .options import SETTINGS, Options, parse_key, parse_options
from .registers import take_samples
from .search import FoundMeter, search
from .storages import stored_rows
from .telegram import decode_telegram
from .values import date_time_bytes

_TIME_POINT = b"\x04\x6d"


class MbusDriver(Driver):
    """Wired M-Bus (EN 13757-2 and -3), primary and secondary addressing."""

    name: ClassVar[str] = "mbus"
    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Select the meter where needed, fetch all its telegrams, and take the registers."""
        options = parse_options(device)
        readout = await _readout(link, device, options, timeout)
        names = [parameter.register for parameter in device.parameters]
        samples = take_samples(readout.records, names, readout.status, options.zone)
        return ReadResult(readout.meter, samples, readout.records, readout.raw)

    async def read_profile(
        self, link: Link, device: DeviceSpec, timeout: float, start: datetime, end: datetime
    ) -> Sequence[ProfileRow]:
        """Return what the meter kept for its due dates; needs the setting ``utc_offset``."""
        options = parse_options(device)
        if options.zone is None:
            raise UnsupportedError(f"{device.key}: stored values need the setting utc_offset")
        readout = await _readout(link, device, options, timeout)
        return stored_rows(readout.records, options.zone, start, end)

    async def set_clock(self, link: Link, device: DeviceSpec, timeout: float) -> None:
        """Send the machine's time in the meter's zone; to address 255 for all meters of a line."""
        options = parse_options(device)
        if options.zone is None:
            raise ConfigError(f"{device.key}: setting the clock needs the setting utc_offset")
        dialogue = Dialogue(link, parse_address(device.address), options, timeout)
        async with at_speed(link, options.baudrate):
            await dialogue.open()
            local = datetime.now(UTC).astimezone(options.zone)
            await dialogue.send(bytes((SEND_DATA,)) + _TIME_POINT + date_time_bytes(local))

    async def scan(self, link: Link, timeout: float) -> list[FoundMeter]:
        """Return every meter on the bus by secondary search; raises CollectorError."""
        return await search(link, timeout)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex, "key": hex}``: a frame, with a key for sealed ones."""
        wire = hex_bytes(telegram.get("telegram"))
        if wire[:1] == b"\x68" and wire[6:7] and wire[6] <= DLMS_SEGMENTS:
            # Customer interfaces send DLMS in M-Bus frames. Imported only here: who has none
            # need not hold that driver in memory.
            from ..dlms.stored import decode_telegram as decode_dlms

            return decode_dlms(telegram)
        key = parse_key(telegram["key"]) if "key" in telegram else None
        found = decode_telegram(wire, key)
        return Telegram(found.meter, found.records)


async def _readout(link: Link, device: DeviceSpec, options: Options, timeout: float) -> Readout:
    address = parse_address(device.address)
    address.check_readable()
    dialogue = Dialogue(link, address, options, timeout)
    async with at_speed(link, options.baudrate):
        await dialogue.open()
        return await dialogue.read()

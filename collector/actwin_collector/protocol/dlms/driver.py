# SPDX-License-Identifier: MIT
"""The DLMS/COSEM driver: one dialogue with one meter over TCP wrapper or HDLC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from ...channel.base import Link
from ...model import (
    AddressError,
    DeviceSpec,
    FrameError,
    MeterIdentity,
    NoAnswer,
    ReadResult,
    Record,
    Telegram,
)
from ..base import Driver
from . import hdlc
from .carrier import Carrier, HdlcCarrier, WrapperCarrier
from .cosem import medium_of, record_of
from .counters import CounterStore, default_store
from .options import SETTINGS, Options
from .registers import RegisterReader, parse_register
from .transcript import decode_telegram, maker_of

if TYPE_CHECKING:
    from .dialogue import Dialogue


class DlmsDriver(Driver):
    """Reads registers, and as records the clock, profiles, event logs and the object list.

    Registers are named by logical name, ``1.8.0`` or ``1.0.1.8.0.255``; ``4:1.0.1.6.0.255#5``
    names class and attribute too. Scaler and unit are read each time, so that a changed meter
    cannot be read with its predecessor's.
    """

    name: ClassVar[str] = "dlms"
    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS

    def __init__(self, store: CounterStore | None = None) -> None:
        # Here and not above: ``decode`` needs neither the library nor its proof.
        from . import guard

        guard.require_verification()
        self._store = store

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Associate, read everything the device asks for, release; raises CollectorError."""
        options = Options.of(device, link.line.kind)
        wanted = [parse_register(parameter.register) for parameter in device.parameters]
        dialogue = self._dialogue(link, options, timeout)

        async def work() -> ReadResult:
            reader = RegisterReader(dialogue, options.zone)
            if options.clock:
                await reader.read_clock()
            identity = await _identify(reader, dialogue, options)
            for each in wanted:
                await reader.read(each)
            records = (*reader.records, *await _further(dialogue, reader, options))
            identity = MeterIdentity(
                identity.id, identity.manufacturer, medium_of(records), extra=identity.extra
            )
            raw = "\n".join(message.hex().upper() for message in dialogue.heard)
            return ReadResult(identity, reader.samples, records, raw)

        return await _held(dialogue, link, options, work)

    async def read_profile(
        self,
        link: Link,
        device: DeviceSpec,
        timeout: float,
        name: bytes,
        start: datetime,
        end: datetime,
    ) -> Sequence[Record]:
        """Return the rows of a load profile or event log from ``start`` to ``end`` (aware)."""
        options = Options.of(device, link.line.kind)
        dialogue = self._dialogue(link, options, timeout)
        return await _held(dialogue, link, options, lambda: dialogue.rows_between(name, start, end))

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode pushes, answers and recorded dialogues; see ``transcript.decode_telegram``."""
        return decode_telegram(telegram)

    def _dialogue(self, link: Link, options: Options, timeout: float) -> Dialogue:
        # Here for the same reason.
        from .dialogue import Dialogue

        store = None
        if options.ciphered:
            store = self._store or default_store(options.state_dir)
        return Dialogue(_carrier(link, options, timeout), options, store)


async def _held(dialogue: Dialogue, link: Link, options: Options, work):
    """Open, work, close; what is left of a broken dialogue must not answer the next one."""
    failed = True
    try:
        await link.discard_input()
        await dialogue.open()
        result = await work()
        failed = False
        return result
    except (NoAnswer, FrameError):
        if options.framing == "wrapper":
            await link.close()
        raise
    finally:
        await dialogue.close(failed)


def _carrier(link: Link, options: Options, timeout: float) -> Carrier:
    if options.framing == "wrapper":
        return WrapperCarrier(link, timeout, options.client, options.logical)
    server = hdlc.encode_address(options.logical, options.physical, options.address_size)
    return HdlcCarrier(link, timeout, options.client, server, options.max_info)


async def _identify(reader: RegisterReader, dialogue: Dialogue, options: Options) -> MeterIdentity:
    name = await reader.device_name()
    serial = await reader.read_text(options.serial_name) if options.serial_name else ""
    if options.serial and options.serial.lstrip("0") != (serial or name).lstrip("0"):
        raise AddressError(f"meter {serial or name or '?'} answered, not {options.serial}")
    extra = {"authentication": "verified" if options.ciphered else "none"}
    if dialogue.meter_title:
        extra["system_title"] = dialogue.meter_title.hex().upper()
    return MeterIdentity(serial or name, maker_of(name.encode()[:3]), extra=extra)


async def _further(dialogue: Dialogue, reader: RegisterReader, options: Options) -> list[Record]:
    """Return the records of profile, event logs and object list as the settings ask for them."""
    now = reader.clock or datetime.now(UTC)
    since = now - timedelta(hours=options.profile_hours)
    found: list[Record] = []
    for name in (*([options.profile] if options.profile else ()), *options.events):
        if options.profile_entries:
            found += await dialogue.last_rows(name, options.profile_entries)
        else:
            found += await dialogue.rows_between(name, since, now)
    if options.objects:
        for name, class_id in (await dialogue.objects()).items():
            record = record_of(name, class_id)
            record.quantity = "object"
            found.append(record)
    return found

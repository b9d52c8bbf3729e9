# SPDX-License-Identifier: MIT
"""The IEC 62056-21 driver: readouts, programming mode, and meters that send unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    AddressError,
    ChecksumError,
    DeviceSpec,
    Heard,
    MeterEvent,
    ProfileRow,
    Push,
    ReadResult,
    Telegram,
    UnsupportedError,
)
from ..base import Driver
from .codec import DAMAGED, Identification, Readout
from .dialogue import Dialogue
from .events import events_of, has_events
from .listen import ReadoutListener
from .options import Options
from .passwords import PasswordGuard
from .programming import Programming
from .quirks import options_for
from .rows import request_text, rows_between
from .settings import SETTINGS
from .telegram import decode_telegram, meter_clock, samples_of, telegram_of

_MIDNIGHT_MARGIN = timedelta(seconds=10)


class Iec62056Driver(Driver):
    """Reads the full readout of a meter; registers are named by their code as printed.

    The short form of a code works too: ``1.8.0`` finds ``1-0:1.8.0*255``. Columns of load profiles
    are named by position (``P.01#1``), by the code the meter prints, and by ``profile_columns``.
    """

    name: ClassVar[str] = "iec62056-21"
    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS

    def __init__(
        self,
        guard: PasswordGuard | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._guard = guard
        self._now = now

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue; raises CollectorError."""
        dialogue = Dialogue(link, device, timeout)
        identification, readout = await dialogue.read()
        return _result(telegram_of(identification, readout), readout.text, dialogue.options)

    async def read_profile(
        self, link: Link, device: DeviceSpec, timeout: float, start: datetime, end: datetime
    ) -> Sequence[ProfileRow]:
        """Ask for the load profile in programming mode; see ``rows.py`` for what columns mean."""

        async def work(visit: Programming) -> Sequence[ProfileRow]:
            options = visit.options
            text = request_text(options, options.profile, start, end)
            answer = await _read(visit, options.profile_command, text)
            return rows_between(answer, visit.options, start, end)

        return await self._visit(link, device, timeout, work)

    async def read_events(
        self, link: Link, device: DeviceSpec, timeout: float, since: datetime
    ) -> Sequence[MeterEvent]:
        """Read the logs and packets that ``events`` names, else the full readout."""
        first = Dialogue(link, device, timeout)
        done, found = "", []
        if not first.options.events:
            # Which ones there are is known once the meter has said who it is.
            done, found = await _first_events(first)
        logs = [source for source in first.options.events if source.startswith("P.")]
        for source in first.options.events:
            if source not in (done, *logs):
                found += (await _packet(Dialogue(link, device, timeout), source))[1]
        if logs:
            found += await self._log_events(link, device, timeout, logs, since)
        return sorted(
            {event for event in found if event.ts > since}, key=lambda each: (each.ts, each.code)
        )

    async def set_clock(self, link: Link, device: DeviceSpec, timeout: float) -> None:
        """Write 0.9.2 and 0.9.1; needs the password. Waits rather than write across midnight."""

        async def work(visit: Programming) -> None:
            await visit.authenticate()
            options = visit.options
            local = self._now().astimezone(options.zone)
            if (local + _MIDNIGHT_MARGIN).date() != local.date():
                await asyncio.sleep(_MIDNIGHT_MARGIN.total_seconds())
                local = self._now().astimezone(options.zone)
            await visit.write(f"0.9.2({local.strftime(options.date_form)})")
            local = self._now().astimezone(options.zone)
            await visit.write(f"0.9.1({local.strftime(options.time_form)})")

        await self._visit(link, device, timeout, work, authenticated=True)

    def listener(self, settings: Mapping[str, object]) -> ReadoutListener:
        """Return a listener for meters that send unasked (mode A, mode D, P1)."""
        return ReadoutListener(lambda text: _sender(decode_telegram({"text": text})[0]))

    def sender_of(self, device: DeviceSpec) -> str:
        """Return the meter's serial: the setting, else the address."""
        return _trimmed(str(device.settings.get("serial") or device.address))

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Return the readings of a telegram; raises CollectorError."""
        telegram, readout = decode_telegram(heard.telegram)
        if telegram.meter.extra["check"] == DAMAGED:
            raise ChecksumError("the telegram arrived damaged")
        options = options_for(device, telegram.meter.extra.get("identification", ""))
        result = _result(telegram, readout.text, options)
        clock = meter_clock(telegram.records, options)
        return Push(result, events=tuple(events_of(readout.text, options, clock)))

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"text": readout}`` or ``{"telegram": hex of the received bytes}``.

        ``meter.extra["check"]`` tells verified, unverified (no check character) and damaged apart.
        """
        return decode_telegram(telegram)[0]

    async def _visit(self, link, device, timeout, work, authenticated: bool = False):
        visit = Programming(link, device, timeout, self._guard)

        async def inside(visit: Programming):
            if visit.options.read_with_password and not authenticated:
                await visit.authenticate()
            return await work(visit)

        return await visit.hold(inside)

    async def _log_events(
        self, link: Link, device: DeviceSpec, timeout: float, logs: list[str], since: datetime
    ) -> list[MeterEvent]:
        async def work(visit: Programming) -> list[MeterEvent]:
            found: list[MeterEvent] = []
            for log in logs:
                text = request_text(visit.options, log, since, self._now())
                answer = await _read(visit, visit.options.profile_command, text)
                found += events_of(answer, visit.options)
            return found

        return await self._visit(link, device, timeout, work)


async def _read(visit: Programming, command: str, text: str) -> str:
    return await visit.read(command, text, visit.options.profile_pause)


async def _first_events(dialogue: Dialogue) -> tuple[str, list[MeterEvent]]:
    """Read the first packet that the meter's quirk names, without one the full readout."""
    select = "0"

    def chosen(options: Options) -> str:
        nonlocal select
        select = next((source for source in options.events if source.isdecimal()), "0")
        return select

    identification, readout = await dialogue.read(chosen)
    text, events = _packet_events(identification, readout, dialogue.options)
    if not dialogue.options.events and not has_events(text):
        raise UnsupportedError("the readout holds no events, and no log is configured")
    return select, events


async def _packet(dialogue: Dialogue, select: str) -> tuple[str, list[MeterEvent]]:
    identification, readout = await dialogue.read(lambda options: select)
    return _packet_events(identification, readout, dialogue.options)


def _packet_events(
    identification: Identification, readout: Readout, options: Options
) -> tuple[str, list[MeterEvent]]:
    """Return (text, events); a packet that does not name its meter cannot be checked for it."""
    telegram = telegram_of(identification, readout)
    if telegram.meter.id:
        _check_serial(telegram, options)
    clock = meter_clock(telegram.records, options)
    return readout.text, events_of(readout.text, options, clock)


def _result(telegram: Telegram, text: str, options: Options) -> ReadResult:
    _check_serial(telegram, options)
    return ReadResult(telegram.meter, samples_of(telegram, options), telegram.records, text)


def _check_serial(telegram: Telegram, options: Options) -> None:
    if options.serial and _trimmed(options.serial) != _trimmed(telegram.meter.id):
        raise AddressError(f"meter {telegram.meter.id or '?'} answered, not {options.serial}")


def _sender(telegram: Telegram) -> str:
    return _trimmed(telegram.meter.id) or telegram.meter.extra.get("identification", "").lstrip("/")


def _trimmed(serial: str) -> str:
    return serial.lstrip("0")

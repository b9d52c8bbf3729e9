# SPDX-License-Identifier: MIT
"""The IEC 62056-21 driver: readouts, programming mode, and meters that send unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    ChecksumError,
    DeviceSpec,
    Heard,
    MeterEvent,
    ProfileRow,
    Push,
    ReadResult,
    Telegram,
)
from ..base import Driver
from .codec import DAMAGED
from .dialogue import Dialogue
from .eventreader import EventReader, check_serial, trimmed
from .events import Told, events_of
from .listen import ReadoutListener
from .options import Options
from .passwords import PasswordGuard
from .programming import Programming
from .quirks import options_for
from .rows import request_text, rows_between
from .settings import SETTINGS
from .telegram import decode_telegram, is_sealed, meter_clock, samples_of, telegram_of

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
        # What each device identified itself as last: its quirk counts before it has spoken.
        self._known: dict[str, str] = {}
        self._told, self._told_by_push = Told(), Told()

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue; raises CollectorError."""
        dialogue = Dialogue(link, device, timeout, self._known.get(device.key, ""))
        identification, readout = await dialogue.read()
        self._known[device.key] = identification.text
        return _result(telegram_of(identification, readout), readout.text, dialogue.options)

    async def read_profile(
        self, link: Link, device: DeviceSpec, timeout: float, start: datetime, end: datetime
    ) -> Sequence[ProfileRow]:
        """Ask for the load profile in programming mode; see ``rows.py`` for what columns mean."""

        async def work(visit: Programming) -> Sequence[ProfileRow]:
            options = visit.options
            text = request_text(options, options.profile, start, end)
            answer = await visit.read(options.profile_command, text, options.profile_pause)
            return rows_between(answer, options, start, end)

        return await self._visit(link, device, timeout, work)

    async def read_events(
        self, link: Link, device: DeviceSpec, timeout: float, since: datetime
    ) -> Sequence[MeterEvent]:
        """Read the logs and packets that ``events`` names, else the full readout."""
        reader = EventReader(
            link,
            device,
            timeout,
            self._known.get(device.key, ""),
            lambda work: self._visit(link, device, timeout, work),
        )
        try:
            events = await reader.read(since, self._now())
            return self._told.without_old_conditions(device.key, events)
        finally:
            self._known[device.key] = reader.known

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
        return trimmed(str(device.settings.get("serial") or device.address))

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Return the readings of a telegram; raises CollectorError."""
        telegram, readout = decode_telegram(heard.telegram)
        if telegram.meter.extra["check"] == DAMAGED:
            raise ChecksumError("the telegram arrived damaged")
        options = options_for(device, telegram.meter.extra.get("identification", ""))
        result = _result(telegram, readout.text, options)
        clock = meter_clock(telegram.records, options)
        events = events_of(readout.text, options, clock)
        return Push(result, events=tuple(self._told_by_push.fresh(device.key, events)))

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"text": readout}`` or ``{"telegram": hex of the received bytes}``.

        The bytes may be sealed: with ``encryption_key`` (or ``key``) and ``authentication_key``.
        ``meter.extra["check"]`` tells verified, unverified (no check character) and damaged apart.
        """
        if is_sealed(telegram):
            # Imported only here: who has no sealed readouts need not hold that driver in memory.
            from ..dlms.stored import decode_telegram as opened

            return opened(telegram)
        return decode_telegram(telegram)[0]

    async def _visit(self, link, device, timeout, work, authenticated: bool = False):
        known = self._known.get(device.key, "")
        visit = Programming(link, device, timeout, self._guard, known)

        async def inside(visit: Programming):
            if visit.options.read_with_password and not authenticated:
                await visit.authenticate()
            return await work(visit)

        try:
            return await visit.hold(inside)
        finally:
            self._known[device.key] = visit.identification


def _result(telegram: Telegram, text: str, options: Options) -> ReadResult:
    check_serial(telegram.meter, options)
    return ReadResult(telegram.meter, samples_of(telegram, options), telegram.records, text)


def _sender(telegram: Telegram) -> str:
    return trimmed(telegram.meter.id) or telegram.meter.extra.get("identification", "").lstrip("/")

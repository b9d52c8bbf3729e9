# SPDX-License-Identifier: MIT
"""Reads a meter's events from wherever it offers them: packets, the full readout, logs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from ...channel.base import Link
from ...model import AddressError, DeviceSpec, MeterEvent, MeterIdentity, NoAnswer, UnsupportedError
from .dialogue import Dialogue
from .events import events_of, has_events
from .options import Options
from .programming import Programming
from .quirks import options_for
from .rows import request_text
from .telegram import meter_clock, telegram_of

Work = Callable[[Programming], Awaitable[list[MeterEvent]]]
FULL = "0"


class EventReader:
    """One reading; ``known`` is what the meter identified itself as last, and then as now.

    ``visit`` holds a visit in programming mode. A packet that the meter does not know is replaced
    by the full readout.
    """

    def __init__(
        self,
        link: Link,
        device: DeviceSpec,
        timeout: float,
        known: str,
        visit: Callable[[Work], Awaitable[list[MeterEvent]]],
    ) -> None:
        self.known = known
        self._link = link
        self._device = device
        self._timeout = timeout
        self._visit = visit
        self._read: set[str] = set()

    async def read(self, since: datetime, now: datetime) -> list[MeterEvent]:
        """Return the events after ``since``, oldest first; raises CollectorError."""
        options = options_for(self._device, self.known)
        found: list[MeterEvent] = []
        if not options.events:
            # Which ones there are is known once the meter has said who it is.
            found, options = await self._first()
        logs = [source for source in options.events if source.startswith("P.")]
        for source in options.events:
            if source not in logs:
                found += await self._packet(source)
        if logs:
            found += await self._visit(lambda visit: _from_logs(visit, logs, since, now))
        later = {event for event in found if event.ts > since}
        return sorted(later, key=lambda event: (event.ts, event.code))

    async def _first(self) -> tuple[list[MeterEvent], Options]:
        """Read the first packet that the meter's quirk names, without one the full readout."""
        text, events, options = await self._readout(_first_packet)
        if options.events and _first_packet(options) not in options.events:
            return [], options  # it keeps a log, of which the readout shows a part at best
        if text and not options.events and not has_events(text):
            raise UnsupportedError("the readout holds no events, and no log is configured")
        return events if text else await self._packet(FULL), options

    async def _packet(self, source: str) -> list[MeterEvent]:
        if source in self._read:
            return []
        text, events, _ = await self._readout(lambda options: source)
        return events if text else await self._packet(FULL)

    async def _readout(
        self, select: Callable[[Options], str]
    ) -> tuple[str, list[MeterEvent], Options]:
        """Return (text, events, options); no text where the meter is silent at a packet."""
        dialogue = Dialogue(self._link, self._device, self._timeout, self.known)
        try:
            identification, readout = await dialogue.read(select)
        except NoAnswer:
            chosen = select(dialogue.options)
            if not dialogue.identified or chosen == FULL:
                raise
            self.known = dialogue.identified
            self._read.add(chosen)
            return "", [], dialogue.options
        self.known, options = identification.text, dialogue.options
        self._read.add(select(options))
        telegram = telegram_of(identification, readout)
        if telegram.meter.id:  # a packet that does not name its meter cannot be checked for it
            check_serial(telegram.meter, options)
        clock = meter_clock(telegram.records, options)
        return readout.text, events_of(readout.text, options, clock), options


async def _from_logs(
    visit: Programming, logs: list[str], since: datetime, now: datetime
) -> list[MeterEvent]:
    found: list[MeterEvent] = []
    options = visit.options
    for log in logs:
        text = request_text(options, log, since, now)
        answer = await visit.read(options.profile_command, text, options.profile_pause)
        found += events_of(answer, options)
    return found


def _first_packet(options: Options) -> str:
    return next((source for source in options.events if source.isdecimal()), FULL)


def trimmed(serial: str) -> str:
    """Return a serial without the zeros before it, which some meters print and others do not."""
    return serial.lstrip("0")


def check_serial(meter: MeterIdentity, options: Options) -> None:
    """Raise AddressError when another meter than the configured one answered."""
    if options.serial and trimmed(options.serial) != trimmed(meter.id):
        raise AddressError(f"meter {meter.id or '?'} answered, not {options.serial}")

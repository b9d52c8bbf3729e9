# SPDX-License-Identifier: MIT
"""The DLMS/COSEM driver: one dialogue with one meter over TCP wrapper or HDLC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from ...channel.base import Link
from ...model import (
    CollectorError,
    DeviceSpec,
    Heard,
    MeterEvent,
    MeterIdentity,
    ProfileRow,
    Push,
    ReadResult,
    Telegram,
    UnsupportedError,
)
from ..base import Driver
from ..claims import Claims
from .carriers import carrier_of
from .clockset import set_clock
from .cosem import medium_of
from .counters import CounterStore, default_store
from .layouts import LayoutCache
from .listener import PushListener
from .options import SETTINGS, Options
from .reading import further, identify
from .receiver import UNPROVED, PushReceiver, to_push
from .registers import RegisterReader, parse_register
from .rows import event_rows, profile_rows
from .spans import SpanReader
from .stored import decode_telegram

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
    LINE_SETTINGS: ClassVar[Mapping[str, str]] = {
        "push_confirm": "true: answer data notifications that ask for it",
    }

    def __init__(
        self,
        store: CounterStore | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        # Here and not above: ``decode`` needs neither the library nor its proof.
        from . import guard

        guard.require_verification()
        self._store = store
        self._claims = Claims()
        self._now = now
        self._layouts = LayoutCache()

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Associate, read everything the device asks for, release; raises CollectorError."""
        options = Options.of(device, link.line.kind)
        wanted = [parse_register(parameter.register) for parameter in device.parameters]
        dialogue = self._dialogue(link, options, timeout)

        async def work() -> ReadResult:
            reader = RegisterReader(dialogue, options.zone)
            if options.clock:
                await reader.read_clock()
            identity = await identify(reader, dialogue, options)
            for each in wanted:
                await reader.read(each)
            records = (*reader.records, *await further(dialogue, reader, options))
            identity = MeterIdentity(
                identity.id, identity.manufacturer, medium_of(records), extra=identity.extra
            )
            raw = "\n".join(message.hex().upper() for message in dialogue.heard)
            return ReadResult(identity, reader.samples, records, raw)

        return await _held(dialogue, link, options, work)

    async def read_profile(
        self, link: Link, device: DeviceSpec, timeout: float, start: datetime, end: datetime
    ) -> Sequence[ProfileRow]:
        """Return the rows of the device's load profile that end in (start, end], oldest first."""
        options = Options.of(device, link.line.kind)
        if not options.profile:
            raise UnsupportedError("the settings name no load profile")
        dialogue = self._dialogue(link, options, timeout)

        async def work() -> list[ProfileRow]:
            spans = await self._spans(device, dialogue, options)
            found: dict[datetime, ProfileRow] = {}
            async for buffer in spans.buffers(options.profile, start, end):
                layout = await spans.layout(options.profile)
                for row in profile_rows(buffer, layout, options.zone, options.status_mask):
                    if start < row.ts <= end:
                        found.setdefault(row.ts, row)
            return [found[moment] for moment in sorted(found)]

        return await _held(dialogue, link, options, work)

    async def read_events(
        self, link: Link, device: DeviceSpec, timeout: float, since: datetime
    ) -> Sequence[MeterEvent]:
        """Return what the event logs of the settings have after ``since``, oldest first."""
        options = Options.of(device, link.line.kind)
        if not options.events:
            raise UnsupportedError("the settings name no event log")
        dialogue = self._dialogue(link, options, timeout)
        # A meter's clock may be ahead of ours.
        end = max(self._now(), since) + timedelta(days=1)

        async def work() -> list[MeterEvent]:
            spans = await self._spans(device, dialogue, options)
            found: list[MeterEvent] = []
            for name in options.events:
                async for buffer in spans.buffers(name, since, end):
                    layout = await spans.layout(name)
                    found += event_rows(buffer, layout, options.zone, name)
            kept = dict.fromkeys(event for event in found if event.ts > since)
            return sorted(kept, key=lambda event: event.ts)

        return await _held(dialogue, link, options, work)

    async def set_clock(self, link: Link, device: DeviceSpec, timeout: float) -> None:
        """Set the meter's clock to the machine's time and see that it took it."""
        options = Options.of(device, link.line.kind)
        dialogue = self._dialogue(link, options, timeout)

        async def work() -> None:
            await identify(RegisterReader(dialogue, options.zone), dialogue, options)
            await set_clock(dialogue, options.zone, self._now)

        await _held(dialogue, link, options, work)

    def listener(self, settings: Mapping[str, object]) -> PushListener:
        """Return a listener for the pushes on one stream."""
        return PushListener(settings)

    def sender_of(self, device: DeviceSpec) -> str:
        """Return how pushes name the meter: its system title, serial number or address.

        Raises ConfigError when a meter that is only heard is set up wrong: no poll would tell.
        """
        settings = device.settings
        if settings.get("poll") is False:
            Options.of(device)
        title = str(settings.get("meter_title") or "").upper()
        names = (settings.get("sender"), title, settings.get("serial"), settings.get("gateway"))
        return str(next(filter(None, names), device.address)).strip()

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Return a push's readings; refuses replays, wrong keys and clear pushes by name."""
        options = Options.of(device)
        store = self._store_of(options) if options.keys.encryption else None
        receiver = PushReceiver(
            options.keys,
            store,
            options.meter_title,
            options.zone,
            options.push_columns,
            options.push_clear,
            options.push_unproved != UNPROVED[0],
        )
        raw = "\n".join(map(str, heard.telegram.get("frames", ())))
        telegram = receiver.take(heard.telegram)
        push = to_push(
            telegram,
            options.push_units,
            options.push_time == "meter",
            raw,
            options.zone,
            options.push_unproved,
        )
        late = self._claims.claim(heard, receiver.counters) or receiver.late
        return replace(push, late=late)

    def confirm_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Keep the push's invocation counters; raises CollectorError."""
        for (title, key), counter in self._claims.of(heard).items():
            self._store_of(Options.of(device)).received(title, key, counter, pushed=True)
        self._claims.drop(heard)

    def forget_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Let the push's invocation counters come again."""
        self._claims.drop(heard)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode pushes, answers and recorded dialogues; see ``transcript.decode_telegram``."""
        return decode_telegram(telegram)

    async def _spans(self, device: DeviceSpec, dialogue: Dialogue, options: Options) -> SpanReader:
        """Return what reads the profiles of the meter that is there now."""
        reader = RegisterReader(dialogue, options.zone)
        identity = await identify(reader, dialogue, options)
        firmware = await reader.read_text(options.firmware_name) if options.firmware_name else ""
        meter = (device.key, identity.id, firmware)
        return SpanReader(dialogue, self._layouts, meter, options.zone, options.profile_days)

    def _store_of(self, options: Options) -> CounterStore:
        return self._store or default_store(options.state_dir)

    def _dialogue(self, link: Link, options: Options, timeout: float) -> Dialogue:
        # Here for the same reason.
        from .dialogue import Dialogue

        store = self._store_of(options) if options.ciphered else None
        return Dialogue(carrier_of(link, options, timeout), options, store)


async def _held(dialogue: Dialogue, link: Link, options: Options, work):
    """Open, work, close; what is left of a broken dialogue must not answer the next one."""
    failed = True
    try:
        await link.discard_input()
        await dialogue.open()
        result = await work()
        failed = False
        return result
    except CollectorError:
        # A silent meter must not cost its neighbours the connection to their concentrator.
        if dialogue.broken:
            await link.close()
        raise
    finally:
        await dialogue.close(failed)

# SPDX-License-Identifier: MIT
"""One device as its line's worker knows it, and the ways values come in: asked, heard, dated."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .grids import Grid, poll_grid, store_grid
from .health import Health
from .model import (
    CollectorError,
    Comm,
    DeviceSpec,
    Event,
    ProfileRow,
    ProtocolError,
    Reading,
    ReadResult,
    ScheduleSpec,
)
from .poller import DriftLimits, Outcome, to_channels
from .protocol.base import Driver
from .slots import SlotKeeper
from .tally import Polled

_log = logging.getLogger(__name__)

# A row dated further ahead than this was stamped by a wrong clock and is refused.
FUTURE_SECONDS = 300.0
# Before this date the machine's clock was never set (2025-01-01).
SANE_WALL = 1735689600


class Store(Protocol):
    """Where finished readings go; raises OutboxError, and then nothing was taken."""

    def __call__(
        self,
        readings: Iterable[Reading],
        events: Iterable[Event],
        comms: Iterable[Comm],
        marks: Mapping[str, int],
        progress: Mapping[str, str],
    ) -> Awaitable[object]:
        """Return when everything is on disk; ``progress``: unfinished slots by device."""


@dataclass
class DeviceState:
    """One device on its line. ``due`` by the monotonic clock, ``nominal`` by the wall clock.

    ``readings``, ``events`` and ``comms`` are finished but not yet on disk. One that is not
    ``polled`` only sends by itself. Nobody sends a push again once it was answered, so the slot
    it fell into is kept on disk as well: ``pushes`` counts those taken, ``pushes_kept`` those kept.
    ``silent``: it has not sent by ``expected_by``, an instant of the monotonic clock.
    """

    spec: DeviceSpec
    schedule: ScheduleSpec
    driver: Driver
    keeper: SlotKeeper
    health: Health = field(default_factory=Health)
    due: float = 0.0
    nominal: float = 0.0
    probing: bool = False
    planned: bool = False
    polled: bool = True
    last_polled: float | None = None
    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    comms: list[Comm] = field(default_factory=list)
    comm_state: tuple[bool, float] | None = None
    expected_by: float | None = None
    silent: bool = False
    pushes: int = 0
    pushes_kept: int = 0
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    polls: Grid = field(init=False)

    def __post_init__(self) -> None:
        self.polls = poll_grid(self.schedule, self.phase)

    @property
    def phase(self) -> float:
        """Seconds by which the device's polls are shifted on the grid."""
        return float(self.spec.settings.get("phase_seconds", 0) or 0)

    @property
    def is_waiting(self) -> bool:
        """Whether anything of it is not on disk yet."""
        unkept = self.pushes != self.pushes_kept
        return bool(self.readings or self.events or self.comms or unkept)

    def hear(self) -> None:
        """Note that the device has just sent by itself."""
        self.expected_by, self.silent = None, False

    def inherit(self, old: DeviceState) -> None:
        """Take over the counters, and what is not on disk yet, of the state before a change."""
        self.health, self.comm_state = old.health, old.comm_state
        self.readings, self.events, self.comms = old.readings, old.events, old.comms
        self.pushes, self.pushes_kept, self.saving = old.pushes, old.pushes_kept, old.saving
        self.last_polled = old.last_polled
        self.expected_by, self.silent = old.expected_by, old.silent

    def mind_drift(self, drift: float | None, now: float, limits: DriftLimits) -> bool:
        """Note how far the meter's clock is off; returns whether its readings are suspect."""
        before, self.health.drift = self.health.drift, drift
        if drift is None:
            return False
        off = abs(drift) > limits.warn
        if off and (before is None or abs(before) <= limits.warn):
            text = f"the meter's clock is {drift:+.0f} s off"
            _log.warning("%s: %s", self.spec.key, text)
            self.events.append(Event(self.spec.key, int(now), "clock_drift", text))
        return abs(drift) > limits.fail

    def note_comm(self, outcome: Outcome) -> None:
        """Tell the operator how it went: one a slot tells as much as one a poll."""
        ok = outcome.error is None
        known = self.comm_state
        if known and known[0] == ok and outcome.ended - known[1] < self.schedule.store_seconds:
            return
        self.comm_state = (ok, outcome.ended)
        error = "" if ok else f"{outcome.error.code}: {outcome.error.message}"[:500]
        self.comms.append(
            Comm(self.spec.key, outcome.started, outcome.ended, ok, outcome.attempts, error)
        )

    def take_poll(self, instant: float, polled: Mapping[str, Polled]) -> None:
        """Take values (by channel) that stand for an instant by our clock."""
        self.readings += self.keeper.add(instant, polled)

    def take_result(
        self,
        result: ReadResult,
        instant: float,
        suspect: bool,
        now: float,
        complain: bool = True,
    ) -> int:
        """Take what a poll answered, or a push that tells no time, for an instant by our clock.

        A register that is missing or in a wrong unit costs only its own channel; returns how many
        channels got a value. ``complain``: count registers that are missing.
        """
        polled = self._convert(result.samples, suspect, now, complain)
        if polled:
            self.take_poll(instant, polled)
        return len(polled)

    def take_rows(
        self, rows: Iterable[ProfileRow], suspect: bool, now: float, complain: bool = False
    ) -> int:
        """Take rows that carry their own time, pushed or from a profile; returns how many fitted.

        What is stored for a row's time already stays. ``complain``: count registers that a row
        lacks; a profile usually has fewer columns than a device has parameters.
        """
        taken = 0
        for row in sorted(rows, key=lambda each: each.ts):
            at = row.ts.timestamp()
            if at > now + FUTURE_SECONDS:
                self.health.note(
                    ProtocolError(f"a row is dated {row.ts:%Y-%m-%d %H:%M}", "row_in_future"), now
                )
                continue
            polled = self._convert(row.samples, suspect, now, complain, by_profile=True)
            if polled:
                taken += 1
                self.readings += self.keeper.add_row(at, polled)
        return taken

    def columns_of(self, row: ProfileRow, suspect: bool, now: float) -> dict[str, Polled]:
        """Return a profile row's values by channel."""
        return self._convert(row.samples, suspect, now, complain=False, by_profile=True)

    def _convert(
        self,
        samples: Mapping,
        suspect: bool,
        now: float,
        complain: bool = True,
        by_profile: bool = False,
    ) -> dict[str, Polled]:
        def note(error: CollectorError) -> None:
            if complain or error.code != "missing_register":
                self.health.note(error, now)

        return to_channels(self.spec, samples, suspect, note, by_profile)


def make_state(device: DeviceSpec, schedule: ScheduleSpec, driver: Driver) -> DeviceState:
    """Return a device's state with an empty keeper of its schedule's slots."""
    modes = {each.channel: each.mode for each in device.parameters if each.mode}
    keeper = SlotKeeper(store_grid(schedule), schedule.mode, modes=modes)
    return DeviceState(device, schedule, driver, keeper)


async def save(states: Iterable[DeviceState], store: Store) -> None:
    """Return when all that these devices finished is on disk; raises OutboxError.

    Safe to call from several tasks: who comes second waits for the first and finds nothing to do.
    """
    due = sorted((each for each in states if each.is_waiting), key=lambda each: each.spec.key)
    async with contextlib.AsyncExitStack() as locks:
        for state in due:
            await locks.enter_async_context(state.saving)
        waiting = [each for each in due if each.is_waiting]
        if waiting:
            await _commit(waiting, store)


async def _commit(waiting: list[DeviceState], store: Store) -> None:
    taken = [
        (each, len(each.readings), len(each.events), len(each.comms), each.pushes)
        for each in waiting
    ]
    await store(
        [reading for each in waiting for reading in each.readings],
        [event for each in waiting for event in each.events],
        [comm for each in waiting for comm in each.comms],
        {each.spec.key: each.keeper.mark for each in waiting if each.readings},
        {each.spec.key: _progress(each) for each in waiting if each.pushes},
    )
    # Others may have added more meanwhile.
    for each, readings, events, comms, pushes in taken:
        del each.readings[:readings], each.events[:events], each.comms[:comms]
        each.pushes_kept = pushes


def _progress(state: DeviceState) -> str:
    progress = state.keeper.save_progress()
    return json.dumps(progress) if progress else ""

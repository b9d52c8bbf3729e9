# SPDX-License-Identifier: MIT
"""One device as its line's worker knows it, and the ways values come in: asked, heard, dated."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .arrivals import Arrivals
from .backlog import GapCount
from .chores import Chores
from .grids import Grid, poll_grid, snapshot_plans, store_grid
from .health import Health
from .memory import Kept
from .model import (
    CollectorError,
    Comm,
    DeviceSpec,
    Event,
    Heard,
    ProfileRow,
    ProtocolError,
    Reading,
    ReadResult,
    ScheduleSpec,
)
from .poller import DriftLimits, Outcome, to_channels
from .protocol.base import Driver
from .slots import SlotKeeper
from .snapshots import ON_TIME_SECONDS, Snapshots
from .tally import Polled

_log = logging.getLogger(__name__)

# A row dated further ahead than this was stamped by a wrong clock and is refused.
FUTURE_SECONDS = 300.0
# Before this date the machine's clock was never set (2025-01-01).
SANE_WALL = 1735689600


@dataclass
class DeviceState:
    """One device on its line. ``due`` by the monotonic clock, ``nominal`` by the wall clock.

    ``readings``, ``events`` and ``comms`` are finished but not yet on disk. One that is not
    ``polled`` only sends by itself. Nobody sends a push again once it was answered, so the slot
    it fell into is kept on disk as well: ``heard`` are those taken whose driver was not told yet
    that they are kept. ``silent``: it has not sent by ``expected_by``, an instant of the monotonic
    clock. ``rssi``: how strongly its last radio telegram was heard, by the receiver that heard it
    best (dBm).
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
    rssi: int | None = None
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    chores: Chores = field(default_factory=Chores)
    noted: bool = False
    gap_count: GapCount = field(default_factory=GapCount)
    heard: Arrivals = field(init=False)
    polls: Grid = field(init=False)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        self.heard = Arrivals(self.driver, self.spec)
        self.polls = poll_grid(self.schedule, self.phase)
        window = self.schedule.snapshot_window_seconds
        self.snapshots = Snapshots(snapshot_plans(self.schedule), window)
        self.use(self.keeper)

    def use(self, keeper: SlotKeeper) -> None:
        """Collect in this keeper from now on."""
        self.keeper = keeper
        keeper.is_stale = self._is_stale

    @property
    def phase(self) -> float:
        """Seconds by which the device's polls are shifted on the grid."""
        return float(self.spec.settings.get("phase_seconds", 0) or 0)

    @property
    def is_waiting(self) -> bool:
        """Whether anything of it is not on disk yet."""
        return bool(self.readings or self.events or self.comms or self.heard)

    @property
    def has_profile(self) -> bool:
        """Whether the meter's load profile may give what is missing."""
        return self.polled and "profile" not in self.chores.unsupported

    def begin(self, now: float) -> None:
        """From now on slots and snapshots are wanted, unless they were before."""
        self.snapshots.begin(now)
        if self.keeper.birth is None and (self.snapshots or self.schedule.backfill_days):
            self.keeper.birth = int(now)

    def hear(self, heard: Heard, now: float) -> None:
        """Note that the device has just sent by itself, and what was merged."""
        self.expected_by, self.silent, self.rssi = None, False, heard.rssi
        self.heard.add(heard, now)

    def hear_better(self, rssi: int | None) -> None:
        """Note that another receiver heard the same message."""
        self.rssi = max((each for each in (self.rssi, rssi) if each is not None), default=None)

    def inherit(self, old: DeviceState) -> None:
        """Take over the counters, and what is not on disk yet, of the state before a change."""
        self.health, self.comm_state = old.health, old.comm_state
        self.readings, self.events, self.comms = old.readings, old.events, old.comms
        self.saving = old.saving
        self.heard.adopt(old.heard)
        self.last_polled = old.last_polled
        self.expected_by, self.silent, self.rssi = old.expected_by, old.silent, old.rssi
        self.snapshots.load(old.snapshots.save())
        self.chores = old.chores
        if old.spec.driver != self.spec.driver:
            self.chores = Chores(log=old.chores.log, clock_set=old.chores.clock_set)

    def next_poll(self, wall: float, pause: float | None) -> float:
        """Return when to ask next; ``pause``: until a dead device is probed again.

        A snapshot is an instant of its own, and what failed of it is tried again soon.
        """
        instant = self.polls.next_after(wall) if pause is None else wall + pause
        if self.snapshots:
            instant = min(instant, self.snapshots.next_after(wall))
            if self.snapshots.wanted(wall):
                instant = min(instant, wall + self.snapshots.retry_pause())
        return instant

    def memory(self) -> Kept:
        """Return what a restart has to know."""
        notes = {
            "keeper": self.keeper.save(),
            "snapshots": self.snapshots.save(),
            "clock_set": self.chores.clock_set,
            "log": self.chores.log.save(),
            "heard": self.heard.save(),
        }
        notes = {key: value for key, value in notes.items() if value}
        return Kept(self.keeper.gaps.spans, json.dumps(notes, default=str) if notes else "")

    def recall(self, kept: Kept) -> None:
        """Take back what ``memory`` returned before the restart."""
        for span in kept.gaps:
            self.keeper.gaps.add(*span)
        notes = json.loads(kept.notes or "{}")
        self.snapshots.load(notes.get("snapshots", {}))
        self.chores.clock_set = notes.get("clock_set")
        self.chores.log.load(notes.get("log", {}))
        self.keeper.load(notes.get("keeper", {}))
        self.heard.load(notes.get("heard", ()))

    def give_up_profile(self) -> None:
        """Give what waits for the profile as it was polled: there is no profile."""
        readings, lost = self.keeper.give_up()
        self.readings += readings
        self._tell_lost(lost, "gap_not_in_profile")

    def forget_before(self, instant: float) -> None:
        """Give up gaps that are older than they are asked for."""
        readings, lost = self.keeper.forget_before(int(instant))
        self.readings += readings
        if self.schedule.backfill_days:
            self._tell_lost(lost, "gap_given_up")

    def take_snapshots(self, result: ReadResult, started: float, suspect: bool, now: float) -> None:
        """Settle the snapshots that were waiting for a good poll.

        One that comes late is the profile's row of the exact instant; only a meter that has none
        gets the late value, marked suspect: a bill must not use it unseen.
        """
        for at in self.snapshots.settle(started):
            self.noted = True
            on_grid = self.keeper.grid.end_of(at) == at
            late = started - at > ON_TIME_SECONDS
            if on_grid and not (late and self.keeper.is_open(at)):
                continue  # the slot that ends there has it
            if not on_grid and not self.snapshots.give(at):
                continue  # given before the clock was set back
            polled = self._convert(result.samples, suspect or late, now, complain=False)
            if late:
                text = f"the snapshot of {_utc(at)} UTC succeeded {started - at:.0f} s late"
                self.events.append(Event(self.spec.key, at, "snapshot_late", text))
                self.keeper.want_exact(at, polled)
            else:
                self.readings += self.keeper.exactly(at, polled)
        if not self.has_profile:
            self.give_up_profile()

    def rewind(self, now: float) -> None:
        """The machine's clock was set back to ``now``."""
        self.snapshots.rewind(now, self.keeper.rewind(now))
        self.noted = True

    def miss_snapshots(self, now: float) -> None:
        """Tell of snapshots whose window is over; the profile may still have them one day."""
        for at in self.snapshots.expire(now):
            self.noted = True
            text = f"no poll succeeded within {self.snapshots.window:g} s of {_utc(at)} UTC"
            self.events.append(Event(self.spec.key, at, "snapshot_missed", text))
            if self.has_profile:
                self.keeper.want_exact(at, {})

    def _is_stale(self, last: float, end: int) -> bool:
        # A poll after the last good one should have come closer to the slot's end.
        wanted = self.schedule.backfill_days and self.has_profile
        return bool(wanted) and self.polls.next_after(last) <= end

    def _tell_lost(self, lost: list[int], code: str) -> None:
        if lost:
            text = f"{len(lost)} slots from {_utc(lost[0])} to {_utc(lost[-1])} UTC stay missing"
            self.events.append(Event(self.spec.key, lost[0], code, text))

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

    def take_late(self, result: ReadResult, at: float, now: float) -> int:
        """Take what a push said that came at ``at`` and is opened only now.

        It stands for the slot it came in where nothing else does; returns as ``take_result``.
        """
        polled = self._convert(result.samples, False, now, complain=False)
        if polled:
            self.readings += self.keeper.add_late(at, polled)
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


def _utc(instant: float) -> str:
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M}"

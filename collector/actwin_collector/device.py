# SPDX-License-Identifier: MIT
"""One device as its line's worker knows it, and the ways values come in: asked, heard, dated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
from .poller import to_channels
from .protocol.base import Driver
from .slots import SlotKeeper
from .tally import Polled

# A row dated further ahead than this was stamped by a wrong clock and is refused.
FUTURE_SECONDS = 300.0


@dataclass
class DeviceState:
    """One device on its line. ``due`` by the monotonic clock, ``nominal`` by the wall clock.

    ``readings``, ``events`` and ``comms`` are finished but not yet on disk.
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
    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    comms: list[Comm] = field(default_factory=list)
    comm_state: tuple[bool, float] | None = None
    polls: Grid = field(init=False)

    def __post_init__(self) -> None:
        self.polls = poll_grid(self.schedule, self.phase)

    @property
    def phase(self) -> float:
        """Seconds by which the device's polls are shifted on the grid."""
        return float(self.spec.settings.get("phase_seconds", 0) or 0)

    def take_poll(self, instant: float, polled: Mapping[str, Polled]) -> None:
        """Take values (by channel) that stand for an instant by our clock."""
        self.readings += self.keeper.add(instant, polled)

    def take_result(self, result: ReadResult, instant: float, suspect: bool, now: float) -> None:
        """Take what a poll answered, or a push that tells no time, for an instant by our clock.

        A register that is missing or in a wrong unit costs only its own channel.
        """
        self.take_poll(instant, self._convert(result.samples, suspect, now))

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

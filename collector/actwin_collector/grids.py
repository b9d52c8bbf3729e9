# SPDX-License-Identifier: MIT
"""The instants of polling, storing and snapshots: by a period or by a cron text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from .clock import next_on_grid, slot_end
from .cron import CronPlan, parse_cron, parse_zone
from .model import ScheduleSpec


class Grid(Protocol):
    """An endless row of instants, epoch seconds."""

    def next_after(self, wall: float) -> float:
        """Return the first instant after ``wall``."""

    def end_of(self, instant: float) -> int:
        """Return the first instant at or after: the end of the slot (start, end] it lies in."""

    def last_at(self, wall: float) -> float:
        """Return the last instant at or before ``wall``."""


@dataclass(frozen=True, slots=True)
class PeriodGrid:
    """Every ``period`` seconds since the epoch, shifted by ``phase``."""

    period: int
    phase: float = 0.0

    def next_after(self, wall: float) -> float:
        """Return the first instant after ``wall``."""
        return next_on_grid(wall, self.period, self.phase)

    def end_of(self, instant: float) -> int:
        """Return the end of the slot that contains an instant; slots know no phase."""
        return slot_end(instant, self.period)

    def last_at(self, wall: float) -> float:
        """Return the last instant at or before ``wall``."""
        return (wall - self.phase) // self.period * self.period + self.phase


@dataclass(frozen=True, slots=True)
class ShiftedPlan:
    """A cron plan whose instants all come ``phase`` seconds later."""

    plan: CronPlan
    phase: float

    def next_after(self, wall: float) -> float:
        """Return the first instant after ``wall``."""
        return self.plan.next_after(wall - self.phase) + self.phase

    def end_of(self, instant: float) -> int:
        """Return the first instant at or after ``instant``."""
        return int(self.plan.end_of(instant - self.phase) + self.phase)

    def last_at(self, wall: float) -> float:
        """Return the last instant at or before ``wall``."""
        return self.plan.last_at(wall - self.phase) + self.phase


def poll_grid(schedule: ScheduleSpec, phase: float) -> Grid:
    """Return when a device is asked."""
    if not schedule.poll_plan:
        return PeriodGrid(schedule.poll_seconds, phase)
    plan = parse_cron(schedule.poll_plan, parse_zone(schedule.tz))
    return ShiftedPlan(plan, phase) if phase else plan


def store_grid(schedule: ScheduleSpec) -> Grid:
    """Return the ends of the slots that a device's values are stored for."""
    if not schedule.store_plan:
        return PeriodGrid(schedule.store_seconds)
    return parse_cron(schedule.store_plan, parse_zone(schedule.tz))


def snapshot_plans(schedule: ScheduleSpec) -> tuple[CronPlan, ...]:
    """Return the plans of the exact instants a biller wants."""
    return tuple(parse_cron(text, parse_zone(schedule.tz)) for text in schedule.snapshots)


def between(grid: Grid, start: float, end: float) -> Iterator[int]:
    """Yield a storing grid's instants in (start, end]."""
    at = grid.end_of(start)
    if at <= start:
        at = int(grid.next_after(start))
    while at <= end:
        yield at
        at = int(grid.next_after(at))


def spacing(grid: Grid, wall: float) -> float:
    """Return the seconds between the next two instants."""
    first = grid.next_after(wall)
    return grid.next_after(first) - first

# SPDX-License-Identifier: MIT
"""A meter on fake time that keeps a load profile, a log and a clock, and a line that is cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine_fakes import START, FakeDriver, Rig, make_device

from actwin_collector.device import make_state
from actwin_collector.model import (
    LinkError,
    MeterEvent,
    MeterIdentity,
    NoAnswer,
    ProfileRow,
    ReadResult,
    Sample,
    ScheduleSpec,
    UnsupportedError,
)


class ProfileDriver(FakeDriver):
    """The index is the seconds since START; rows every ``period`` seconds, ``kept`` seconds back.

    ``offers``: which of profile, events and clock there are; ``drift``: seconds the clock is off.
    """

    def __init__(self, clock, cost=0.1, period=900, kept=40 * 86400):
        super().__init__(clock, lambda device: None, cost)
        self.period = period
        self.kept = kept
        self.offers = {"profile", "events", "clock"}
        self.down = False
        self.drift = 0.0
        self.log: list[MeterEvent] = []
        self.asked: list[tuple[str, float, float]] = []
        self.row_seconds = 0.0
        self.set_at: list[float] = []
        self.raw = ""

    def index(self, instant):
        return Decimal(round(instant - START))

    def _talk(self, timeout):
        if self.down:
            self.clock.spend(timeout)
            raise NoAnswer

    async def read(self, link, device, timeout):
        self.calls.append((device.key, self.clock.wall()))
        self._talk(timeout)
        now = self.clock.wall()
        self.clock.spend(self.cost)
        stamp = datetime.fromtimestamp(self.clock.wall() + self.drift, UTC)
        samples = {
            "1.8.0": Sample(self.index(now), "Wh", meter_ts=stamp),
            "U": Sample(Decimal(230), "V"),
        }
        return ReadResult(MeterIdentity(), samples, raw=self.raw)

    async def read_profile(self, link, device, timeout, start, end):
        if "profile" not in self.offers:
            raise UnsupportedError("no profile")
        first, last = start.timestamp(), end.timestamp()
        self.asked.append((device.key, first - START, last - START))
        self._talk(timeout)
        now = self.clock.wall()
        oldest = max(first, now - self.kept)
        at = (int(oldest) // self.period + 1) * self.period
        rows = []
        while at <= min(last, now):
            self.clock.spend(self.row_seconds)
            sample = Sample(self.index(at), "Wh")
            rows.append(ProfileRow(datetime.fromtimestamp(at, UTC), {"1.8.0": sample}))
            at += self.period
        self.clock.spend(self.cost)
        return rows

    async def read_events(self, link, device, timeout, since):
        if "events" not in self.offers:
            raise UnsupportedError("no log")
        self.asked.append((device.key, -1, since.timestamp() - START))
        self._talk(timeout)
        return [entry for entry in self.log if entry.ts > since]

    async def set_clock(self, link, device, timeout):
        if "clock" not in self.offers:
            raise UnsupportedError("no clock")
        self.set_at.append(self.clock.wall())
        self.drift = 0.2


def plan_rig(devices=("D1",), poll=900, store=900, cost=0.1, schedule=None, **settings):
    """Return a rig whose meter has a profile; ``schedule``: further fields of the schedule."""
    rig = Rig(lambda device: None, devices=devices, poll=poll, store=store, **settings)
    rig.driver = ProfileDriver(rig.clock, cost)
    spec = ScheduleSpec("S1", poll, store, **(schedule or {}))
    specs = [d if not isinstance(d, str) else make_device(d) for d in devices]
    rig.states[:] = [make_state(each, spec, rig.driver) for each in specs]
    return rig


def outage(rig, start, end):
    """Cut the meter off from ``start`` to ``end`` seconds."""
    rig.at(start, lambda: setattr(rig.driver, "down", True))
    rig.at(end, lambda: setattr(rig.driver, "down", False))
    return rig


def line_cut(rig, start, end):
    """Let the line itself not open from ``start`` to ``end`` seconds."""

    def cut():
        rig.worker.link.error = LinkError("cut")
        rig.worker.link._open = False

    rig.at(start, cut)
    rig.at(end, lambda: setattr(rig.worker.link, "error", None))
    return rig


def ends(rig, channel="S/D1:1.8.0"):
    """Return the stored ends and values of a channel, in the order of time."""
    return sorted(rig.store.of(channel))


def entry(seconds, code="1", text=""):
    """Return a log entry so many seconds after START."""
    return MeterEvent(datetime.fromtimestamp(START, UTC) + timedelta(seconds=seconds), code, text)



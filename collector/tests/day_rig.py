# SPDX-License-Identifier: MIT
"""Whole days in seconds: real workers, outbox, sender and a served Odoo on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import random
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from engine_fakes import START, FakeClock, FakeLink, make_settings
from fake_odoo import DB, KEY, LOGIN, FakeOdoo
from profile_rig import ProfileDriver

from actwin_collector.config import OdooSettings
from actwin_collector.device import make_state
from actwin_collector.model import (
    CollectorError,
    DeviceSpec,
    LineSpec,
    LinkError,
    MeterIdentity,
    ParameterSpec,
    ReadResult,
    Sample,
    ScheduleSpec,
)
from actwin_collector.outbox import Outbox
from actwin_collector.sender import Backoff, Sender
from actwin_collector.uplink import make_uplink
from actwin_collector.worker import LineWorker

DAY = 86400


class VirtualClock(FakeClock):
    """Time goes on when everybody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.sleepers: list[tuple[float, int, asyncio.Future]] = []
        self._count = itertools.count()

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self._mono + seconds, next(self._count), future))
        await future

    def wake_next(self) -> None:
        """Let the next sleeper's time come."""
        due, _, future = heapq.heappop(self.sleepers)
        if due > self._mono:
            self.spend(due - self._mono)
        if not future.done():
            future.set_result(None)


class DayMeter(ProfileDriver):
    """Counts a unit a minute; power swings, the same at each instant of each run."""

    def index(self, instant):
        return Decimal(int((instant - START + 0.5) // 60))

    async def read(self, link, device, timeout):
        result = await super().read(link, device, timeout)
        minute = int(self.index(self.clock.wall() - self.cost))
        power = Sample(Decimal(minute * 7919 % 1013), "W")
        return ReadResult(MeterIdentity(), {**result.samples, "P": power})


class World:
    """A site with its meters, its collector and its Odoo; ``trouble`` happens at given seconds."""

    def __init__(self, folder: Path, odoo: FakeOdoo, schedule: ScheduleSpec, lines: int) -> None:
        self.clock = VirtualClock()
        self.odoo = odoo
        self.folder = folder
        self.schedule = schedule
        self.lines = [LineSpec(f"L{n}", "tcp", timeout_s=2.0) for n in range(lines)]
        self.drivers = {line.key: DayMeter(self.clock, 0.05) for line in self.lines}
        self.cut: set[str] = set()
        self.trouble: list[tuple[float, str, object]] = []
        self.kills = 0
        self._runs = 0
        self._tasks: list[asyncio.Task] = []
        self._box: Outbox | None = None
        (folder / "key").write_text(KEY)

    def devices(self, line: LineSpec) -> list[DeviceSpec]:
        return [
            DeviceSpec(
                f"{line.key}D{n}", "fake", line.key, schedule="S", parameters=(
                    ParameterSpec("1.8.0", f"S/{line.key}D{n}:1.8.0", "Wh"),
                    *([ParameterSpec("P", f"S/{line.key}D{n}:P", "W")]
                      if not self.schedule.backfill_days else []),
                ),
            )
            for n in range(2)
        ]

    def start(self) -> None:
        """Start a collector on what is on the disk now."""
        self._runs += 1
        run, path = self._runs, self.folder / f"run{self._runs}" / "o.sqlite"
        path.parent.mkdir()
        for suffix in ("", "-wal"):
            old = self.folder / f"run{run - 1}" / f"o.sqlite{suffix}"
            if old.exists():
                shutil.copy(old, f"{path}{suffix}")
        if self._box is not None:
            self._box.close()
        self._box = box = Outbox(path)

        async def store(*rows) -> int:
            if run != self._runs:
                raise CollectorError("this process was killed")
            return box.append(*rows)

        marks, memory = box.marks(), box.memory()
        for line in self.lines:
            states = [make_state(each, self.schedule, self.drivers[line.key])
                      for each in self.devices(line)]
            for state in states:
                state.keeper.mark = marks.get(state.spec.key)
                if state.spec.key in memory:
                    state.recall(memory[state.spec.key])
            worker = LineWorker(
                line, states, self._link, store, make_settings(), self.clock, random.Random(run)
            )
            self._tasks.append(asyncio.create_task(worker.run()))
        self._tasks.append(asyncio.create_task(self._send(box, run)))

    async def kill(self) -> None:
        """Kill the collector: nothing more reaches its disk."""
        self._runs += 1
        self.kills += 1
        frozen, gone = self.folder / f"run{self._runs}", self.folder / f"run{self._runs - 1}"
        frozen.mkdir()
        for suffix in ("", "-wal"):
            if (gone / f"o.sqlite{suffix}").exists():
                shutil.copy(gone / f"o.sqlite{suffix}", frozen / f"o.sqlite{suffix}")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.clock.sleepers = [each for each in self.clock.sleepers if not each[2].done()]
        heapq.heapify(self.clock.sleepers)

    def _link(self, line: LineSpec) -> FakeLink:
        world = self

        class CutLink(FakeLink):
            @property
            def is_open(self) -> bool:
                return self._open and line.key not in world.cut

            async def open(self) -> None:
                if line.key in world.cut:
                    raise LinkError("cut")
                await super().open()

        return CutLink(line)

    async def _send(self, box: Outbox, run: int) -> None:
        settings = OdooSettings(self.odoo.url, DB, LOGIN, self.folder / "key", timeout_seconds=2)
        sender = Sender(box, make_uplink(settings), "C1", 500)
        backoff = Backoff(rng=random.Random(run))
        while True:
            pause = 60.0
            try:
                while sender.send_one():
                    await asyncio.sleep(0)
                backoff.success()
            except CollectorError:
                pause = backoff.failure()
            await self.clock.sleep(pause)

    async def run(self, seconds: float) -> None:
        """Let so much time go by, with all the trouble that falls into it."""
        self.trouble.sort(key=lambda each: each[0])
        trouble = iter([*self.trouble, (seconds, "end", None)])
        self.start()
        for at, what, value in trouble:
            while self.clock.elapsed() < at:
                await self._settle()
                if not self.clock.sleepers:
                    self.clock.spend(at - self.clock.elapsed())
                else:
                    self.clock.wake_next()
            await self._settle()
            await self._make(what, value)
        await self.kill()
        self._box.close()

    async def _settle(self) -> None:
        while len(self.clock.sleepers) < sum(not task.done() for task in self._tasks):
            await asyncio.sleep(0)

    async def _make(self, what: str, value) -> None:
        match what:
            case "cut":
                self.cut.add(value)
            case "mend":
                self.cut.discard(value)
            case "silent":
                self.drivers[value].down = True
            case "speaks":
                self.drivers[value].down = False
            case "kill":
                await self.kill()
            case "start":
                self.start()
            case "odoo_down":
                self.odoo.stop()
            case "odoo_up" if self.odoo._server is None:
                self.odoo.start()
            case "odoo":
                self.odoo.troubles.append(value)


@contextlib.contextmanager
def served_odoo() -> Iterator[FakeOdoo]:
    odoo = FakeOdoo().start()
    try:
        yield odoo
    finally:
        odoo.stop()


def apart(rng: random.Random, count: int, span: float, shortest: float, longest: float):
    """Return ``count`` spans that do not touch, in order, within ``span`` seconds."""
    cells = [span * n / count for n in range(count)]
    for start in cells:
        room = span / count
        length = min(rng.uniform(shortest, longest), room * 0.8)
        begin = start + rng.uniform(0.0, room - length - 1)
        yield begin, begin + length

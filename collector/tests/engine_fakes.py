# SPDX-License-Identifier: MIT
"""A clock that tests move, a link without a wire, and a driver that answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from actwin_collector.channel.base import Link
from actwin_collector.clock import Clock
from actwin_collector.config import CollectorSettings
from actwin_collector.device import DeviceState
from actwin_collector.memory import Kept
from actwin_collector.model import (
    DeviceSpec,
    LineSpec,
    MeterIdentity,
    NoAnswer,
    ParameterSpec,
    Reading,
    ReadResult,
    Sample,
    ScheduleSpec,
)
from actwin_collector.protocol.base import Driver
from actwin_collector.site import Site
from actwin_collector.slots import SlotKeeper
from actwin_collector.worker import LineWorker

# 2026-03-01 00:00:00 UTC: on every grid the tests use.
START = 1772323200


class Finished(Exception):
    """The fake time is over."""


class FakeClock(Clock):
    """Both clocks move only by ``sleep`` and ``spend``; ``set_wall`` steps one of them."""

    def __init__(self, wall: float = START, until: float = 1e9) -> None:
        self._wall = wall
        self._mono = 1000.0
        self.rate = 1.0
        self.until = until
        self.on_time: list[tuple[float, Callable[[], None]]] = []

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._mono

    def elapsed(self) -> float:
        return self._mono - 1000.0

    def spend(self, seconds: float) -> None:
        self._wall += seconds * self.rate
        self._mono += seconds

    def step(self, seconds: float) -> None:
        self._wall += seconds

    async def sleep(self, seconds: float) -> None:
        self.spend(seconds)
        while self.on_time and self.elapsed() >= self.on_time[0][0]:
            self.on_time.pop(0)[1]()
        if self.elapsed() >= self.until:
            raise Finished
        await asyncio.sleep(0)


class FakeLink(Link):
    """Opens and closes; carries nothing."""

    def __init__(self, line: LineSpec) -> None:
        super().__init__(line)
        self.opened = 0
        self.error: Exception | None = None
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._open

    async def open(self) -> None:
        self.opened += 1
        if self.error:
            raise self.error
        self._open = True

    async def close(self) -> None:
        self._open = False

    async def _send(self, data: bytes) -> None:
        raise AssertionError("nothing is sent here")

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        raise NoAnswer


class FakeDriver(Driver):
    """Answers with ``answer(device)``: a value, a Sample, or an exception; notes each call."""

    name = "fake"

    def __init__(self, clock: FakeClock, answer: Callable, cost: float = 0.1) -> None:
        self.clock = clock
        self.answer = answer
        self.cost = cost
        self.calls: list[tuple[str, float]] = []

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        self.calls.append((device.key, self.clock.wall()))
        answer = self.answer(device)
        if isinstance(answer, Exception):
            self.clock.spend(timeout if isinstance(answer, NoAnswer) else self.cost)
            raise answer
        self.clock.spend(self.cost)
        sample = answer if isinstance(answer, Sample) else Sample(Decimal(str(answer)), "Wh")
        return ReadResult(MeterIdentity(), {"1.8.0": sample})

    @classmethod
    def decode(cls, telegram):
        raise NotImplementedError


class MemoryStore:
    """Takes readings as the outbox does; ``error`` makes it refuse."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.events: list = []
        self.comms: list = []
        self.marks: dict[str, int] = {}
        self.memory: dict[str, Kept] = {}
        self.error: Exception | None = None

    async def __call__(self, readings, events, comms, marks, memory) -> None:
        if self.error:
            raise self.error
        self.readings += readings
        self.events += events
        self.comms += comms
        self.marks |= marks
        self.memory |= memory

    def of(self, channel: str) -> list[tuple[int, str]]:
        return [(r.ts - START, r.value) for r in self.readings if r.channel == channel]


def make_settings(**values) -> CollectorSettings:
    return CollectorSettings(code="C1", state_dir=Path("/nonexistent"), **values)


def make_device(key: str = "D1", **values) -> DeviceSpec:
    parameters = values.pop("parameters", (ParameterSpec("1.8.0", f"S/{key}:1.8.0", "Wh"),))
    return DeviceSpec(key, "fake", "L1", schedule="S1", parameters=parameters, **values)


class Rig:
    """One line with its worker on fake time."""

    def __init__(self, answer, devices=("D1",), poll=900, store=900, mode="last", **settings):
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.cost = settings.pop("cost", 0.1)
        self.driver = FakeDriver(self.clock, answer, self.cost)
        self.line = LineSpec("L1", "tcp", timeout_s=2.0, retries=settings.pop("retries", 1))
        self.schedule = ScheduleSpec("S1", poll, store, mode)
        specs = [d if isinstance(d, DeviceSpec) else make_device(d) for d in devices]
        self.states = [
            DeviceState(spec, self.schedule, self.driver, SlotKeeper(store, mode))
            for spec in specs
        ]
        self.worker = LineWorker(
            self.line,
            self.states,
            FakeLink,
            self.store,
            make_settings(**settings),
            self.clock,
            random.Random(1),
        )

    def run(self, seconds: float) -> Rig:
        """Let the fake time go on by ``seconds``."""
        self.clock.until = self.clock.elapsed() + seconds

        async def go() -> None:
            with contextlib.suppress(Finished):
                await self.worker.run()

        asyncio.run(go())
        return self

    def at(self, seconds: float, action: Callable[[], None]) -> Rig:
        """Do something when ``seconds`` have passed since the beginning."""
        self.clock.on_time.append((seconds, action))
        self.clock.on_time.sort(key=lambda pair: pair[0])
        return self


def one_site(*devices: DeviceSpec, **lines: LineSpec) -> Site:
    lines = lines or {"L1": LineSpec("L1", "tcp")}
    return Site(
        1, lines, {"S1": ScheduleSpec("S1", 900, 900)}, {device.key: device for device in devices}
    )

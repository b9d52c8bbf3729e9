# SPDX-License-Identifier: MIT
"""A driver whose meters beep by themselves and answer when asked, and a scheduler around it.

A beep is a line ``@SENDER VALUE [n=COUNTER] [key=KEY] [ts=EPOCH] [event=CODE] [ack]``; a question
is ``?ADDRESS`` and its answer ``=ADDRESS VALUE``.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from engine_fakes import START, MemoryStore

from actwin_collector.clock import Clock
from actwin_collector.config import CollectorSettings
from actwin_collector.model import (
    DeviceSpec,
    Heard,
    LineSpec,
    MeterEvent,
    MeterIdentity,
    ParameterSpec,
    ProfileRow,
    ProtocolError,
    Push,
    ReadResult,
    Sample,
    ScheduleSpec,
)
from actwin_collector.protocol.base import Driver, Listener
from actwin_collector.protocol.registry import get_driver, make_link
from actwin_collector.scheduler import Scheduler
from actwin_collector.site import Site

PERIOD = 900


class BeepListener(Listener):
    def __init__(self):
        super().__init__()
        self._buffer = b""

    def feed(self, data):
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        if len(self._buffer) > 4096:
            self.note("oversized")
            self._buffer = b""
        return [heard for line in lines for heard in self._heard(line.decode("latin-1"))]

    def message(self, data, topic=""):
        self._buffer = b""
        return self.feed(data + b"\n")

    def _heard(self, text):
        at = text.find("@")
        words = text[at + 1 :].split()
        if at < 0 or len(words) < 2:
            self.note("noise")
            return []
        reply = f"!{words[0]}\n".encode() if "ack" in words else b""
        return [Heard(words[0], {"telegram": text[at:]}, reply)]


class BeepDriver(Driver):
    name = "beep"

    def __init__(self):
        self.counters: dict[str, int] = {}

    async def read(self, link, device, timeout):
        await link.write(f"?{device.address}\n".encode())
        answer = (await link.read_until(b"\n", timeout)).decode().strip()
        if not answer.startswith(f"={device.address} "):
            raise ProtocolError(f"{answer!r} is no answer")
        return result(answer.split()[1])

    def listener(self, settings):
        return BeepListener()

    def open_heard(self, heard, device):
        words = heard.telegram["telegram"].split()[1:]
        more = dict(word.split("=") for word in words if "=" in word)
        if more.get("key", "") != device.secret:
            raise ProtocolError("the key is wrong", "wrong_key")
        if "n" in more:
            if int(more["n"]) <= self.counters.get(device.key, 0):
                raise ProtocolError("it came before", "replayed")
            self.counters[device.key] = int(more["n"])
        now = datetime.now(UTC)
        events = (MeterEvent(now, more["event"], "beeped"),) if "event" in more else ()
        if "ts" not in more:
            return Push(result(words[0]), events=events)
        row = ProfileRow(datetime.fromtimestamp(int(more["ts"]), UTC), result(words[0]).samples)
        return Push(ReadResult(MeterIdentity(), {}), (row,), events)

    @classmethod
    def decode(cls, telegram):
        raise NotImplementedError


def result(value):
    return ReadResult(MeterIdentity(), {"1.8.0": Sample(Decimal(value), "Wh")})


class StepClock(Clock):
    """The machine's clocks, with the wall clock set to ``epoch`` and moved by ``pass_time``."""

    def __init__(self, epoch: float) -> None:
        self._ahead = epoch - time.time()
        self._passed = 0.0

    def wall(self):
        return time.time() + self._ahead + self._passed

    def monotonic(self):
        return time.monotonic() + self._passed

    def pass_time(self, seconds):
        self._passed += seconds


def device(key, line="L1", **values):
    parameters = values.pop("parameters", (ParameterSpec("1.8.0", f"S/{key}:1.8.0", "Wh"),))
    address = values.pop("address", key)
    return DeviceSpec(
        key, "beep", line, address, schedule="S1", parameters=parameters, **values
    )


class Field:
    """A scheduler over real media with a store in memory; time stands 100 s into a slot."""

    def __init__(self, lines, devices, tmp_path, store=None, clock=None):
        self.clock = clock or StepClock(START + 100)
        self.store = store or MemoryStore()
        self.driver = BeepDriver()
        settings = CollectorSettings(code="C1", state_dir=tmp_path)
        self.scheduler = Scheduler(self.store, settings, self.clock, make_link, self._driver)
        self.site = Site(
            1,
            {line.key: line for line in lines},
            {"S1": ScheduleSpec("S1", PERIOD, PERIOD)},
            {each.key: each for each in devices},
        )

    def _driver(self, name):
        return self.driver if name == "beep" else get_driver(name)

    async def __aenter__(self):
        await self.scheduler.apply(self.site, {})
        return self

    async def __aexit__(self, *error):
        await self.scheduler.stop()

    def state(self, key):
        return self.scheduler.states[key]

    def health(self, line="L1"):
        return self.scheduler.lines[line]

    def errors(self, key):
        return dict(self.state(key).health.errors)

    async def next_slot(self, count=1):
        """Let the slot end and be stored."""
        self.clock.pass_time(PERIOD)
        await until(lambda: len(self.store.readings) >= count)

    def stored(self, key):
        mine = [each for each in self.store.readings if f"/{key}:" in each.channel]
        return [(each.ts - START, each.value) for each in mine]


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def free_port(kind=socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def line(kind, key="L1", **values):
    values.setdefault("timeout_s", 0.5)
    return LineSpec(key, kind, values.pop("host", "127.0.0.1"), **values)

# SPDX-License-Identifier: MIT
"""Meters whose messages carry a counter, and a collector that may die while it takes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import radio_support
import test_lora
from dlms_rig import BOTH_KEYS, spec
from dlms_support import METER, PLAIN_PUSH, general, in_wrapper
from push_support import PERIOD, START, Field, StepClock, free_port, line
from test_push_restart import DiskStore, die

from actwin_collector.listening.intake import Source
from actwin_collector.model import CollectorError, Heard
from actwin_collector.protocol.registry import get_driver

STEPS = ("before_open", "opened", "committed", "confirmed")
DRIVERS = ("dlms", "wmbus", "lora")


class Killed(BaseException):
    """What a killed process does: nothing more."""


def device(kind, folder):
    """Return a device that takes messages for the moment of their arrival."""
    if kind == "dlms":
        title = METER.hex()
        found = spec("1.8.0", secret=BOTH_KEYS, meter_title=title, push_time="arrival")
    elif kind == "wmbus":
        found = radio_support.device(secret=radio_support.KEY)
    else:
        found = test_lora.device()
    settings = {**found.settings, "poll": False, "state_dir": str(folder)}
    return replace(found, key="D", line="L1", schedule="S1", settings=settings)


def messages(kind):
    """Yield a meter's messages, each with a higher counter and the same value."""
    radio = {"wmbus": radio_support.meter(7), "lora": test_lora.meter()}.get(kind)
    for counter in range(1, 100):
        if kind == "dlms":
            [heard] = get_driver(kind).listener({}).feed(in_wrapper(general(PLAIN_PUSH, counter)))
        elif kind == "wmbus":
            heard = radio_support.heard(radio.telegram(radio_support.NOW))
        else:
            _, body = radio.uplink("chirpstack-v4", datetime.now(UTC))[:2]
            [heard] = get_driver(kind).listener({}).message(body)
        yield heard


class Site:
    """One process after the other over the same files."""

    def __init__(self, kind, tmp_path):
        self.kind, self.folder = kind, tmp_path
        self.clock = StepClock(START + 100)
        self.field: Field | None = None

    async def start(self):
        store = DiskStore(self.folder / "outbox.sqlite")
        lines = [line("http", port=free_port(), secret="s3cret")]
        devices = [device(self.kind, self.folder)]
        self.field = Field(lines, devices, self.folder, store, self.clock)
        outbox = store.outbox
        await self.field.scheduler.apply(self.field.site, outbox.marks(), outbox.memory())

    async def kill(self):
        await die(self.field)

    @property
    def state(self):
        return self.field.state("D")

    @property
    def intake(self):
        return self.field.scheduler.intake

    async def hear(self, heard: Heard) -> str:
        """Return what became of a message: its fate, or the name of the error."""
        source = Source(self.field.site.lines["L1"], self.field.health())
        try:
            verdict = await self.intake.hear(source, self.kind, heard)
        except CollectorError as error:
            return error.code
        return verdict.error.code if verdict.error else verdict.fate

    def kill_at(self, step):
        """Have the process die at a step of the next message."""

        def dying(call=None):
            def die(*args):
                if call:
                    call(*args)
                raise Killed

            return die

        async def never(*args):
            raise Killed

        driver = self.state.driver
        if step == "before_open":
            driver.open_heard = dying()
        elif step == "opened":
            self.intake._store = never
        elif step == "committed":
            driver.confirm_heard = dying()
        else:
            driver.confirm_heard = dying(driver.confirm_heard)

    async def finish(self) -> list[int]:
        """End the slot and the process; return the slots that have a reading."""
        self.clock.pass_time(PERIOD)
        self.state.readings += self.state.keeper.close(self.clock.wall())
        await self.field.scheduler.stop()
        outbox = self.field.store.outbox
        readings = []
        while batch := outbox.take():
            readings += batch.readings
            outbox.ack(batch)
        outbox.close()
        assert len({each.value for each in readings}) == 1
        return [each.ts - START for each in readings]

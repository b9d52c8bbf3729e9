# SPDX-License-Identifier: MIT
import asyncio
import contextlib

import pytest
from engine_fakes import (
    START,
    FakeClock,
    FakeDriver,
    FakeLink,
    MemoryStore,
    make_device,
    make_settings,
    one_site,
)

from actwin_collector.model import ConfigError, LineSpec, NoAnswer, ScheduleSpec
from actwin_collector.scheduler import Scheduler
from actwin_collector.site import Site


class Harness:
    """A scheduler on fake time; ``go`` lets it run until so many polls were made."""

    def __init__(self, answer=lambda device: 1, **settings):
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.driver = FakeDriver(self.clock, answer)
        self.scheduler = Scheduler(
            self.store, make_settings(**settings), self.clock, FakeLink, self.driver_by_name
        )

    def driver_by_name(self, name):
        if name == "missing":
            raise ConfigError("unknown driver 'missing'")
        return self.driver

    async def go(self, polls):
        wanted = len(self.driver.calls) + polls
        async with asyncio.timeout(30):
            while len(self.driver.calls) < wanted:
                await asyncio.sleep(0)


def run(coroutine):
    asyncio.run(coroutine)


def test_each_line_has_its_own_worker_and_a_stop_closes_the_links():
    async def go():
        harness = Harness()
        lines = {key: LineSpec(key, "tcp") for key in ("L1", "L2", "L3")}
        site = one_site(make_device("A"), make_device("B"), **lines)
        site.devices["B"] = make_device_on("B", "L2")
        await harness.scheduler.apply(site, {})
        assert set(harness.scheduler.workers) == {"L1", "L2"}
        await harness.go(4)
        assert {key for key, _ in harness.driver.calls} == {"A", "B"}
        await harness.scheduler.stop()
        assert not any(w.link.is_open for w in harness.scheduler.workers.values())

    run(go())


def make_device_on(key, line, driver="fake"):
    device = make_device(key)
    return type(device)(
        key, driver, line, schedule="S1", parameters=device.parameters
    )


def test_a_changed_site_leaves_other_lines_alone():
    async def go():
        harness = Harness()
        scheduler = harness.scheduler
        lines = {key: LineSpec(key, "tcp") for key in ("L1", "L2", "L3")}
        devices = [make_device("A"), make_device_on("B", "L2"), make_device_on("C", "L3")]
        await scheduler.apply(one_site(*devices, **lines), {})
        await harness.go(3)
        before = dict(scheduler.workers)
        states = dict(scheduler.states)
        changed = make_device_on("B", "L2", "missing")
        lines["L3"] = LineSpec("L3", "tcp", enabled=False)
        await scheduler.apply(one_site(devices[0], changed, devices[2], **lines), {})
        assert set(scheduler.workers) == {"L1"}
        assert scheduler.workers["L1"] is before["L1"]
        assert scheduler.states["A"] is states["A"]
        assert not before["L1"].stopping
        assert before["L2"].stopping
        assert before["L3"].stopping
        assert scheduler.broken == {"B": "unknown driver 'missing'"}
        await harness.go(2)
        lines["L3"] = LineSpec("L3", "tcp")
        await scheduler.apply(one_site(*devices, **lines), {})
        assert scheduler.workers["L1"] is before["L1"]
        assert set(scheduler.workers) == {"L1", "L2", "L3"}
        await scheduler.apply(one_site(*devices[1:], L2=lines["L2"], L3=lines["L3"]), {})
        assert before["L1"].stopping
        assert set(scheduler.workers) == {"L2", "L3"}
        await scheduler.stop()
        assert not before["L1"].link.is_open
        # After a stop nothing runs that could go on.
        await scheduler.apply(one_site(*devices, **lines), {})
        await harness.go(3)
        await scheduler.stop()

    run(go())


def test_a_missing_driver_is_named_and_the_others_run():
    async def go():
        harness = Harness()
        site = one_site(make_device("A"), make_device_on("B", "L1", "missing"))
        await harness.scheduler.apply(site, {})
        await harness.go(2)
        assert harness.scheduler.broken == {"B": "unknown driver 'missing'"}
        assert {key for key, _ in harness.driver.calls} == {"A"}
        await harness.scheduler.stop()

    run(go())


def test_a_line_of_an_unknown_kind_is_named_and_the_others_run():
    async def go():
        harness = Harness()

        def link(line):
            if line.kind == "usb":
                raise ConfigError("unknown line kind 'usb'")
            return FakeLink(line)

        harness.scheduler._link_factory = link
        lines = {"L1": LineSpec("L1", "tcp"), "L2": LineSpec("L2", "usb")}
        site = one_site(make_device("A"), make_device_on("B", "L2"), **lines)
        await harness.scheduler.apply(site, {})
        await harness.go(1)
        assert harness.scheduler.broken == {"B": "unknown line kind 'usb'"}
        await harness.scheduler.stop()

    run(go())


def test_counters_and_marks_survive_a_changed_site():
    async def go():
        harness = Harness(lambda device: NoAnswer() if device.key == "B" else 3)
        await harness.scheduler.apply(one_site(make_device("A"), make_device("B")), {})
        await harness.go(6)
        before = harness.scheduler.states["A"]
        await harness.scheduler.apply(one_site(make_device("A")), {})
        after = harness.scheduler.states["A"]
        assert after is not before
        assert after.health is before.health
        assert after.keeper is before.keeper
        slower = Site(2, {"L1": LineSpec("L1", "tcp")}, {"S1": ScheduleSpec("S1", 60, 60)},
                      {"A": make_device("A")})
        await harness.scheduler.apply(slower, {})
        assert harness.scheduler.states["A"].keeper.mark == before.keeper.mark
        assert set(harness.scheduler.states) == {"A"}
        await harness.scheduler.stop()

    run(go())


def test_a_changed_site_neither_cuts_a_dialogue_nor_costs_a_turn():
    async def go():
        harness = Harness()
        entered, leave = asyncio.Event(), asyncio.Event()
        read = harness.driver.read

        async def slow_read(link, device, timeout):
            if harness.driver.calls:
                return await read(link, device, timeout)
            entered.set()
            result = await read(link, device, timeout)
            await leave.wait()
            return result

        harness.driver.read = slow_read
        site = one_site(make_device("A"), make_device("B"))
        await harness.scheduler.apply(site, {})
        await entered.wait()
        changing = asyncio.create_task(harness.scheduler.apply(site, {}))
        await asyncio.sleep(0.05)
        leave.set()
        await changing
        await harness.go(1)
        await harness.scheduler.stop(5)
        # A's dialogue was under way and B was waiting for its turn: both have the first slot
        assert harness.store.of("S/A:1.8.0")[0] == (900, "1")
        assert harness.store.of("S/B:1.8.0")[0] == (900, "1")

    run(go())


def test_slots_stored_before_a_restart_are_not_stored_again():
    async def go():
        harness = Harness()
        await harness.scheduler.apply(one_site(make_device("A")), {"A": START + 1800})
        await harness.go(4)
        await harness.scheduler.stop()
        assert harness.store.of("S/A:1.8.0")[0][0] == 2700

    run(go())


def test_a_stumbling_worker_starts_again(caplog):
    async def go():
        harness = Harness()
        await harness.scheduler.apply(one_site(make_device("A")), {})
        worker = harness.scheduler.workers["L1"]
        turn, stumbled = worker.turn, []

        async def bad_turn():
            if not stumbled:
                stumbled.append(True)
                raise RuntimeError("a bug")
            await turn()

        worker.turn = bad_turn
        await harness.go(2)
        await harness.scheduler.stop()
        assert stumbled

    run(go())
    assert "stumbled" in caplog.text


@pytest.mark.parametrize(("stalled", "alive"), [(100, True), (10_000, False)])
def test_the_watchdog_is_fed_only_while_every_line_turns(stalled, alive):
    async def go():
        harness = Harness(dialogue_seconds=180)
        await harness.scheduler.apply(one_site(make_device("A")), {})
        await harness.go(1)
        await harness.scheduler.stop()
        harness.clock.spend(stalled)
        assert harness.scheduler.is_alive(60) is alive

    with contextlib.suppress(asyncio.CancelledError):
        run(go())

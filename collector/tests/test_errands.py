# SPDX-License-Identifier: MIT
"""Work that somebody asked for, on a line that is polled meanwhile; and lines that are stopped."""

import asyncio
from dataclasses import replace

import pytest
from engine_fakes import FakeClock, FakeDriver, FakeLink, MemoryStore, make_device, make_settings
from engine_fakes import one_site as site_of

from actwin_collector.model import LineSpec, LinkError, NoAnswer
from actwin_collector.scheduler import Scheduler

LINE = LineSpec("L1", "tcp")


class Bus:
    """A scheduler whose driver notices a second dialogue on the same line."""

    def __init__(self, *devices, **lines):
        self.clock = FakeClock()
        self.driver = FakeDriver(self.clock, lambda device: 1)
        self.scheduler = Scheduler(
            MemoryStore(), make_settings(), self.clock, FakeLink, lambda name: self.driver
        )
        self.site = site_of(*devices, **(lines or {"L1": LINE}))
        self.talking = 0

    async def errand(self, link):
        assert not self.talking
        self.talking += 1
        calls = len(self.driver.calls)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(self.driver.calls) == calls, "a poll ran beside the errand"
        self.talking -= 1
        return calls


def run(coroutine):
    async def bounded():
        async with asyncio.timeout(30):
            await coroutine

    asyncio.run(bounded())


def test_an_errand_has_the_line_for_itself_and_due_polls_come_between_two():
    async def go():
        bus = Bus(make_device("A"), make_device("B"))
        await bus.scheduler.apply(bus.site, {})
        calls = await asyncio.gather(*(bus.scheduler.borrow(LINE, bus.errand) for _ in range(3)))
        assert calls == sorted(calls)
        bus.clock.spend(900)
        first = await bus.scheduler.borrow(LINE, bus.errand)
        second = await bus.scheduler.borrow(LINE, bus.errand)
        assert second == first + 1
        await bus.scheduler.stop()

    run(go())


def test_what_an_errand_raises_reaches_who_asked_and_the_line_goes_on():
    async def go():
        bus = Bus(make_device("A"))
        await bus.scheduler.apply(bus.site, {})

        async def fails(link):
            raise NoAnswer("silence")

        with pytest.raises(NoAnswer, match="silence"):
            await bus.scheduler.borrow(LINE, fails)
        bus.clock.spend(900)
        while not bus.driver.calls:
            await asyncio.sleep(0)
        await bus.scheduler.stop()

    run(go())


@pytest.mark.parametrize("devices", [("A",), ()])
def test_an_errand_is_cut_off_by_name_when_the_line_stops(devices):
    async def go():
        bus = Bus(*(make_device(key) for key in devices))
        await bus.scheduler.apply(bus.site, {})
        waiting = [
            asyncio.create_task(bus.scheduler.borrow(LINE, lambda link: asyncio.sleep(60)))
            for _ in range(2)
        ]
        await asyncio.sleep(0.01)
        await bus.scheduler.stop()
        for task in waiting:
            with pytest.raises(LinkError) as caught:
                await task
            assert caught.value.code == "line_stopped"
        with pytest.raises(LinkError):
            await bus.scheduler.borrow(LINE, bus.errand)

    run(go())


def test_lines_without_devices_lend_a_link_of_their_own_one_after_the_other():
    async def go():
        bus = Bus()
        await bus.scheduler.apply(bus.site, {})
        await asyncio.gather(*(bus.scheduler.borrow(LINE, bus.errand) for _ in range(3)))
        assert not bus.talking

    run(go())


def test_a_stopped_line_is_not_polled_and_says_so_and_goes_on_when_enabled():
    async def go():
        off = replace(LINE, enabled=False)
        bus = Bus(make_device("A"), L1=off)
        scheduler = bus.scheduler
        await scheduler.apply(bus.site, {})
        bus.clock.spend(1800)
        await asyncio.sleep(0.01)
        assert (bus.driver.calls, scheduler.stopped, scheduler.workers) == ([], {"A"}, {})
        with pytest.raises(LinkError, match="stopped"):
            await scheduler.borrow(off, bus.errand)
        await scheduler.apply(replace(bus.site, lines={"L1": LINE}), {})
        bus.clock.spend(900)
        while not bus.driver.calls:
            await asyncio.sleep(0)
        assert scheduler.stopped == set()
        await scheduler.stop()

    run(go())

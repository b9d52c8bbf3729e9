# SPDX-License-Identifier: MIT
"""Gaps filled over real sockets by real drivers from simulated meters' load profiles."""

import asyncio
import random
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from engine_fakes import MemoryStore, make_settings
from iec_support import NOW, PASSWORD, Rig, meter, spec

from actwin_collector.channel.tcp import TcpLink
from actwin_collector.clock import Clock
from actwin_collector.device import make_state
from actwin_collector.model import LineSpec, ParameterSpec, ScheduleSpec
from actwin_collector.worker import LineWorker

HOUR = 3600
IEC_COLUMNS = ["1.8.0*kWh", "5.8.0*kvarh", "8.8.0*kvarh", "1.5.0*kW"]


class AtNow(Clock):
    """A clock that begins at NOW."""

    def __init__(self):
        self._offset = NOW - time.monotonic()

    def wall(self):
        return time.monotonic() + self._offset


async def backfilled(device, address, driver, hours):
    """Run a line's worker until the gap of the last hours is filled; returns the store."""
    host, _, port = address.rpartition(":")
    line = LineSpec("L1", "tcp", host=host, port=int(port), timeout_s=2.0)
    schedule = ScheduleSpec("S1", 1, 900, backfill_days=3, events=True)
    state = make_state(replace(device, line="L1"), schedule, driver)
    state.keeper.mark = NOW - hours * HOUR
    store = MemoryStore()
    worker = LineWorker(line, [state], TcpLink, store, make_settings(), AtNow(), random.Random(1))
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(40):
            while state.chores.log.asked is None and not state.chores.unsupported:
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert not state.health.errors, state.health.last_error
    return store


def address_of(addresses, key="T"):
    found = addresses[key]
    return found if isinstance(found, str) else ":".join(map(str, found))


@pytest.mark.parametrize("identification", ["/MSY5TTT0000000010", "/EMH5LZQJ-XC"])
def test_an_iec_meters_profile_fills_the_slots_and_its_log_follows(tmp_path, identification):
    kit = Rig(meter(identification=identification), tmp_path)
    device = replace(
        spec(secret=PASSWORD, profile_columns=IEC_COLUMNS),
        parameters=(ParameterSpec("1.8.0", "S/T:1.8.0", "kWh"),),
    )
    store = kit.run(
        lambda addresses: asyncio.run(
            backfilled(device, address_of(addresses), kit.driver, 30)
        )
    )
    first = (NOW - 30 * HOUR) // 900 * 900 + 900
    wanted = range(first, NOW - 150, 900)
    stored = {reading.ts: reading for reading in store.readings}
    assert [at for at in wanted if at not in stored] == []
    for at in wanted:
        assert Decimal(stored[at].value) == kit.scenario.index_at("T", "1.8.0", at)
        assert stored[at].status == 0
    assert len(store.readings) == len(stored)

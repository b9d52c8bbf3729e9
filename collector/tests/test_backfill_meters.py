# SPDX-License-Identifier: MIT
"""Gaps filled over real sockets by real drivers from simulated meters' load profiles."""

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import dlms_rig
import pytest
from engine_fakes import MemoryStore, make_settings
from iec_support import NOW, PASSWORD, Rig, meter, spec

from actwin_collector.channel.tcp import TcpLink
from actwin_collector.clock import Clock
from actwin_collector.device import make_state
from actwin_collector.model import LineSpec, ParameterSpec, ScheduleSpec
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.worker import LineWorker

HOUR = 3600
IEC_COLUMNS = ["1.8.0*kWh", "5.8.0*kvarh", "8.8.0*kvarh", "1.5.0*kW"]


class Beginning(Clock):
    """A clock that begins at a given time."""

    def __init__(self, now):
        self._offset = now - time.monotonic()

    def wall(self):
        return time.monotonic() + self._offset


async def backfilled(device, address, driver, now, hours=30):
    """Run a line's worker until the gap of the last hours is filled; returns the store."""
    host, _, port = address.rpartition(":")
    line = LineSpec("L1", "tcp", host=host, port=int(port), timeout_s=2.0)
    schedule = ScheduleSpec("S1", 1, 900, backfill_days=3, events=True)
    state = make_state(replace(device, line="L1"), schedule, driver)
    state.keeper.mark = int(now) - hours * HOUR
    store = MemoryStore()
    clock, rng = Beginning(now), random.Random(1)
    worker = LineWorker(line, [state], TcpLink, store, make_settings(), clock, rng)
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


def check(store, now, index_at):
    """Every slot of the gap is there once, with the index of its very end."""
    first = (int(now) - 30 * HOUR) // 900 * 900 + 900
    stored = {reading.ts: reading for reading in store.readings}
    wanted = range(first, int(now) - 150, 900)
    assert [at for at in wanted if at not in stored] == []
    for at in wanted:
        assert (Decimal(stored[at].value), stored[at].status) == (index_at(at), 0)
    assert len(store.readings) == len(stored)


@pytest.mark.parametrize("identification", ["/MSY5TTT0000000010", "/EMH5LZQJ-XC"])
def test_an_iec_meters_profile_fills_the_slots_and_its_log_follows(tmp_path, identification):
    kit = Rig(meter(identification=identification), tmp_path)
    device = replace(
        spec(secret=PASSWORD, profile_columns=IEC_COLUMNS),
        parameters=(ParameterSpec("1.8.0", "S/T:1.8.0", "kWh"),),
    )

    def work(addresses):
        host, port = addresses["T"] if not isinstance(addresses["T"], str) else (
            addresses["T"].rsplit(":", 1)
        )
        return asyncio.run(backfilled(device, f"{host}:{port}", kit.driver, NOW))

    check(kit.run(work), NOW, lambda at: kit.scenario.index_at("T", "1.8.0", at))


def test_a_ciphered_dlms_meters_profile_fills_the_slots_and_its_log_follows(tmp_path):
    found = dlms_rig.meters(dlms_rig.GUARDED)
    now = datetime.fromtimestamp(dlms_rig.NOW, UTC)
    driver = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"), now=lambda: now)
    device = replace(
        dlms_rig.spec(secret=dlms_rig.BOTH_KEYS, events=["0.0.99.98.0.255"], **dlms_rig.GMAC),
        parameters=(ParameterSpec("1.8.0", "S/D:1.8.0", "Wh"),),
    )
    with dlms_rig.serving(found) as address:
        store = asyncio.run(backfilled(device, address, driver, dlms_rig.NOW))
    check(store, dlms_rig.NOW, lambda at: Decimal(found[0].model.scaled("1.8.0", at)))

# SPDX-License-Identifier: MIT
"""The window of message counters: each is taken once, however late, whatever process is killed."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from decimal import Decimal

import pytest
from dlms_support import KEYS, METER
from heard_rig import DRIVERS, Killed, Site, messages
from hypothesis import given
from hypothesis import strategies as st
from push_support import PERIOD
from radio_support import NOW, heard, meter

from actwin_collector.listening.repeats import DUPLICATE_SECONDS
from actwin_collector.model import ProtocolError
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.window import SIZE, Window
from actwin_collector.protocol.wmbus.memory import Memory

KEY = KEYS.fingerprint
kinds = pytest.mark.parametrize("kind", DRIVERS)


@given(st.lists(st.integers(0, 3 * SIZE) | st.integers(0, 2**32 - 1), max_size=60))
def test_window_is_a_set_of_what_was_taken_and_a_bound_below(counters):
    window, taken, first = Window(), set(), None
    for counter in counters:
        first = counter if first is None else first
        highest = max(taken, default=-1)
        fits = counter > highest or (
            counter not in taken and counter > highest - SIZE and counter > first
        )
        assert window.takes(counter) == fits
        if fits:
            window = window.moved(counter)
            taken.add(counter)
        assert window.highest == max(taken, default=-1) and window.seen < 1 << SIZE


def stores(tmp_path):
    """Yield what checks and what keeps a counter, of each kind of store."""
    dlms, radio = CounterStore(tmp_path / "d.sqlite"), Memory(tmp_path / "m.sqlite")
    return {
        "dlms": (
            lambda n: dlms.check_push(METER, KEY, n),
            lambda n: dlms.received(METER, KEY, n, pushed=True),
        ),
        "radio": (lambda n: radio.check(b"M", b"K", n), lambda n: radio.keep(b"M", b"K", n)),
    }


@pytest.mark.parametrize("kind", ["dlms", "radio"])
def test_late_one_is_taken_once_and_told_from_what_is_too_old(tmp_path, kind):
    check, keep = stores(tmp_path)[kind]
    assert check(100) is False
    keep(100)
    keep(100 + SIZE)
    assert check(100 + SIZE + 1) is False and check(101) is True
    keep(101)
    check, _ = stores(tmp_path)[kind]
    for counter in (100, 101, 100 + SIZE, 99, 0):
        with pytest.raises(ProtocolError) as caught:
            check(counter)
        assert caught.value.code == "replayed"
    assert check(102) is True


def test_store_of_an_older_version_opens_nothing_that_it_may_have_taken(tmp_path):
    memory = Memory(tmp_path / "m.sqlite")
    memory.keep(b"M", b"K", 50)
    with memory._open() as database:
        database.execute("DELETE FROM taken")
        database.execute("UPDATE counter SET last=60")
    with pytest.raises(ProtocolError):
        memory.check(b"M", b"K", 55)
    assert memory.check(b"M", b"K", 61) is False


_KILLED = """
import os, sys
from pathlib import Path
from actwin_collector.protocol.wmbus.memory import Memory
memory = Memory(Path(sys.argv[1]))
for counter in map(int, sys.argv[2:]):
    memory.keep(b"M", b"K", counter)
os.kill(os.getpid(), 9)
"""


def test_killed_process_has_taken_exactly_what_it_kept(tmp_path):
    path = tmp_path / "m.sqlite"
    done = subprocess.run([sys.executable, "-c", _KILLED, path, "10", "14", "12"], check=False)
    assert done.returncode == -9
    memory = Memory(path)
    for counter, is_open in ((10, False), (11, True), (12, False), (13, True), (14, False)):
        if is_open:
            assert memory.check(b"M", b"K", counter) is True
        else:
            with pytest.raises(ProtocolError):
                memory.check(b"M", b"K", counter)


@kinds
@pytest.mark.parametrize("dies", [None, "before_open", "opened"])
def test_what_was_not_kept_is_taken_after_the_next_one_was(kind, dies, tmp_path):
    """The process died over it, or it took the longer way; its sender repeats it."""

    async def go():
        site = Site(kind, tmp_path)
        await site.start()
        sent = messages(kind)
        # The window opens behind the first that was taken of a sender.
        assert await site.hear(next(sent)) == "taken"
        late, after = next(sent), next(sent)
        if dies:
            site.kill_at(dies)
            with pytest.raises(Killed):
                await site.hear(late)
            await site.kill()
            await site.start()
        assert await site.hear(after) == "taken"
        assert await site.hear(late) == "taken"
        await site.kill()
        await site.start()
        for told in (("duplicate", "replayed"), ("replayed",)):
            # After a restart one repetition of what was kept is answered as such.
            site.clock.pass_time(DUPLICATE_SECONDS + 1)
            for each in (late, after):
                assert await site.hear(each) in told
        assert await site.finish() == [PERIOD]

    asyncio.run(go())


@kinds
@pytest.mark.parametrize("step", ["committed", "confirmed"])
def test_late_one_over_which_the_process_dies_is_taken_once(kind, step, tmp_path):
    async def go():
        site = Site(kind, tmp_path)
        await site.start()
        first, late, after = itertools.islice(messages(kind), 3)
        assert await site.hear(first) == await site.hear(after) == "taken"
        site.kill_at(step)
        with pytest.raises(Killed):
            await site.hear(late)
        await site.kill()
        await site.start()
        assert await site.hear(late) == "duplicate"
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(late) == "replayed"
        assert await site.finish() == [PERIOD]

    asyncio.run(go())


def test_late_value_does_not_stand_over_what_was_sent_after_it(tmp_path):
    async def go():
        site = Site("wmbus", tmp_path)
        await site.start()
        radio = meter(7)
        sent = []
        for value in (1, 2, 3):
            radio.values = lambda now, value=value: {"volume": Decimal(value)}
            sent.append(heard(radio.telegram(NOW)))
        for at in (0, 2, 1):
            assert await site.hear(sent[at]) == "taken"
        site.clock.pass_time(PERIOD)
        [reading] = site.state.keeper.close(site.clock.wall())
        assert Decimal(reading.value) == 3
        await site.kill()

    asyncio.run(go())

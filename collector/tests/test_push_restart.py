# SPDX-License-Identifier: MIT
"""What was answered is on disk: a process that dies in the middle of a slot loses no push."""
import asyncio

from push_support import PERIOD, Field, device, free_port, line, until
from test_http_push import TOKEN, request

from actwin_collector.outbox import Outbox
from actwin_collector.outbox_schema import OutboxError


class DiskStore:
    """The outbox as the service calls it; ``readings`` as the store in memory shows them."""

    def __init__(self, path):
        self.outbox = Outbox(path)
        self.readings = []

    async def __call__(self, readings, events, comms, marks, memory):
        readings = list(readings)
        await asyncio.to_thread(self.outbox.append, readings, events, comms, marks, memory)
        self.readings += readings


def http_field(tmp_path, clock=None):
    lines = [line("http", port=free_port(), secret="s3cret")]
    store = DiskStore(tmp_path / "outbox.sqlite")
    return Field(lines, [device("M1")], tmp_path, store, clock)


async def die(field):
    """As kill -9: nothing more is written. Only the sockets of this process are cleaned up."""

    def dead(*args):
        raise OutboxError("a dead process writes nothing")

    field.store.outbox.append = dead
    await field.scheduler.stop()
    field.store.outbox.close()


def test_an_answered_push_outlives_the_process(tmp_path):
    async def go():
        first = http_field(tmp_path)
        await first.scheduler.apply(first.site, {})
        await until(lambda: first.scheduler.listeners["L1"].is_open)
        port = first.site.lines["L1"].port
        for value in (5, 6):
            got = await asyncio.to_thread(request, port, f"@M1 {value}", TOKEN)
            assert got == (200, {"taken": 1})
        await die(first)
        second = http_field(tmp_path, first.clock)
        outbox = second.store.outbox
        await second.scheduler.apply(second.site, outbox.marks(), outbox.memory())
        second.clock.pass_time(PERIOD)
        await until(lambda: second.store.readings)
        await second.scheduler.stop()
        batch = outbox.take()
        assert [(each.ts, each.value) for each in batch.readings] == [
            (second.store.readings[0].ts, "6")
        ]
        outbox.close()

    asyncio.run(go())

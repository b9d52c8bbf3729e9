# SPDX-License-Identifier: MIT
"""Meters that speak first, on streams and datagrams."""
import asyncio
import os
import tty

from push_support import PERIOD, Field, device, line, until
from stream_rig import Receiver, on_tcp, silent_device

from actwin_collector.listening.intake import Source
from actwin_collector.listening.repeats import DUPLICATE_SECONDS
from actwin_collector.masking import Masker
from actwin_collector.model import Event, Heard
from actwin_collector.outbox_schema import OutboxFull
from actwin_collector.tracing.files import TraceFolder, read_trace
from actwin_collector.watch import bytes_of, traced_pushes


def test_what_is_heard_is_stored_once_a_slot_with_the_last_value(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@M1 10\n@M1 11\n")
        await until(lambda: field.state("M1").health.ok == 2)
        assert field.store.readings == []
        await field.next_slot()
        assert field.stored("M1") == [(900, "11")]
        assert field.health().heard == 2

    on_tcp(tmp_path, scenario)


def test_garbage_does_not_end_the_line_and_is_counted_by_name(tmp_path):
    async def scenario(field, receiver):
        receiver.say(os.urandom(50).replace(b"@", b"") + b"\n\x00\xff\n" + b"z" * 9000)
        await until(lambda: field.health().errors["oversized"])
        receiver.say("\n@M1 7\n")
        await until(lambda: field.state("M1").health.ok)
        assert field.health().errors["noise"] >= 1

    on_tcp(tmp_path, scenario)


def test_a_lost_line_is_opened_again_with_growing_pauses(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@M1 1\n")
        await until(lambda: field.state("M1").health.ok == 1)
        receiver.drop()
        await until(lambda: field.errors("M1").get("link_failed"))
        assert field.health().problem.startswith("link_failed")
        await until(lambda: receiver.writers)
        receiver.say("@M1 2\n")
        await until(lambda: field.state("M1").health.ok == 2)
        assert field.health().problem == ""

    on_tcp(tmp_path, scenario)


def test_an_answer_is_sent_only_after_the_push_is_on_disk(tmp_path):
    async def scenario(field, receiver):
        field.store.error = OutboxFull("no room")
        receiver.say("@M1 1 n=1 ack\n")
        await until(lambda: field.health().errors["outbox_full"])
        assert receiver.got == b""
        field.store.error = None
        receiver.say("@M1 1 n=1 ack\n")  # the meter repeats what was not confirmed
        await until(lambda: receiver.got == b"!M1\n")
        assert '"1"' in field.store.memory["M1"].notes
        assert "replayed" not in field.errors("M1")

    on_tcp(tmp_path, scenario)


def test_what_could_not_be_stored_does_not_use_up_the_meters_counter(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@M1 1 n=1\n")
        await until(lambda: field.state("M1").health.ok)
        field.store.error = OutboxFull("no room")
        field.clock.pass_time(PERIOD)
        await until(lambda: field.state("M1").readings)
        receiver.say("@M1 2 n=2\n")
        await until(lambda: field.errors("M1").get("outbox_full"))
        assert field.driver.counters["M1"] == 1
        field.store.error = None
        receiver.say("@M1 2 n=2\n")
        await until(lambda: field.driver.counters["M1"] == 2)

    on_tcp(tmp_path, scenario)


def test_two_receivers_give_one_reading_and_no_replay_error(tmp_path):
    async def go():
        async with Receiver() as one, Receiver() as two:
            lines = [line("tcp", port=one.port), line("tcp", "L2", port=two.port)]
            devices = [silent_device(), silent_device("M2", line="L2")]
            async with Field(lines, devices, tmp_path) as field:
                await until(lambda: one.writers and two.writers)
                one.say("@M1 5 n=1\n")
                two.say("@M1 5 n=1\n")
                await until(lambda: field.health().duplicates + field.health("L2").duplicates)
                assert field.state("M1").health.ok == 1
                assert field.errors("M1") == {}
                field.clock.pass_time(DUPLICATE_SECONDS + 1)
                two.say("@M1 5 n=1\n")
                await until(lambda: field.errors("M1") == {"replayed": 1})
                two.say("@M1 6 n=2\n")
                await until(lambda: field.state("M1").health.ok == 2)

    asyncio.run(go())


def test_two_receivers_at_the_very_moment_of_a_slow_commit_give_no_replay_error(tmp_path):
    async def scenario(field, receiver):
        store = field.scheduler.intake._store

        async def slowly(*args):
            await asyncio.sleep(0.05)
            await store(*args)

        intake = field.scheduler.intake
        intake._store = slowly
        source = Source(field.site.lines["L1"], field.health())
        field.state("M1").events.append(Event("M1", 1, "old"))
        heard = Heard("M1", {"telegram": "@M1 5 n=1"})
        verdicts = await asyncio.gather(*(intake.hear(source, "beep", heard) for _ in range(3)))
        assert sorted(each.fate for each in verdicts) == ["duplicate", "duplicate", "taken"]
        assert field.errors("M1") == {}
        assert '"5"' in str(field.store.memory["M1"].notes)

    on_tcp(tmp_path, scenario)


def test_a_serial_receiver_is_heard(tmp_path):
    async def go():
        master, slave = os.openpty()
        tty.setraw(slave)
        lines = [line("serial", device_path=os.ttyname(slave))]
        async with Field(lines, [silent_device()], tmp_path) as field:
            await asyncio.sleep(0.2)
            os.write(master, b"\x00noise\n@M1 5 ack\n")
            await until(lambda: field.state("M1").health.ok)
            assert await asyncio.to_thread(os.read, master, 100) == b"!M1\n"
        os.close(master)
        os.close(slave)

    asyncio.run(go())


def test_pushes_of_a_traced_device_are_recorded_with_what_became_of_them(tmp_path):
    async def scenario(field, receiver):
        folder = TraceFolder(tmp_path / "trace", Masker(), ["M1"])
        field.scheduler.intake.note_heard = traced_pushes(folder)
        receiver.say("@M1 5 n=1\n@M1 6 n=1\n")
        await until(lambda: field.errors("M1"))
        title, entries = read_trace(folder.path("M1"))
        assert title["kind"] == "push"
        assert [each.direction for each in entries] == ["rx", "--", "rx", "--"]
        assert b"@M1 5 n=1" in entries[0].data
        assert [each.text for each in entries[1::2]] == ["ok", "replayed: it came before"]

    on_tcp(tmp_path, scenario)


def test_the_bytes_of_a_telegram_are_those_that_came():
    assert bytes_of({"telegram": "0102"}) == b"\x01\x02"
    assert bytes_of({"frames": ["01", "02"]}) == b"\x01\x02"
    assert bytes_of({"text": "/ABC"}) == b'{"text": "/ABC"}'


def test_a_slow_device_on_one_line_delays_no_other_line(tmp_path):
    async def go():
        slow = await asyncio.start_server(lambda r, w: asyncio.sleep(60), "127.0.0.1", 0)
        async with Receiver() as quick:
            lines = [
                line("tcp", "SLOW", port=slow.sockets[0].getsockname()[1], timeout_s=5.0),
                line("tcp", "QUICK", port=quick.port),
            ]
            devices = [device("A", "SLOW"), silent_device("B", line="QUICK")]
            async with Field(lines, devices, tmp_path) as field:
                await until(lambda: quick.writers)
                field.clock.pass_time(800)
                await asyncio.sleep(0.3)
                for number in range(5):
                    started = asyncio.get_running_loop().time()
                    quick.say(f"@B {number}\n")
                    await until(lambda n=number: field.state("B").health.ok > n)
                    assert asyncio.get_running_loop().time() - started < 0.5
                assert field.state("A").health.ok == 0
                assert field.errors("A") == {}  # still waiting for its answer
        slow.close()

    asyncio.run(go())

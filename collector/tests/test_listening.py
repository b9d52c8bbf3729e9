# SPDX-License-Identifier: MIT
"""Meters that speak first, on streams and datagrams."""
import asyncio
import contextlib
import os
import tty
from dataclasses import replace

import pytest
from push_support import PERIOD, Field, device, free_port, line, until

from actwin_collector.listening.intake import Source
from actwin_collector.listening.repeats import DUPLICATE_SECONDS
from actwin_collector.masking import Masker
from actwin_collector.model import Event, Heard
from actwin_collector.outbox_schema import OutboxFull
from actwin_collector.tracing.files import TraceFolder, read_trace
from actwin_collector.watch import bytes_of, traced_pushes


class Receiver:
    """A TCP server that a line connects to, as a radio receiver behind a device server is."""

    first = ""

    def __init__(self):
        self.writers = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self.drop()
        self.server.close()

    async def _serve(self, reader, writer):
        self.writers.append(writer)
        self.got = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(100):
                self.got += data
                for question in data.decode().splitlines():
                    writer.write(f"{self.first}={question[1:]} 5\n".encode())

    def say(self, text):
        for writer in self.writers:
            writer.write(text if isinstance(text, bytes) else text.encode())

    def drop(self):
        for writer in self.writers:
            writer.close()
        self.writers = []


def silent_device(key="M1", **values):
    return device(key, settings={"poll": False} | values.pop("settings", {}), **values)


def on_tcp(tmp_path, scenario, *devices, **settings):
    async def go():
        async with Receiver() as receiver:
            lines = [line("tcp", port=receiver.port, settings=settings)]
            async with Field(lines, devices or [silent_device()], tmp_path) as field:
                await until(lambda: receiver.writers)
                await scenario(field, receiver)

    asyncio.run(go())


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


@pytest.mark.parametrize(
    ("text", "code"), [("@M1 5 key=wrong\n", "wrong_key"), ("@M1 5 n=1 key=k\n", "replayed")]
)
def test_a_refused_message_is_a_named_error_and_never_a_reading(tmp_path, text, code):
    async def scenario(field, receiver):
        field.driver.counters["M1"] = 1
        receiver.say(text)
        await until(lambda: field.errors("M1") == {code: 1})
        field.clock.pass_time(PERIOD)
        receiver.say("@M1 9 n=2 key=k\n")
        await until(lambda: field.state("M1").health.ok)
        await field.next_slot()
        assert [value for _, value in field.stored("M1")] == ["9"]

    on_tcp(tmp_path, scenario, silent_device(secret="k"))


def test_a_meter_nobody_configured_is_kept_for_the_operator(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@X9 77\n@X9 78\n")
        await until(lambda: field.health().unassigned == 2)
        [stranger] = field.scheduler.unassigned.listed()
        assert (stranger.sender, stranger.count, stranger.raw) == ("X9", 2, "@X9 78")
        assert [event.code for event in field.store.events] == ["unassigned_meter"]
        assert "@X9 77" in field.store.events[0].text
        assert field.state("M1").health.ok == 0

    on_tcp(tmp_path, scenario)


def test_a_device_without_a_name_of_its_own_takes_all_that_comes(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@ANY 5\n")
        await until(lambda: field.state("M1").health.ok)

    on_tcp(tmp_path, scenario, silent_device(address=""))


def test_a_nameless_device_takes_nothing_beside_others(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@ANY 5\n")
        await until(lambda: field.health().unassigned)
        assert field.state("M1").health.ok == 0

    on_tcp(tmp_path, scenario, silent_device(address=""), silent_device("M2"))


def test_what_names_nobody_is_of_the_only_device(tmp_path):
    async def scenario(field, receiver):
        source = Source(field.site.lines["L1"], field.health())
        intake = field.scheduler.intake
        assert intake.candidates(source, "beep", "") == [field.state("M1")]
        assert intake.candidates(source, "beep", "X9") == []
        assert intake.candidates(source, "other", "") == []

    on_tcp(tmp_path, scenario)


def test_a_device_with_a_wrong_name_costs_only_itself(tmp_path):
    async def go():
        devices = [
            replace(silent_device(), driver="lora", address="no eui"), silent_device("M2")
        ]
        async with Field([line("udp", host="", port=free_port())], devices, tmp_path) as field:
            assert set(field.scheduler.broken) == {"M1"}
            assert set(field.scheduler.states) == {"M2"}

    asyncio.run(go())


def test_of_several_candidates_those_whose_key_fits_take_it(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@N 5 key=b\n")
        await until(lambda: field.state("B").health.ok)
        assert field.errors("A") == {}

    on_tcp(
        tmp_path, scenario,
        silent_device("A", address="N", secret="a"), silent_device("B", address="N", secret="b"),
    )


def test_a_silent_meter_is_named(tmp_path):
    async def scenario(field, receiver):
        await until(lambda: field.state("M1").expected_by)
        field.clock.pass_time(2 * PERIOD + 1)
        await until(lambda: field.state("M1").silent)
        assert field.errors("M1") == {"not_heard": 1}
        await until(lambda: field.store.comms)
        assert field.store.comms[-1].error.startswith("not_heard")
        receiver.say("@M1 5\n")
        await until(lambda: not field.state("M1").silent)

    on_tcp(tmp_path, scenario)


def test_a_polled_line_may_hear_as_well_and_both_give_one_value(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@M1 4\n")
        await until(lambda: field.state("M1").health.ok == 1)
        field.clock.pass_time(800)  # the poll at the slot's end reads 5
        await until(lambda: len(field.store.readings) >= 1)
        assert field.stored("M1") == [(900, "5")]
        receiver.say("@M1 6\n")
        await until(lambda: field.state("M1").health.ok == 3)
        assert len(field.store.readings) == 1

    on_tcp(tmp_path, scenario, device("M1"), listen=True)


def test_a_push_that_spoils_a_poll_is_heard_all_the_same(tmp_path):
    async def scenario(field, receiver):
        receiver.first = "@M1 77 n=1\n"
        field.clock.pass_time(800)
        await until(lambda: field.driver.counters.get("M1") == 1)
        assert field.errors("M1") == {"protocol_error": 1}
        assert field.state("M1").health.ok == 1
        await field.next_slot()
        assert field.stored("M1")[0] == (1800, "77")

    on_tcp(tmp_path, scenario, device("M1"), listen=True)


def test_a_push_a_moment_after_the_planned_poll_does_not_cost_the_slot(tmp_path):
    async def scenario(field, receiver):
        field.state("M1").due = 1e18  # the poll waits for a busy line
        field.clock.pass_time(802)
        receiver.say("@M1 6\n")
        await until(lambda: field.state("M1").health.ok)
        field.clock.pass_time(60)
        field.state("M1").due = 0.0
        await until(lambda: field.store.readings)
        assert field.stored("M1") == [(900, "6")]

    on_tcp(tmp_path, scenario, device("M1"), listen=True)


def test_rows_with_their_own_time_fill_their_slots_once(tmp_path):
    async def scenario(field, receiver):
        start = 1772323200
        receiver.say(f"@M1 1 ts={start - 900}\n@M1 2 ts={start}\n")
        await until(lambda: field.state("M1").health.ok == 2)
        receiver.say(f"@M1 2 ts={start} n=1\n@M1 99 ts={start + 5000} n=2\n@M1 3 n=3\n")
        await until(lambda: field.state("M1").health.ok == 5)
        await field.next_slot(3)
        assert field.stored("M1") == [(-900, "1"), (0, "2"), (900, "3")]
        assert field.errors("M1")["row_in_future"] == 1

    on_tcp(tmp_path, scenario)


def test_events_of_a_push_become_events(tmp_path):
    async def scenario(field, receiver):
        receiver.say("@M1 1 event=cover_open\n")
        await until(lambda: field.store.events)
        [event] = field.store.events
        assert (event.device, event.code) == ("M1", "cover_open")

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

# SPDX-License-Identifier: MIT
"""What meters send by themselves on a stream, beside polls, rows and events."""
from push_support import device, until
from stream_rig import on_tcp


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

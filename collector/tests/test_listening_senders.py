# SPDX-License-Identifier: MIT
"""Whose a message is that came on a stream, and what becomes of one that is nobody's or refused."""
import asyncio
from dataclasses import replace

import pytest
from push_support import PERIOD, Field, free_port, line, until
from stream_rig import on_tcp, silent_device

from actwin_collector.listening.intake import Source


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

# SPDX-License-Identifier: MIT
"""Messages that our own code failed on are heard again once it is mended: as of when they came."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from push_support import PERIOD, START, Field, device, free_port, line, until
from test_dead_messages import break_driver, break_listener, kept
from test_mqtt_push import ready, subscribed

from actwin_collector.commands.command import Command
from actwin_collector.commands.kinds import perform
from actwin_collector.listening.again import HearAgain
from actwin_collector.listening.intake import Source
from actwin_collector.model import CollectorError, Heard, LineSpec
from actwin_collector.outbox_schema import OutboxFull

PLACE = LineSpec("L1", "http")


def hear_again(field):
    return HearAgain(field.scheduler.intake, field.scheduler.place).once()


def on_http(tmp_path, scenario, devices=None):
    async def go():
        lines = [line("http", port=free_port(), secret="s")]
        async with Field(lines, devices or [device("M1")], tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            await scenario(field)

    asyncio.run(go())


async def say(field, text):
    source = Source(PLACE, field.health(), "m/1")
    return await field.scheduler.intake.hear(source, "beep", Heard("M1", {"telegram": text}))


async def fail_on(field, text):
    break_driver(field)
    assert (await say(field, text)).error.code == "driver_bug"
    vars(field.driver).pop("open_heard")


async def end_slot(field):
    field.clock.pass_time(PERIOD)
    state = field.state("M1")
    state.readings += state.keeper.close(field.clock.wall())


def values(field):
    readings = [*field.store.readings, *field.state("M1").readings]
    return sorted((each.ts - START, each.value) for each in readings)


def test_it_stands_for_the_slot_in_which_it_came(tmp_path):
    """Others were heard before and after; nobody but this message knows that slot."""

    async def scenario(field):
        dead = field.scheduler.intake.dead
        await say(field, "@M1 1")
        await end_slot(field)
        await fail_on(field, "@M1 2")
        await end_slot(field)
        await say(field, "@M1 3")
        await end_slot(field)
        await say(field, "@M1 4")
        assert values(field) == [(900, "1"), (2700, "3")]
        assert dead.again() == 1
        await hear_again(field)
        await end_slot(field)
        assert values(field) == [(900, "1"), (1800, "2"), (2700, "3"), (3600, "4")]
        assert dead.count() == 0 and dead.waiting() == []

    on_http(tmp_path, scenario)


@pytest.mark.parametrize("later", [False, True])
def test_in_a_slot_that_goes_on_it_gives_way_to_what_came_after_it(tmp_path, later):
    async def scenario(field):
        await fail_on(field, "@M1 2")
        field.clock.pass_time(61)
        if later:
            await say(field, "@M1 3")
        field.scheduler.intake.dead.again()
        await hear_again(field)
        await end_slot(field)
        assert values(field) == [(900, "3" if later else "2")]

    on_http(tmp_path, scenario)


def test_values_with_a_time_of_their_own_keep_it_and_stored_ones_stay(tmp_path):
    async def scenario(field):
        field.clock.pass_time(PERIOD)
        await say(field, f"@M1 1 ts={START + 900}")
        await fail_on(field, f"@M1 9 ts={START + 900}")
        await end_slot(field)
        await fail_on(field, f"@M1 2 ts={START + 1800}")
        await end_slot(field)
        await say(field, f"@M1 5 ts={START + 2700}")
        field.scheduler.intake.dead.again()
        await hear_again(field)
        await end_slot(field)
        assert values(field) == [(900, "1"), (1800, "2"), (2700, "5")]

    on_http(tmp_path, scenario)


def test_one_that_fails_again_or_is_refused_lies_there_with_the_new_reason(tmp_path):
    async def scenario(field):
        dead = field.scheduler.intake.dead
        await fail_on(field, "@M1 2 key=x")
        dead.again()
        break_driver(field)
        await hear_again(field)
        assert "our mistake" in dead.listed()[0].error
        vars(field.driver).pop("open_heard")
        dead.again()
        await hear_again(field)
        assert dead.listed()[0].error.startswith("wrong_key:")
        assert dead.count() == 1 and values(field) == []

    on_http(tmp_path, scenario)


def test_a_replay_that_crept_in_is_refused_all_the_same(tmp_path):
    async def scenario(field):
        await say(field, "@M1 2 n=7")
        await fail_on(field, "@M1 1 n=7")
        field.scheduler.intake.dead.again()
        await hear_again(field)
        assert field.scheduler.intake.dead.listed()[0].error.startswith("replayed:")

    on_http(tmp_path, scenario)


def test_while_the_outbox_is_full_it_goes_on_waiting(tmp_path):
    async def scenario(field):
        dead = field.scheduler.intake.dead
        await fail_on(field, "@M1 2")
        dead.again()
        field.state("M1").noted = True
        field.store.error = OutboxFull("no room")
        with pytest.raises(CollectorError):
            await hear_again(field)
        assert len(dead.waiting()) == 1 and dead.count() == 0
        field.store.error = None
        await hear_again(field)
        assert dead.waiting() == []

    on_http(tmp_path, scenario)


@pytest.mark.parametrize(("name", "code"), [("L9", "unknown_line"), ("L1", "unassigned")])
def test_where_nobody_is_left_to_hear_it_it_stays(tmp_path, name, code):
    async def scenario(field):
        dead = field.scheduler.intake.dead
        source = Source(LineSpec(name, "http"), field.health(), "")
        heard = Heard("M7", {"telegram": "@M7 1"})
        await field.scheduler.intake.bury(source, b"@M7 1", RuntimeError("x"), "beep", heard)
        dead.again()
        await hear_again(field)
        assert dead.listed()[0].error.startswith(f"{code}:")

    on_http(tmp_path, scenario, [device("M1"), device("M2")])


def test_a_body_that_no_listener_could_cut_is_cut_again(tmp_path, monkeypatch):
    """Kept as the broker sent it: in JSON, as the line's settings say."""

    async def scenario(field, broker):
        await ready(field)
        listener = type(field.driver.listener({}))
        monkeypatch.setattr(listener, "message", listener.message)
        break_listener(field)
        await broker.publish("meters/1/up", b'{"telegram": "%s"}' % b"@M1 5".hex().encode())
        await until(lambda: kept(tmp_path))
        field.scheduler.intake.dead.again()
        await hear_again(field)
        assert "our mistake" in field.scheduler.intake.dead.listed()[0].error
        monkeypatch.undo()
        field.scheduler.intake.dead.again()
        await hear_again(field)
        assert field.health().heard == 1 and not kept(tmp_path)
        await field.next_slot()
        assert field.stored("M1") == [(900, "5")]

    subscribed(tmp_path, scenario, body="json")


def test_odoos_button_has_them_heard_again_too(tmp_path):
    async def scenario(field):
        await fail_on(field, "@M1 2")
        outbox = SimpleNamespace(
            requeue_dead=lambda: 3, dead_letters=lambda limit: [],
            stats=lambda: SimpleNamespace(pending=0, oldest=None, dead=0, events=0, bytes=0),
        )  # fmt: skip
        bench = SimpleNamespace(outbox=outbox, scheduler=field.scheduler)
        result = await perform(Command("1", "queue", args={"requeue": True}), bench)
        assert "3 refused readings" in result.data["summary"]
        assert "1 messages that failed here" in result.data["summary"]
        assert len(field.scheduler.intake.dead.waiting()) == 1

    on_http(tmp_path, scenario)

# SPDX-License-Identifier: MIT
"""Messages that our own code fails on are put aside before they are acknowledged."""
import asyncio
import json

import pytest
from test_mqtt_push import ready, subscribed

from actwin_collector.listening import dead as dead_module
from actwin_collector.listening import mqtt as mqtt_module
from actwin_collector.listening.dead import DeadMessage, DeadMessages
from actwin_collector.model import CollectorError, Heard


def kept(folder):
    files = sorted((folder / "dead-messages").glob("*.json"))
    return [json.loads(each.read_text()) for each in files]


def fail(*args):
    raise RuntimeError("our mistake")


def break_intake(field):
    field.scheduler.intake._open = fail


def break_listener(field):
    field.driver.listener({}).__class__.message = fail


def break_driver(field):
    field.driver.open_heard = fail


@pytest.mark.parametrize("broken", [break_intake, break_listener, break_driver])
def test_what_breaks_us_is_kept_and_the_next_is_taken(tmp_path, broken, monkeypatch):
    async def scenario(field, broker):
        await ready(field)
        listener = type(field.driver.listener({}))
        monkeypatch.setattr(listener, "message", listener.message)
        broken(field)
        await broker.publish("meters/1/up", "@M1 5 n=1")
        await until_event(field)
        [found] = kept(tmp_path)
        said = bytes.fromhex(found["telegram"])
        assert b"@M1 5 n=1" in said and "our mistake" in found["error"]
        assert (found["line"], found["where"]) == ("L1", "meters/1/up")
        assert field.health().errors["message_failed"] == 1
        monkeypatch.undo()
        vars(field.scheduler.intake).pop("_open", None)
        vars(field.driver).pop("open_heard", None)
        await broker.publish("meters/1/up", "@M1 6 n=1")
        await field_took(field)

    subscribed(tmp_path, scenario)


async def until_event(field):
    while "message_failed" not in [each.code for each in field.store.events]:
        await asyncio.sleep(0.02)


async def field_took(field):
    while not field.state("M1").health.ok:
        await asyncio.sleep(0.02)


def test_what_cannot_be_put_aside_is_not_acknowledged(tmp_path, monkeypatch):
    async def scenario(field, broker):
        await ready(field)
        monkeypatch.setattr(mqtt_module, "STORE_RETRY_SECONDS", 0.05)
        (tmp_path / "dead-messages").write_text("no folder")
        break_intake(field)
        await broker.publish("meters/1/up", "@M1 5")
        while field.health().errors["dead_store"] < 2:
            await asyncio.sleep(0.02)
        assert field.health().errors["message_failed"] == 0
        (tmp_path / "dead-messages").unlink()
        await until_event(field)
        assert len(kept(tmp_path)) == 1

    subscribed(tmp_path, scenario)


def message(data=b"x", at=1000, error="Error: a", line="L1", where="t", **more):
    return DeadMessage(line, where, at, error, data, **more)


def test_a_message_that_comes_again_is_one_file(tmp_path):
    dead = DeadMessages(tmp_path)
    first = dead.keep(message())
    assert dead.keep(message(at=2000, error="Error: b")) == first
    assert dead.keep(message(b"y", 2000)) != first
    assert dead.count() == len(list(tmp_path.iterdir())) == 2


def test_the_folder_is_bounded_and_keeps_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(dead_module, "MOST_FILES", 3)
    dead = DeadMessages(tmp_path)
    for at in range(5):
        dead.keep(message(bytes([at]), at))
    assert [each.time for each in dead.listed()] == [4, 3, 2]
    monkeypatch.setattr(dead_module, "MOST_BYTES", 500)
    path = dead.keep(message(bytes(1000), 9))
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_stranger_names_never_becomes_a_path(tmp_path):
    dead = DeadMessages(tmp_path / "dead")
    assert dead.keep(message(line="../L", where="../../x")).parent == tmp_path / "dead"


def test_a_refused_disk_is_a_named_error(tmp_path):
    (tmp_path / "dead").write_text("no folder")
    with pytest.raises(CollectorError) as caught:
        DeadMessages(tmp_path / "dead").keep(message())
    assert caught.value.code == "dead_store"


def test_files_come_back_as_they_were_and_rubbish_is_passed_over(tmp_path):
    dead = DeadMessages(tmp_path)
    assert dead.listed() == dead.waiting() == [] and dead.again() == 0
    whole = message(b"\x00\xff", driver="beep", heard=Heard("M1", {"telegram": "@M1 5"}))
    dead.keep(whole)
    dead.keep(message(at=500))
    (tmp_path / "000000000999-x.json").write_text("{")
    assert dead.listed() == [whole, message(at=500)]
    assert dead.again() == 3
    assert dead.waiting() == [message(at=500), whole]
    dead.done(dead.waiting()[0])
    dead.failed(dead.waiting()[0], "again: no")
    assert dead.waiting() == [] and [each.error for each in dead.listed()] == ["again: no"]
    assert dead.listed()[0].heard == whole.heard

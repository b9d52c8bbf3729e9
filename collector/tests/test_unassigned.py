# SPDX-License-Identifier: MIT
"""Strangers are kept, bounded, over restarts, and in texts that any screen can show."""
import json

from push_support import until
from stream_rig import on_tcp

from actwin_collector.listening.unassigned import (
    MOST_OF_A_LINE,
    NEW_PER_HOUR,
    RAW_CHARACTERS,
    Unassigned,
    raw_text,
)


def noted(unassigned, number, now=0.0, line="L1", raw="00"):
    return unassigned.note(line, "wmbus", f"{number:08}", "peer", raw, now)


def test_a_stranger_is_new_once_and_then_counted():
    unassigned = Unassigned()
    assert noted(unassigned, 1, 10.0) is True
    assert noted(unassigned, 1, 20.0, raw="ff" * RAW_CHARACTERS) is False
    [stranger] = unassigned.listed()
    assert (stranger.count, stranger.first, stranger.last) == (2, 10.0, 20.0)
    assert len(stranger.raw) == RAW_CHARACTERS
    unassigned.forget("L1", "wmbus", "00000001")
    assert unassigned.listed() == []


def test_a_flood_is_bounded_by_the_hour_and_by_the_line():
    unassigned = Unassigned()
    for number in range(500):
        noted(unassigned, number, number / 10)
    assert len(unassigned.listed()) == NEW_PER_HOUR
    assert unassigned.beyond == {"L1": 500 - NEW_PER_HOUR}
    assert noted(unassigned, 1, line="L2") is True
    for hour in range(1, 6):
        for number in range(100):
            noted(unassigned, 1000 * hour + number, 3600.0 * hour)
    assert sum(each.line == "L1" for each in unassigned.listed()) == MOST_OF_A_LINE


def test_the_one_heard_often_outlives_a_flood():
    unassigned = Unassigned()
    noted(unassigned, 7, 0.0)
    noted(unassigned, 7, 1.0)
    for hour in range(1, 10):
        for number in range(60):
            noted(unassigned, 1000 * hour + number, 3601.0 * hour)
    assert "00000007" in {each.sender for each in unassigned.listed()}


def test_the_clock_may_be_set_back():
    unassigned = Unassigned()
    for number in range(NEW_PER_HOUR):
        noted(unassigned, number, 1e9)
    assert noted(unassigned, 999, 1000.0) is True


def test_the_list_outlives_the_process_and_a_damaged_file_begins_anew(tmp_path):
    path = tmp_path / "unassigned.json"
    unassigned = Unassigned(path)
    noted(unassigned, 1)
    unassigned.write(unassigned.changed())
    assert [each.sender for each in Unassigned(path).listed()] == ["00000001"]
    assert unassigned.changed() is None
    for damage in ("[{", '[{"line": 1}]', "[1]", "{}"):
        path.write_text(damage)
        assert Unassigned(path).listed() == []


def test_a_list_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").touch()
    unassigned = Unassigned(tmp_path / "file" / "unassigned.json")
    noted(unassigned, 1)
    unassigned.write(unassigned.changed())
    assert unassigned.dirty


def test_raw_is_what_decode_takes():
    assert raw_text({"telegram": "0102"}) == "0102"
    text = raw_text({"telegram": "0102", "format": "a"})
    assert json.loads(text) == {"telegram": "0102", "format": "a"}


def test_what_strangers_write_can_be_shown_anywhere(tmp_path):
    async def scenario(field, receiver):
        receiver.say(b"@\x01\x85 \x1b[2J\x00 5\n")
        await until(lambda: field.store.events)
        [stranger] = field.scheduler.unassigned.listed()
        shown = [stranger.sender, stranger.raw, field.store.events[0].text]
        assert all(text.isprintable() for text in shown)

    on_tcp(tmp_path, scenario)

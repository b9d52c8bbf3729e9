# SPDX-License-Identifier: MIT
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actwin_collector.model import Comm, Event, Reading
from actwin_collector.outbox import Batch, Outbox
from actwin_collector.outbox_dead import Only
from actwin_collector.outbox_schema import OutboxFull


@pytest.fixture
def outbox(tmp_path):
    box = Outbox(tmp_path / "outbox.sqlite")
    yield box
    box.close()


def reading(n, value="1", channel="c"):
    return Reading(channel, 900 * n, value)


def drain(outbox, limit=5000):
    """Take and acknowledge everything; returns the readings in order of sending."""
    sent = []
    while batch := outbox.take(limit):
        sent += batch.readings
        outbox.ack(batch)
    return sent


def test_every_commit_is_synced_to_the_disk(outbox):
    # 2 = FULL. In WAL mode NORMAL would lose the last commits in a power cut.
    assert outbox._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert outbox._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_what_append_returned_for_is_visible_to_others_at_once(outbox):
    outbox.append([reading(1)])
    with sqlite3.connect(outbox.path) as other:
        assert other.execute("SELECT count(*) FROM reading").fetchone() == (1,)


def test_the_file_is_readable_by_its_owner_only(outbox):
    assert outbox.path.stat().st_mode & 0o777 == 0o600


def test_the_same_value_again_is_ignored_and_another_one_is_kept(outbox):
    assert outbox.append([reading(1), reading(1), reading(2)]) == 2
    assert outbox.append([reading(1)]) == 0
    assert outbox.append([reading(1, "2")]) == 1
    assert drain(outbox) == [reading(1), reading(2), reading(1, "2")]


def test_batches_are_bounded_and_oldest_first(outbox):
    outbox.append(reading(n) for n in range(25))
    sizes = []
    sent = []
    while batch := outbox.take(10):
        sizes.append(len(batch.readings))
        sent += batch.readings
        outbox.ack(batch)
    assert sizes == [10, 10, 5]
    assert sent == [reading(n) for n in range(25)]


def test_an_unanswered_batch_keeps_its_id_and_rows_even_in_another_process(outbox):
    outbox.append(reading(n) for n in range(5))
    first = outbox.take(3)
    outbox.append([reading(99)])
    again = Outbox(outbox.path)
    assert again.take(1000) == first
    again.ack(first)
    outbox.ack(first)  # the slower of two senders
    assert outbox.take(10).readings == (reading(3), reading(4), reading(99))
    again.close()


def test_a_released_batch_waits_under_a_new_id(outbox):
    outbox.append(reading(n) for n in range(4))
    first = outbox.take(4)
    outbox.release(first)
    second = outbox.take(2)
    assert second.batch_id != first.batch_id
    assert second.readings == (reading(0), reading(1))


def test_rows_read_while_a_batch_is_away_survive_its_acknowledgement(outbox):
    outbox.append([reading(1)])
    batch = outbox.take()
    outbox.append([reading(2)])
    outbox.ack(batch)
    assert drain(outbox) == [reading(2)]


def test_dead_letters_are_counted_and_chosen_by_code_and_channel(outbox):
    rows = [Reading(channel, at, "1") for at in (900, 1800) for channel in ("a", "b")]
    outbox.append(rows)
    codes = ["unknown_channel", "bad_value", "unknown_channel", "damaged"]
    outbox.ack(outbox.take(), [(at, code, "no") for at, code in enumerate(codes)])
    assert outbox.dead_counts() == {"unknown_channel": 2, "bad_value": 1, "damaged": 1}
    assert outbox.dead_counts(Only(channel="b")) == {"bad_value": 1, "damaged": 1}
    assert [each.reading for each in outbox.dead_letters(1, Only("unknown_channel"))] == [rows[2]]
    assert outbox.requeue_dead(Only("unknown_channel", "b")) == 0
    assert outbox.requeue_dead(Only(channel="b")) == 1
    assert outbox.requeue_dead(Only("unknown_channel")) == 2
    assert outbox.take().readings == (rows[1], rows[0], rows[2])
    assert outbox.dead_counts() == {"damaged": 1}


def test_rejected_rows_become_dead_letters_and_can_be_requeued(outbox):
    outbox.append(reading(n) for n in range(3))
    outbox.ack(outbox.take(), [(1, "unknown_channel", "no channel c"), (-1, "x", ""), (9, "x", "")])
    [letter] = outbox.dead_letters()
    assert (letter.reading, letter.code, letter.text) == (
        reading(1), "unknown_channel", "no channel c"
    )  # fmt: skip
    assert abs(letter.refused_at - time.time()) < 60
    assert (outbox.stats().pending, outbox.stats().dead) == (0, 1)
    assert outbox.requeue_dead() == 1
    assert drain(outbox) == [reading(1)]
    assert outbox.stats().dead == 0


def test_the_newest_events_go_first_and_keep_no_reading_waiting(outbox):
    events = [Event("D1", n, "clock_drift", "off") for n in range(1200)]
    comm = Comm("D1", 1.5, 2.5, True, 2, "")
    outbox.append([reading(n) for n in range(3)], events, [comm])
    batches = []
    while batch := outbox.take(2):
        batches.append(batch)
        outbox.ack(batch)
        if len(batches) == 4:
            break
    assert batches[0].events == tuple(events[-2:])
    assert batches[1].readings == (reading(0), reading(1))
    assert batches[1].comms == (comm,)
    assert batches[2].events == tuple(events[-4:-2])
    assert batches[3].readings == (reading(2),)
    rest = outbox.take(5000)
    assert len(rest.events) == 500


def test_marks_are_kept_with_the_readings(outbox):
    outbox.append([reading(1)], marks={"D1": 900})
    outbox.append([reading(2)], marks={"D1": 1800, "D2": 5})
    assert outbox.marks() == {"D1": 1800, "D2": 5}


def test_at_the_quota_new_readings_are_refused_and_old_ones_still_leave(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", quota_bytes=200_000)
    taken = []
    with pytest.raises(OutboxFull) as caught:
        for n in itertools.count():
            rows = [reading(100 * n + k) for k in range(100)]
            outbox.append(rows)
            taken += rows
    assert caught.value.code == "outbox_full"
    assert outbox.stats().bytes < 300_000
    assert drain(outbox, 500) == taken
    outbox.append([reading(0)])
    outbox.close()


def test_a_full_disk_takes_nothing_of_a_write_and_loses_nothing_before_it(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.append([reading(0)])
    outbox._db.execute("PRAGMA max_page_count=30")  # SQLite's own "disk full"
    with pytest.raises(OutboxFull):
        outbox.append(reading(n, "9" * 50) for n in range(1, 10_000))
    outbox._db.execute("PRAGMA max_page_count=100000")
    outbox.append([reading(1, channel="new")])
    assert drain(outbox) == [reading(0), reading(1, channel="new")]
    outbox.close()


def test_rejections_can_be_noted_even_when_the_file_is_full(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", quota_bytes=150_000)
    with pytest.raises(OutboxFull):
        for n in itertools.count():
            outbox.append(reading(100 * n + k) for k in range(100))
    batch = outbox.take(1000)
    outbox.ack(batch, [(n, "unknown_channel", "text") for n in range(1000)])
    assert outbox.stats().dead == 1000
    outbox.close()


@pytest.mark.parametrize("damage", ["start", "garbage", "middle"])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begins(tmp_path, damage, caplog):
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    outbox.append(reading(n) for n in range(20_000))
    outbox.close()
    data = bytearray(path.read_bytes())
    if damage == "garbage":
        data = b"not a database at all" * 100
    elif damage == "start":
        data[:100] = bytes(100)
    else:
        data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    outbox = Outbox(path)
    outbox.append([reading(1)])
    events = outbox.take()
    assert [e.code for e in events.events] == ["outbox_damaged", "outbox_salvaged"]
    outbox.ack(events)
    assert reading(1) in outbox.take().readings
    kept = next(p for p in sorted(tmp_path.glob("o.sqlite.damaged-*")))
    assert kept.read_bytes()[4096:] == bytes(data)[4096:]
    assert "damaged" in caplog.text
    outbox.close()


def test_damage_met_while_running_is_survived(tmp_path):
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    outbox.append(reading(n) for n in range(20_000))
    outbox._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    outbox._db.execute("PRAGMA cache_size=1")
    with open(path, "r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * (path.stat().st_size - 8192))
    assert outbox.append([reading(1)]) == 1
    assert list(tmp_path.glob("o.sqlite.damaged-*"))
    assert drain(outbox) == [reading(1)]
    outbox.close()


WRITER = """
import sys
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
box = Outbox(sys.argv[1])
for n in range(10**9):
    box.append([Reading("c", 3 * n + k, str(n)) for k in range(3)])
    print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 40])
def test_kill_9_of_a_writer_loses_nothing_it_was_told_is_taken(tmp_path, after):
    path = tmp_path / "o.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    told = [int(writer.stdout.readline()) for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    told += [int(line) for line in writer.stdout.read().split() if line.isdigit()]
    writer.wait()
    writer.stdout.close()
    outbox = Outbox(path)
    sent = drain(outbox)
    # whole transactions only, in order, at least all that were told of and at most one more
    assert [r.ts for r in sent] == list(range(len(sent)))
    assert len(sent) in (3 * len(told), 3 * len(told) + 3)
    outbox.close()


SENDER = """
import sys
from actwin_collector.outbox import Outbox
box = Outbox(sys.argv[1])
while batch := box.take(7):
    print(batch.batch_id, *(r.ts for r in batch.readings), flush=True)
    box.ack(batch)
"""


def test_kill_9_of_a_sender_repeats_at_most_the_batch_in_flight(tmp_path):
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    outbox.append(reading(n) for n in range(500))
    received: dict[str, list[str]] = {}
    for kills in range(6):
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(path)], stdout=subprocess.PIPE, text=True
        )
        for number, line in enumerate(sender.stdout):
            batch_id, *rows = line.split()
            assert received.setdefault(batch_id, rows) == rows
            if kills < 5 and number == 5:
                os.kill(sender.pid, signal.SIGKILL)
        sender.wait()
        sender.stdout.close()
    rows = [int(row) for rows in received.values() for row in rows]
    assert sorted(rows) == [900 * n for n in range(500)]
    outbox.close()


def test_writers_and_a_sender_in_several_threads_lose_and_double_nothing(outbox):
    def write(name):
        for n in range(50):
            outbox.append([reading(n, channel=name)])

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(3)]
    for writer in writers:
        writer.start()
    sent = []
    while any(writer.is_alive() for writer in writers) or outbox.stats().pending:
        sent += drain(outbox, 20)
    assert len(sent) == len(set(sent)) == 150


row = st.builds(
    Reading,
    st.sampled_from(["a", "b"]),
    st.integers(0, 5),
    st.sampled_from(["1", "2"]),
    st.just(0),
)
step = st.one_of(
    st.tuples(st.just("append"), st.lists(row, max_size=6)),
    st.tuples(st.just("take"), st.integers(1, 4)),
    st.tuples(st.just("ack"), st.booleans()),
    st.tuples(st.just("reopen"), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(step, max_size=25))
def test_whatever_happens_each_value_waits_once_until_acknowledged(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("o") / "o.sqlite"
    outbox = Outbox(path)
    waiting: list[Reading] = []
    flight: Batch | None = None
    for action, value in steps:
        if action == "append":
            new = [r for r in dict.fromkeys(value) if r not in waiting]
            assert outbox.append(value) == len(new)
            waiting += new
        elif action == "take":
            batch = outbox.take(value)
            if flight is not None:
                assert batch == flight
            elif waiting:
                assert list(batch.readings) == waiting[:value]
            flight = batch
        elif action == "ack" and flight is not None:
            outbox.ack(flight, [(0, "x", "y")] if value else [])
            waiting, flight = waiting[len(flight.readings) :], None
        elif action == "reopen":
            outbox.close()
            outbox = Outbox(path)
    assert outbox.stats().pending == len(waiting)
    assert drain(outbox, 3) == waiting
    outbox.close()

# SPDX-License-Identifier: MIT
"""A damaged file gives back everything that is still whole in it, and nothing false."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from actwin_collector.memory import Kept
from actwin_collector.model import STATUS_SUSPECT, Comm, Event, Reading
from actwin_collector.outbox import Outbox
from actwin_collector.outbox_pages import count_pages, page_rows, rows_of
from actwin_collector.outbox_schema import PAGE

CHANNELS = [f"SITE/D{n}:1.8.0" for n in range(20)]
T0 = 1772323200
COUNT = 6000
SENT = 1500


def readings(first, last):
    return [
        Reading(CHANNELS[n % 20], T0 + 900 * (n // 20), f"{n * 7919 % 100003}.{n % 10}", n % 3)
        for n in range(first, last)
    ]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file with a log: some rows delivered, most waiting, the last ones only in the log."""
    path = tmp_path_factory.mktemp("sound") / "o.sqlite"
    box = Outbox(path)
    for first in range(0, COUNT - 400, 100):
        box.append(readings(first, first + 100), memory={"D1": Kept(((first, first + 50),), "{}")})
    for _ in range(SENT // 500):
        batch = box.take(500)
        box.ack(batch)
    box._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    event, comm = Event("D1", T0, "clock_drift", "off"), Comm("D1", 1.5, 2.5, True)
    box.append([], [event], [comm], {"D1": T0 + 900}, {"D1": Kept(((T0, T0 + 900),), '{"a":1}')})
    for first in range(COUNT - 400, COUNT, 100):
        box.append(readings(first, first + 100))
    yield path  # open: closing would move the log into the file
    box.close()


def copy_of(sound, folder):
    path = folder / "o.sqlite"
    for suffix in ("", "-wal"):
        shutil.copy(f"{sound}{suffix}", f"{path}{suffix}")
    return path


def drain(box):
    found, events = [], []
    while batch := box.take():
        found += batch.readings
        events += batch.events
        box.ack(batch)
    while box.salvage():
        pass
    while batch := box.take():
        found += batch.readings
        events += batch.events
        box.ack(batch)
    return found, [event.code for event in events]


def key(reading):
    return (reading.channel, reading.ts, reading.value)


WAITING = {key(r): r.status for r in readings(SENT, COUNT)}


def check(found):
    """Nothing false: each is one that waited, with its status or as suspect.

    One may come twice when the damage is met between its delivery and its acknowledgement.
    """
    for reading in found:
        assert key(reading) in WAITING, reading
        assert reading.status in (WAITING[key(reading)], STATUS_SUSPECT)


def test_the_pages_of_a_whole_file_hold_what_sqlite_reads(sound, tmp_path):
    path = copy_of(sound, tmp_path)
    rows = [row for row in rows_of(path, PAGE, 0, count_pages(path, PAGE)) if row.rowid is not None]
    with sqlite3.connect(path) as db:
        for ident, channel, ts, value, status, sum_ in db.execute("SELECT * FROM reading"):
            assert any(
                row.rowid == ident and row.values == (None, channel, ts, value, status, sum_)
                for row in (rows if ident % 500 == 0 else [])
            ) or ident % 500
        wanted = {tuple(r) for r in db.execute("SELECT id, channel, ts, value FROM reading")}
    read = {(r.rowid, *r.values[1:4]) for r in rows if len(r.values) == 6 and r.values[0] is None}
    assert wanted <= read


@pytest.mark.parametrize("seed", range(24))
def test_random_damage_at_random_places_costs_only_what_lay_there(sound, tmp_path, seed):
    rng = random.Random(seed)
    path = copy_of(sound, tmp_path)
    hit = 0
    for suffix in ("", "-wal"):
        file = Path(f"{path}{suffix}")
        data = bytearray(file.read_bytes())
        for _ in range(rng.randint(0, 3) if suffix else rng.randint(1, 4)):
            start = rng.randrange(len(data))
            length = rng.choice([1, 16, 512, 4096, 16384])
            data[start : start + length] = rng.randbytes(len(data[start : start + length]))
            hit += length // PAGE + 2
        file.write_bytes(data)
    # the worst: the damage is met at once, and the first page is gone too
    if seed % 2:
        with path.open("r+b") as file:
            file.write(rng.randbytes(100))
    box = Outbox(path)
    box.append([Reading("new", T0, "1")])
    found, codes = drain(box)
    if "outbox_damaged" not in codes:  # the file was still whole enough for SQLite
        _damage_is_met(box, path)
        more, codes = drain(box)
        found += more
    found = [r for r in found if r.channel != "new"]
    check(found)
    # a page holds up to 150 rows; a row is lost only where its table's and its index's page are hit
    assert len({key(r) for r in found}) >= len(WAITING) - 150 * hit, (len(found), hit)
    box.close()


def _damage_is_met(box, path):
    box._db.close()
    with path.open("r+b") as file:
        file.write(bytes(100))
    box.__init__(path)


def test_without_its_header_and_log_a_file_gives_all_that_was_in_it(sound, tmp_path):
    path = copy_of(sound, tmp_path)
    Path(f"{path}-wal").unlink()
    with path.open("r+b") as file:
        file.write(bytes(PAGE))
    box = Outbox(path)
    found, codes = drain(box)
    assert {key(r): r.status for r in found} == {
        key(r): r.status for r in readings(SENT, COUNT - 400)
    }
    assert codes[-2:] == ["outbox_salvaged", "outbox_damaged"] or set(codes) == {
        "outbox_damaged", "outbox_salvaged",
    }
    assert "D1" in box.memory()
    box.close()


def test_marks_memory_and_dead_letters_are_salvaged_too(tmp_path):
    path = tmp_path / "o.sqlite"
    box = Outbox(path)
    kept = Kept(((T0, T0 + 900), (T0 + 1800, T0 + 3600)), '{"snapshot": 1}')
    box.append(readings(0, 3), [], [], {"D1": T0}, {"D1": kept})
    box.ack(box.take(1), [(0, "unknown_channel", "no")])
    box.close()
    with path.open("r+b") as file:
        file.write(bytes(100))
    box = Outbox(path)
    assert box.marks() == {"D1": T0}
    assert box.memory() == {"D1": kept}
    [letter] = box.dead_letters()
    assert (letter.reading, letter.code) == (readings(0, 1)[0], "unknown_channel")
    found, _ = drain(box)
    assert found == readings(1, 3)
    box.close()


def test_a_table_page_that_is_gone_is_replaced_from_the_index_as_suspect(tmp_path):
    path = tmp_path / "o.sqlite"
    box = Outbox(path)
    box.append(readings(0, 2000))
    box.close()
    data = bytearray(path.read_bytes())
    hits = 0
    for at in range(PAGE, len(data), PAGE):
        rows = list(page_rows(bytes(data[at : at + PAGE])))
        if data[at] == 13 and rows and len(rows[0].values) == 6 and hits < 3:
            data[at : at + PAGE] = bytes(PAGE)
            hits += 1
    data[:100] = bytes(100)
    path.write_bytes(data)
    box = Outbox(path)
    found, _ = drain(box)
    assert {key(r) for r in found} == {key(r) for r in readings(0, 2000)}
    whole = set(readings(0, 2000))
    changed = [r for r in found if r not in whole]
    assert 0 < len(changed) <= 3 * 160
    assert {r.status for r in changed} == {STATUS_SUSPECT}
    box.close()


def test_a_flipped_digit_in_a_whole_file_is_no_reading(tmp_path):
    path = tmp_path / "o.sqlite"
    box = Outbox(path)
    box.append([Reading("c", T0 + n, f"12345{n}") for n in range(5)])
    box.close()
    data = path.read_bytes()
    assert data.count(b"123452") == 2  # in the table and in its index
    path.write_bytes(data.replace(b"123452", b"923452"))
    box = Outbox(path)
    found, codes = drain(box)
    assert [r.value for r in found] == ["123450", "123451", "123453", "123454"]
    assert codes == ["reading_damaged"]
    assert box.dead_letters()[0].code == "damaged"
    assert box.requeue_dead() == 0
    box.close()


def test_salvage_goes_on_after_a_restart_and_beside_new_readings(sound, tmp_path, monkeypatch):
    monkeypatch.setattr("actwin_collector.outbox._SALVAGE_SECONDS", -1.0)
    monkeypatch.setattr("actwin_collector.outbox._SALVAGE_PAGES", 7)
    path = copy_of(sound, tmp_path)
    for file in (path, Path(f"{path}-wal")):  # without its header SQLite passes the log over
        with file.open("r+b") as opened:
            opened.write(bytes(100))
    found, rounds = [], 0
    while True:
        box = Outbox(path)
        box.append([Reading("new", T0 + rounds, "1")])
        rounds += 1
        done = not all(box.salvage() for _ in range(5))
        while batch := box.take():
            found += batch.readings
            box.ack(batch)
            if not done:
                break
        box.close()
        if done:
            break
    assert rounds > 3
    check(list({key(r): r for r in found if r.channel != "new"}.values()))
    assert {key(r) for r in found if r.channel != "new"} == WAITING.keys()
    assert len([r for r in found if r.channel == "new"]) == rounds


def test_an_older_file_without_sums_is_taken_over(tmp_path):
    path = tmp_path / "o.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE channel (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
            "CREATE TABLE reading (id INTEGER PRIMARY KEY AUTOINCREMENT, channel INTEGER NOT NULL,"
            " ts INTEGER NOT NULL, value TEXT NOT NULL, status INTEGER NOT NULL,"
            " UNIQUE (channel, ts, value));"
            f"INSERT INTO channel VALUES (1, 'c'); INSERT INTO reading VALUES (1, 1, {T0}, '5', 0);"
        )
    box = Outbox(path)
    box.append([Reading("c", T0 + 1, "6")])
    assert drain(box)[0] == [Reading("c", T0, "5"), Reading("c", T0 + 1, "6")]
    box.close()


def test_a_file_replaced_by_another_process_is_followed(tmp_path):
    path = tmp_path / "o.sqlite"
    first = Outbox(path)
    first.append(readings(0, 3))
    first._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.write(bytes(100))
    second = Outbox(path)
    first.append(readings(3, 4))
    assert drain(second)[0] == readings(0, 4)
    aside = [p for p in tmp_path.glob("o.sqlite.damaged-*") if p.name[-4:] not in ("-wal", "-shm")]
    assert len(aside) == 1
    first.close()
    second.close()


@pytest.mark.parametrize("at", ["header", "frame", "page"])
def test_commits_behind_a_damaged_place_of_the_log_are_not_passed_over(sound, tmp_path, at):
    path = copy_of(sound, tmp_path)
    log = Path(f"{path}-wal")
    data = bytearray(log.read_bytes())
    place = {"header": 8, "frame": 32 + 3 * (PAGE + 24) + 9, "page": 32 + 3 * (PAGE + 24) + 500}
    data[place[at]] ^= 0x55
    log.write_bytes(data)
    box = Outbox(path)
    found, codes = drain(box)
    assert "outbox_damaged" in codes
    lost = WAITING.keys() - {key(r) for r in found}
    assert len(lost) <= 1
    check(found)
    box.close()


def test_salvaged_files_are_kept_for_a_look_but_not_without_end(tmp_path):
    path = tmp_path / "o.sqlite"
    for n in range(5):
        box = Outbox(path)
        box.append([Reading("c", T0 + n, "1")])
        box.close()
        with path.open("r+b") as file:
            file.write(bytes(100))
    box = Outbox(path)
    assert len(drain(box)[0]) == 5
    kept = [p for p in tmp_path.glob("o.sqlite.damaged-*") if p.name[-4:] not in ("-wal", "-shm")]
    assert len(kept) == 3
    box.close()

# SPDX-License-Identifier: MIT
import json
import random

import pytest
from line_meter import command
from profile_rig import plan_rig
from radio_support import device as radio

from actwin_collector.device import make_state
from actwin_collector.model import Heard, ScheduleSpec
from actwin_collector.protocol.mbus.link import long_frame
from actwin_collector.raw_archive import RawAnswer, RawArchive, RawError
from actwin_collector.watch import each_of, kept_pushes

NOW = 1772323200
DAY = 86400


def test_answers_are_found_by_device_and_time(tmp_path):
    archive = RawArchive(tmp_path / "raw.sqlite", 90, 10)
    for n in range(5):
        archive.note("D1", NOW + n, f"/ACE\r\n1.8.0({n}*kWh)\r\n!")
        archive.note("D2", NOW + n, "other")
    archive.flush(NOW + 5)
    assert [each.at - NOW for each in archive.find("D1", NOW + 1, NOW + 3)] == [1, 2, 3]
    assert archive.find("D2", NOW, NOW) == [RawAnswer("D2", NOW, "other")]
    assert (tmp_path / "raw.sqlite").stat().st_mode & 0o777 == 0o600


def test_old_answers_go_by_time_and_by_size(tmp_path):
    rng = random.Random(1)
    archive = RawArchive(tmp_path / "raw.sqlite", 3, 1)
    for day in range(6):
        for n in range(200):
            archive.note("D1", NOW + day * DAY + n, rng.randbytes(1000).hex())
        archive.flush(NOW + day * DAY + 300)
        size = (tmp_path / "raw.sqlite").stat().st_size
        assert size < 1.5 * 2**20
    kept = archive.find("D1", 0, NOW + 10 * DAY)
    assert min(each.at for each in kept) >= NOW + 2 * DAY
    assert kept[-1].at == NOW + 5 * DAY + 199
    assert 300 < len(kept) <= 4 * 200


def test_an_archive_that_cannot_be_reached_is_not_an_empty_one(tmp_path):
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(RawError):
        RawArchive(tmp_path / "state" / "raw.sqlite", 90, 10).find("D1", 0, NOW)


def test_off_means_off(tmp_path):
    archive = RawArchive(tmp_path / "raw.sqlite", 0, 10)
    archive.note("D1", NOW, "x")
    archive.flush(NOW)
    assert not (tmp_path / "raw.sqlite").exists()
    assert archive.find("D1", 0, NOW) == []


def test_a_damaged_archive_is_an_error_once_and_a_new_one_begins(tmp_path):
    path = tmp_path / "raw.sqlite"
    path.write_bytes(b"no database" * 1000)
    archive = RawArchive(path, 90, 10)
    archive.note("D1", NOW, "x")
    with pytest.raises(RawError):
        archive.flush(NOW)
    archive.note("D1", NOW + 1, "y")
    archive.flush(NOW)
    assert archive.find("D1", 0, 2 * NOW) == [RawAnswer("D1", NOW + 1, "y")]


@pytest.mark.parametrize(("poll", "kept"), [(60, 10), (30, 0)])
def test_a_device_polled_faster_than_a_minute_is_not_kept(tmp_path, poll, kept):
    rig = plan_rig(poll=poll, store=300)
    rig.worker.raw = RawArchive(tmp_path / "raw.sqlite", 90, 10)
    rig.driver.raw = "0011"
    rig.run(605)
    rig.worker.raw.flush(rig.clock.wall())
    assert len(rig.worker.raw.find("D1", 0, 2 * NOW)) == kept


def test_pushes_that_were_taken_are_kept_once_a_minute(tmp_path):
    archive, times = RawArchive(tmp_path / "raw.sqlite", 90, 10), iter([NOW, NOW + 30, NOW + 61])
    note = each_of(kept_pushes(archive, lambda: next(times)))
    state = make_state(radio(), ScheduleSpec("S", 900, 900), None)
    note(state, Heard("1", {"telegram": "0a0b", "format": "raw"}), "ok")
    note(state, Heard("1", {"telegram": "0c"}), "ok")
    note(state, Heard("1", {"text": "/ABC\r\n!"}), "ok")
    times = iter([NOW + 130])
    note(state, Heard("1", {"telegram": "0d"}), "replayed: it came before")
    archive.flush(NOW)
    kept = [(each.at - NOW, each.raw) for each in archive.find("D", NOW, NOW + 200)]
    assert kept == [(0, "0A0B"), (61, "/ABC\r\n!")]


def keep(folder, *answers):
    archive = RawArchive(folder / "state" / "raw.sqlite", 90, 10)
    for device, at, raw in answers:
        archive.note(device, at, raw)
    archive.flush(NOW + 10)


def raw(folder, *words):
    config = folder / "config.toml"
    config.write_text(CONFIG)
    return command(folder, "raw", *words, "--config", config)


WATER = long_frame(0x08, 5, bytes.fromhex("72785634128210010755000000" "0C1327048502"))
CONFIG = """
[collector]
code = "C1"
state_dir = "state"
config_from = "file"
[[lines]]
key = "L1"
kind = "tcp"
host = "127.0.0.1"
port = 1
[[schedules]]
key = "S"
poll_seconds = 900
store_seconds = 900
[[devices]]
key = "W"
driver = "mbus"
line = "L1"
schedule = "S"
address = "5"
secret = "000102030405060708090A0B0C0D0E0F"
[[devices.parameters]]
register = "volume"
channel = "C1/W:v"
unit = "m3"
"""


def test_the_command_shows_answers_with_time_and_meaning(tmp_path):
    (tmp_path / "state").mkdir()
    keep(tmp_path, ("W", NOW, WATER.hex()), ("W", NOW + 1, "/ACE 000102030405060708090a0b0c0d0e0f"))
    shown = raw(tmp_path, "W")
    assert shown.returncode == 0, shown.stderr
    assert "2026-03-01T00:00:00Z W" in shown.stdout and WATER.hex().upper() in shown.stdout
    assert "volume 2850.427 m3" in shown.stdout and "DDB 12345678 water" in shown.stdout
    assert "0405060708" not in shown.stdout and "/ACE ***" in shown.stdout
    rows = [json.loads(row) for row in raw(tmp_path, "W", "--json").stdout.splitlines()]
    assert [row["at"] for row in rows] == ["2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"]
    assert rows[0]["raw"] == WATER.hex().upper() and "  volume 2850.427 m3" in rows[0]["meaning"]


def test_the_command_takes_times_numbers_and_former_devices(tmp_path):
    (tmp_path / "state").mkdir()
    keep(tmp_path, *(("old", NOW + n * 3600, f"answer {n}") for n in range(30)))
    assert raw(tmp_path, "old").stdout.count("  answer") == 10
    assert raw(tmp_path, "old", "--from", "2026-03-01").stdout.count("  answer") == 30
    day = raw(tmp_path, "old", "--to", "2026-03-01", "--last", "2").stdout
    assert "answer 22" in day and "answer 23" in day and day.count("  answer") == 2
    local = raw(tmp_path, "old", "--from", "2026-03-01T05:00+03:00", "--to", "2026-03-01T03:00")
    assert [line for line in local.stdout.splitlines() if "answer" in line] == [
        "  answer 2", "  answer 3"
    ]
    none = raw(tmp_path, "W")
    assert none.returncode == 1 and "[no_answers]" in none.stderr
    assert "[bad_config]" in raw(tmp_path, "W", "--from", "yesterday").stderr

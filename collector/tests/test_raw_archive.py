# SPDX-License-Identifier: MIT
import random

import pytest
from profile_rig import plan_rig

from actwin_collector.raw_archive import RawAnswer, RawArchive, RawError

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

# SPDX-License-Identifier: MIT
"""A day of cut lines, silent meters, killed processes and an Odoo that comes and goes."""

import asyncio
import random
import tempfile
from pathlib import Path

import pytest
from day_rig import DAY, World, apart, served_odoo
from engine_fakes import START

from actwin_collector.model import ScheduleSpec

BILLED = ScheduleSpec(
    "S", 180, 900, snapshots=("month_end", "0 6,17,22 * * *"), backfill_days=7, events=True
)
PLAIN = ScheduleSpec("S", 60, 900, "mean")
# After the trouble the line has time to fetch what was missed.
CALM = 7 * 3600


@pytest.fixture(autouse=True)
def sparing(monkeypatch):
    """Naps of many virtual seconds: nothing here is finer."""
    monkeypatch.setattr("actwin_collector.worker.TICK_SECONDS", 10.0)


def lived(schedule, trouble, seconds, lines=2):
    """Return (readings by key up to the end of the day, the Odoo, the world) after a run."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a sync costs nothing there
    with served_odoo() as odoo, tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        world = World(folder, odoo, schedule, lines)
        world.trouble = list(trouble)
        asyncio.run(world.run(seconds))
    kept = {key: value for key, value in odoo.readings.items() if key[1] <= START + DAY}
    return kept, odoo, world


def troubles(rng):
    """Everything that goes wrong at a site within a day."""
    for line in ("L0", "L1"):
        for begin, end in apart(rng, 5, DAY - 600, 30, 5400):
            yield begin, "cut", line
            yield end, "mend", line
        for begin, end in apart(rng, 3, DAY - 600, 60, 4000):
            yield begin, "silent", line
            yield end, "speaks", line
    for begin, end in apart(rng, 8, DAY - 600, 1, 2400):
        yield begin, "kill", None
        yield end, "start", None
    yield from odoo_troubles(rng)


def odoo_troubles(rng):
    for begin, end in apart(rng, 4, DAY - 600, 300, 9000):
        yield begin, "odoo_down", None
        yield end, "odoo_up", None
    for _ in range(12):
        yield rng.uniform(0, DAY), "odoo", rng.choice(["lose", "fault", "lose", "http502"])


@pytest.mark.parametrize("seed", [1])
def test_a_day_of_trouble_leaves_odoo_with_what_a_quiet_day_leaves(seed):
    quiet, _, _ = lived(BILLED, [], DAY + 900)
    rng = random.Random(seed)
    found, odoo, world = lived(BILLED, troubles(rng), DAY + CALM)
    assert len(quiet) == 4 * 96
    assert found == quiet
    assert set(odoo.stored.values()) == {1}
    assert odoo.conflicts == []
    assert world.kills == 9
    assert {"snapshot_late", "snapshot_missed"} >= {event["code"] for event in odoo.events}


def test_killed_at_any_instant_and_without_a_profile_no_poll_is_lost():
    quiet, _, _ = lived(PLAIN, [], DAY / 4 + 130, lines=1)
    rng = random.Random(5)
    kills = sorted(rng.uniform(0, DAY / 4) for _ in range(25))
    trouble = [each for at in kills for each in ((at, "kill", None), (at, "start", None))]
    trouble += [each for each in odoo_troubles(rng) if each[0] < DAY / 4]
    trouble.append((DAY / 4, "odoo_up", None))
    found, odoo, world = lived(PLAIN, trouble, DAY / 4 + 1800, lines=1)
    assert len(quiet) == 2 * 2 * 24
    assert {key: found.get(key) for key in quiet} == quiet
    assert odoo.conflicts == []
    assert world.kills == 26

# SPDX-License-Identifier: MIT
"""What the status says of missing slots and of the work on them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from engine_fakes import START
from line_meter import command
from profile_rig import line_cut, outage, plan_rig
from test_metrics import parsed, snapshot, state

from actwin_collector.backlog import Backlog, GapCount, backlog_of
from actwin_collector.cron import parse_cron
from actwin_collector.grids import PeriodGrid
from actwin_collector.metrics import render
from actwin_collector.status import device_status

HOUR = 3600
BACKFILL = {"backfill_days": 30}


def seen(rig):
    found = backlog_of(rig.states[0], rig.clock.wall())
    return found.missing, found.oldest and found.oldest - START, found.backfill


def test_nothing_is_missing_while_all_goes_well():
    assert seen(plan_rig(schedule=BACKFILL, poll=60).run(2 * HOUR + 10)) == (0, None, "")


def test_slots_are_missing_from_the_end_of_the_first_one_while_the_meter_is_silent():
    rig = outage(plan_rig(schedule=BACKFILL, poll=60), 2 * HOUR + 10, 9 * HOUR).run(5 * HOUR + 300)
    assert seen(rig) == (12, 2 * HOUR + 900, "retrying")


def test_a_gap_is_worked_on_when_the_meter_is_back_and_then_gone():
    rig = outage(plan_rig(schedule=BACKFILL, poll=60), 2 * HOUR + 10, 5 * HOUR)
    rig.driver.period = 900
    before = rig.run(4 * HOUR + 1000)
    assert seen(before)[2] == "retrying"
    assert seen(rig.run(6 * HOUR)) == (0, None, "")


@pytest.mark.parametrize(
    "schedule, offers, told",
    [({}, {"profile"}, "off"), (BACKFILL, set(), "no_profile")],
)
def test_what_nobody_fills_says_why(schedule, offers, told):
    rig = line_cut(plan_rig(schedule=schedule, poll=60), 2 * HOUR, 5 * HOUR)
    rig.driver.offers = offers
    missing, oldest, backfill = seen(rig.run(9 * HOUR))
    assert missing >= 11 and 2 * HOUR <= oldest <= 2 * HOUR + 1800
    assert backfill == told


def test_counting_thousands_of_slots_is_done_once():
    class Counting:
        asked = 0

        def __init__(self, grid):
            self._grid = grid

        def __getattr__(self, name):
            Counting.asked += 1
            return getattr(self._grid, name)

    grid, counter = Counting(parse_cron("*/15 * * * *", UTC)), GapCount()
    day = ((START, START + 86400),)
    assert counter.of(grid, day, set()) == (96, START + 900)
    before = Counting.asked
    assert counter.of(grid, day, set()) == (96, START + 900)
    assert Counting.asked == before
    # A snapshot inside a gap that no slot ends with is missing as well.
    assert counter.of(grid, day, {START + 450, START + 900, START + 90000}) == (98, START + 450)


def test_a_silence_is_counted_on_and_anew_when_the_clock_goes_back():
    grid, counter = parse_cron("*/15 * * * *", UTC), GapCount()
    found = [counter.since(grid, START, START + at) for at in (0, 899, 900, 3601, 3602, 86400)]
    assert [each[0] for each in found] == [0, 0, 1, 4, 4, 96]
    assert {each[1] for each in found[2:]} == {START + 900}
    assert counter.since(grid, START, START + 1800) == (2, START + 900)
    assert counter.since(grid, START + 900, START + 1800) == (1, START + 1800)


def test_a_year_of_minutes_needs_no_walk():
    year = ((START, START + 365 * 86400),)
    assert GapCount().of(PeriodGrid(60), year, set()) == (365 * 1440, START + 60)
    assert GapCount().of(PeriodGrid(900), ((START + 1, START + 899),), set()) == (0, None)


def test_every_status_tells_it(tmp_path):
    one = state()
    one.keeper.mark = START + 9000
    one.keeper.gaps.add(START, START + 2700)
    found = backlog_of(one, START + 9000)
    assert found == Backlog(3, START + 900, "off")
    one.rssi = -81
    told = device_status(one)
    since = datetime.fromtimestamp(START + 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told["missing_since"] == since and told["backfill"] == "off"
    assert told["missing_slots"] >= 3
    figures = parsed(render(snapshot(one)))
    name = "actwin_collector_device_missing"
    labels = (("device", "T01"), ("line", "L1"))
    assert figures[f"{name}_slots", labels] == told["missing_slots"]
    assert figures[f"{name}_since_timestamp_seconds", labels] == START + 900
    assert figures["actwin_collector_device_signal_dbm", labels] == -81
    (tmp_path / "config.toml").write_text('[collector]\ncode = "C"\nstate_dir = "."\n'
                                          'config_from = "file"\n')
    (tmp_path / "status.json").write_text(json.dumps({"devices": {"T01": told}, "written": 0}))
    shown = command(tmp_path, "status", "--config", "config.toml").stdout
    line = f"missing: T01: {told['missing_slots']} slots since {since}, back-fill is off"
    assert line in shown and "-81 dBm" in shown

# SPDX-License-Identifier: MIT
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from engine_fakes import START, make_device
from profile_rig import ends, outage, plan_rig

from actwin_collector.cron import parse_cron
from actwin_collector.snapshots import Snapshots

HOUR = 3600
# START is 03:00 in Istanbul
TURNS = {"snapshots": ("0 6,17,22 * * *",), "tz": "Europe/Istanbul"}
ODD = {"snapshots": ("7 6 * * *",), "tz": "Europe/Istanbul"}
TURN, ODD_TURN = 3 * HOUR, 3 * HOUR + 420


def codes(rig):
    return [event.code for event in rig.store.events]


def statuses(rig, at):
    return [r.status for r in rig.store.readings if r.ts == START + at]


def test_a_snapshot_is_polled_for_its_very_instant_and_stamped_with_it():
    rig = plan_rig(schedule=ODD, poll=900).run(4 * HOUR + 5)
    assert (ODD_TURN, str(ODD_TURN)) in ends(rig)
    assert len([c for c in rig.driver.calls if abs(c[1] - START - ODD_TURN) < 2]) == 1
    # beside the ordinary slots, none of which is touched
    assert [at for at, _ in ends(rig) if at % 900 == 0] == list(range(900, 4 * HOUR + 1, 900))


def test_a_snapshot_at_a_slots_end_is_the_slots_reading_and_one_dialogue():
    rig = plan_rig(schedule=TURNS, poll=900, store=900).run(4 * HOUR + 5)
    assert [each for each in ends(rig) if each[0] == TURN] == [(TURN, str(TURN))]
    assert len([c for c in rig.driver.calls if abs(c[1] - START - TURN) < 2]) == 1


def test_month_end_is_local_midnight_on_the_first():
    rig = plan_rig(schedule={"snapshots": ("month_end",), "tz": "Europe/Istanbul"}, store=86400)
    rig.clock.spend(30 * 86400)
    rig.run(86400 + HOUR)
    stamp = int(datetime(2026, 4, 1, tzinfo=ZoneInfo("Europe/Istanbul")).timestamp()) - START
    assert (stamp, str(stamp)) in ends(rig)
    assert statuses(rig, stamp) == [0]


def test_a_busy_line_asks_for_snapshots_first_and_in_order_of_priority():
    devices = [make_device(key, priority=9 - n) for n, key in enumerate("ABCD")]
    rig = plan_rig(devices=devices, schedule=TURNS, poll=900, cost=6.0).run(TURN + 60)
    order = [key for key, wall in rig.driver.calls if wall >= START + TURN]
    assert order[:4] == ["D", "C", "B", "A"]
    for key in "ABCD":
        assert TURN in dict(ends(rig, f"S/{key}:1.8.0"))


def test_a_late_snapshot_is_the_profiles_row_of_the_exact_instant():
    rig = outage(plan_rig(schedule=ODD), ODD_TURN - 10, ODD_TURN + 1000)
    rig.driver.period = 60
    rig.run(ODD_TURN + 2 * HOUR)
    assert dict(ends(rig))[ODD_TURN] == str(ODD_TURN)
    assert statuses(rig, ODD_TURN) == [0]
    assert codes(rig) == ["snapshot_late"]


def test_a_late_snapshot_without_a_profile_is_suspect_and_told():
    for offers, kept in ((set(), 0), ({"profile"}, 0)):
        rig = outage(plan_rig(schedule=ODD), ODD_TURN - 10, ODD_TURN + 1000)
        rig.driver.offers, rig.driver.kept = offers, kept
        rig.run(ODD_TURN + 2 * HOUR)
        value = int(dict(ends(rig))[ODD_TURN])
        assert ODD_TURN + 1000 < value < ODD_TURN + 1400  # tried again soon after the meter is back
        assert statuses(rig, ODD_TURN) == [1]
        assert "snapshot_late" in codes(rig)


def test_a_late_snapshot_at_a_slots_end_fills_just_that_slot():
    rig = outage(plan_rig(schedule=TURNS | {"backfill_days": 9}), TURN - 2000, TURN + 1000)
    rig.run(TURN + 2 * HOUR + 5)
    assert ends(rig) == [(at, str(at)) for at in range(900, TURN + 2 * HOUR + 1, 900)]
    late = outage(plan_rig(schedule=TURNS), TURN - 10, TURN + 1000).run(TURN + 2 * HOUR)
    assert dict(ends(late))[TURN] == str(TURN)
    nothing = outage(plan_rig(schedule=TURNS), TURN - 10, TURN + 1000)
    nothing.driver.offers = set()
    nothing.run(TURN + 2 * HOUR)
    assert statuses(nothing, TURN) == [1]
    assert len(ends(nothing)) == len(dict(ends(nothing)))


def test_a_snapshot_is_given_up_after_its_window_and_still_filled_when_the_meter_is_back():
    schedule = ODD | {"snapshot_window_seconds": 1800}
    rig = outage(plan_rig(schedule=schedule), ODD_TURN - 10, ODD_TURN + 2 * HOUR)
    rig.driver.period = 60
    rig.run(ODD_TURN + 12 * HOUR)
    assert codes(rig)[0] == "snapshot_missed"
    assert dict(ends(rig))[ODD_TURN] == str(ODD_TURN)
    assert statuses(rig, ODD_TURN) == [0]
    dead = outage(plan_rig(schedule=schedule), ODD_TURN - 10, ODD_TURN + 2 * HOUR)
    dead.driver.offers = set()
    dead.run(ODD_TURN + 12 * HOUR)
    assert ODD_TURN not in dict(ends(dead))


def test_a_restart_within_the_window_still_wants_the_snapshot_and_no_second_one():
    first = outage(plan_rig(schedule=ODD), ODD_TURN - 10, 10**6).run(ODD_TURN + 300)
    second = plan_rig(schedule=ODD)
    second.driver.period = 60
    second.clock.spend(ODD_TURN + 600)
    second.states[0].keeper.mark = first.store.marks["D1"]
    second.states[0].recall(first.store.memory["D1"])
    second.run(2 * HOUR)
    assert dict(ends(second))[ODD_TURN] == str(ODD_TURN)
    third = plan_rig(schedule=ODD)
    third.clock.spend(ODD_TURN + 600 + 2 * HOUR)
    third.states[0].keeper.mark = second.store.marks["D1"]
    third.states[0].recall(second.store.memory["D1"])
    third.run(HOUR)
    assert ODD_TURN not in dict(ends(third))


def test_a_dead_meter_is_tried_for_its_snapshot_in_spite_of_probing():
    rig = outage(plan_rig(schedule=ODD, poll=60), HOUR, ODD_TURN + 1000)
    rig.driver.offers = set()
    rig.run(ODD_TURN + 1500)
    tries = [wall - START - ODD_TURN for _, wall in rig.driver.calls]
    tries = [each for each in tries if each >= 0]
    assert 4 <= len([each for each in tries if each < 1000]) < 12
    assert min(each for each in tries if each > 1000) < 1310


def test_nothing_is_wanted_from_before_the_first_day_nor_for_ever():
    plan = parse_cron("0 * * * *", ZoneInfo("UTC"))
    snapshots = Snapshots([plan], 600)
    assert snapshots.wanted(START) == []
    snapshots.begin(START + 5)
    assert snapshots.wanted(START + 3599) == []
    assert snapshots.wanted(START + 7200) == [START + 3600, START + 7200]
    assert snapshots.expire(START + 7201) == [START + 3600]
    assert snapshots.settle(START + 7300) == [START + 7200]
    assert snapshots.wanted(START + 7300) == []
    snapshots.mark = START + 10**8  # a wrong clock settled the future
    snapshots.begin(START + 7300)
    assert snapshots.wanted(START + 3 * 3600) == [START + 3 * 3600]


@pytest.mark.parametrize("ahead", [1800, 20 * HOUR])
def test_a_clock_ahead_for_a_moment_costs_no_snapshot(ahead):
    rig = plan_rig(schedule=ODD)
    rig.driver.kept = 0
    rig.at(HOUR, lambda: rig.clock.step(ahead))
    rig.at(HOUR + 60, lambda: rig.clock.step(-ahead))
    rig.run(ODD_TURN + HOUR)
    assert dict(ends(rig))[ODD_TURN] == str(ODD_TURN)
    assert statuses(rig, ODD_TURN) == [0]


@pytest.mark.parametrize("schedule", [ODD, TURNS])
def test_a_clock_set_back_gives_no_snapshot_a_second_value(schedule):
    rig = plan_rig(schedule=schedule)
    rig.at(ODD_TURN + 600, lambda: rig.clock.step(-HOUR))
    rig.run(ODD_TURN + 3 * HOUR)
    assert len(ends(rig)) == len(dict(ends(rig)))
    after = plan_rig(schedule=schedule)
    after.clock.spend(ODD_TURN - 600)
    after.states[0].keeper.mark = rig.store.marks["D1"]
    after.states[0].recall(rig.store.memory["D1"])
    after.states[0].rewind(after.clock.wall())
    after.run(HOUR)
    assert ODD_TURN not in dict(ends(after))

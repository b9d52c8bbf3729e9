# SPDX-License-Identifier: MIT
from decimal import Decimal

import pytest
from engine_fakes import START, make_device
from profile_rig import ends, line_cut, outage, plan_rig

from actwin_collector.memory import Kept
from actwin_collector.model import ParameterSpec
from actwin_collector.slots import Polled, SlotKeeper

HOUR = 3600
BACKFILL = {"backfill_days": 30}
CH = "S/D1:1.8.0"


def whole(until, step=900):
    return [(at, str(at)) for at in range(step, until + 1, step)]


def codes(rig):
    return [event.code for event in rig.store.events]


def test_missed_slots_come_from_the_profile_exactly_as_if_nothing_had_happened():
    rig = outage(plan_rig(schedule=BACKFILL, poll=60), 2 * HOUR, 5 * HOUR + 100).run(9 * HOUR + 200)
    assert ends(rig) == whole(9 * HOUR)
    assert len(rig.store.readings) == len(whole(9 * HOUR))
    assert not rig.states[0].keeper.gaps


def test_without_backfill_the_slots_stay_missing_and_nothing_is_asked():
    rig = outage(plan_rig(poll=900), 2 * HOUR + 10, 5 * HOUR + 100).run(9 * HOUR)
    missing = [at for at, _ in whole(9 * HOUR) if at not in dict(ends(rig))]
    assert missing
    assert rig.driver.asked == []


def test_a_slot_whose_last_polls_failed_gets_the_value_of_its_end():
    # the line is down over 1800; a poll of 1740 would otherwise stand for it
    rig = line_cut(plan_rig(schedule=BACKFILL, poll=60), 1750, 1850).run(3000)
    assert ends(rig) == whole(2700)


def test_what_was_polled_is_given_when_the_profile_has_nothing():
    rig = line_cut(plan_rig(schedule=BACKFILL, poll=60), 1750, 1850)
    rig.driver.kept = 0
    rig.run(4000)
    assert dict(ends(rig))[1800] == "1740"
    assert [at for at, _ in ends(rig)] == [at for at, _ in whole(3600)]


def test_a_driver_without_a_profile_is_asked_once_and_costs_nothing_polled():
    rig = line_cut(plan_rig(schedule=BACKFILL, poll=60), 1750, 1850)
    rig.driver.offers = set()
    rig.run(8000)
    assert dict(ends(rig))[1800] == "1740"
    assert rig.states[0].health.errors["unsupported"] == 1
    assert rig.states[0].chores.unsupported == {"profile"}


def test_a_profile_that_does_not_reach_back_closes_the_gap_with_an_event():
    rig = outage(plan_rig(schedule=BACKFILL), 2 * HOUR, 9 * HOUR + 100)
    rig.driver.kept = 3 * HOUR
    rig.run(20 * HOUR)
    assert "gap_not_in_profile" in codes(rig)
    assert not rig.states[0].keeper.gaps
    stored = dict(ends(rig))
    assert 2 * HOUR + 900 not in stored
    assert stored[12 * HOUR] == str(12 * HOUR)  # probed again by then


def test_long_gaps_are_asked_in_bounded_pieces_oldest_first():
    rig = plan_rig(schedule=BACKFILL)
    rig.states[0].keeper.mark = START - 5 * 86400
    rig.run(4 * HOUR + 5)
    pieces = [(low, high) for _, low, high in rig.driver.asked]
    assert all(high - low <= 86400 for low, high in pieces)
    assert pieces == sorted(pieces)
    assert len(rig.store.readings) == 5 * 96 + 16


def test_a_restart_knows_the_gap_and_the_slot_in_progress():
    rig = outage(plan_rig(schedule=BACKFILL, poll=60), 2 * HOUR, 9 * HOUR).run(5 * HOUR + 5)
    kept = rig.store.memory["D1"]
    assert isinstance(kept, Kept)
    after = plan_rig(schedule=BACKFILL, poll=60)
    after.clock.spend(6 * HOUR)
    after.states[0].keeper.mark = rig.store.marks["D1"]
    after.states[0].recall(kept)
    after.run(4 * HOUR + 5)
    both = sorted(rig.store.of(CH) + after.store.of(CH))
    assert both == whole(10 * HOUR)


def test_no_due_slot_is_missed_because_of_a_slow_profile():
    rig = plan_rig(devices=("D1", "D2", "D3"), schedule=BACKFILL, poll=60, cost=1.0)
    for state in rig.states:
        state.keeper.mark = START - 3 * 86400
    rig.driver.row_seconds = 2.0  # a day takes 192 s, more than a dialogue may
    rig.run(24 * HOUR + 20)
    for key in ("D1", "D2", "D3"):
        stored = dict(ends(rig, f"S/{key}:1.8.0"))
        assert [at for at, _ in whole(24 * HOUR) if at not in stored] == []
        assert [at for at in range(-3 * 86400 + 900, 1, 900) if at not in stored] == []
    # and by polls at their ends: the profile would hide one that was missed
    polled = {(key, end) for key, wall in rig.driver.calls
              for end in [round((wall - START) / 900) * 900] if abs(wall - START - end) <= 7}
    missed = [(key, end) for key in ("D1", "D2", "D3") for end in range(900, 86401, 900)
              if (key, end) not in polled]
    assert missed == []


def test_columns_of_other_names_and_units_fit_by_the_parameter():
    parameters = (
        ParameterSpec("index", "S/D1:kwh", "kWh", profile="1.8.0"),
        ParameterSpec("U", "S/D1:u", "V"),
    )
    rig = plan_rig(devices=(make_device("D1", parameters=parameters),), schedule=BACKFILL)
    rig.states[0].keeper.mark = START - HOUR
    rig.run(HOUR)
    filled = dict(ends(rig, "S/D1:kwh"))
    assert filled[-900] == "-0.9"
    assert -900 not in dict(ends(rig, "S/D1:u"))


def test_a_coarser_profile_fills_what_it_can():
    rig = outage(plan_rig(schedule=BACKFILL), 2 * HOUR + 10, 6 * HOUR)
    rig.driver.period = HOUR
    rig.run(9 * HOUR)
    stored = dict(ends(rig))
    assert {3 * HOUR, 4 * HOUR, 5 * HOUR} <= stored.keys()
    assert 3 * HOUR + 900 not in stored
    assert not rig.states[0].keeper.gaps


@pytest.mark.parametrize(("mode", "value"), [("mean", "2250"), ("max", "3600"), ("last", "3600")])
def test_a_finer_profile_is_combined_as_polls_would_be(mode, value):
    keeper = SlotKeeper(HOUR, mode, mark=START - 1, gaps=[(START, START + HOUR)])
    keeper.mark = START + HOUR
    rows = [(START + n, {"c": Polled(Decimal(n))}) for n in (900, 1800, 2700, 3600)]
    readings, missing = keeper.fill(rows, START, START + HOUR)
    assert [(r.ts - START, r.value) for r in readings] == [(HOUR, value)]
    assert missing == []


def test_gaps_that_are_too_old_are_given_up_with_an_event():
    rig = plan_rig(schedule={"backfill_days": 3})
    rig.driver.down = True
    rig.states[0].keeper.mark = START - 10 * 86400
    rig.states[0].keeper.gaps.add(START - 10 * 86400, START)
    rig.states[0].keeper.mark = START
    rig.run(100)
    assert rig.states[0].keeper.gaps.spans[0][0] >= START - 3 * 86400
    assert codes(rig) == ["gap_given_up"]

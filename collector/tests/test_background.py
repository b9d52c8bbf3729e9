# SPDX-License-Identifier: MIT
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from engine_fakes import START, make_device
from hypothesis import given
from hypothesis import strategies as st
from profile_rig import ends, entry, outage, plan_rig

from actwin_collector.clock_setting import is_safe_to_set
from actwin_collector.grids import PeriodGrid
from actwin_collector.meter_log import LogMemory

HOUR, DAY = 3600, 86400
ISTANBUL = ZoneInfo("Europe/Istanbul")
CLOCK = {"clock_set": True}
LOG = {"events": True}


def codes(rig):
    return [event.code for event in rig.store.events]


def test_a_clock_that_is_off_is_set_once_and_told_with_before_and_after():
    rig = plan_rig(schedule=CLOCK, poll=300)
    rig.driver.drift = 90.0
    rig.run(6 * HOUR)
    assert len(rig.driver.set_at) == 1
    assert codes(rig) == ["clock_drift", "clock_set"]
    text = rig.store.events[1].text
    assert "+90.0 s off and was set; now +0.2 s" in text
    at = rig.driver.set_at[0] % 900
    assert 60 <= at <= 900 - 150
    assert abs(rig.states[0].health.drift) < 1


def test_a_clock_is_set_once_a_day_at_most_over_restarts_too():
    rig = plan_rig(schedule=CLOCK, poll=300)
    rig.driver.drift = 90.0

    def stubborn(link, device, timeout):
        rig.driver.set_at.append(rig.clock.wall())
        return done()

    async def done():
        return None

    rig.driver.set_clock = stubborn
    rig.run(3 * DAY)
    gaps = [b - a for a, b in zip(rig.driver.set_at, rig.driver.set_at[1:], strict=False)]
    assert len(gaps) in (1, 2)
    assert min(gaps) >= DAY
    again = plan_rig(schedule=CLOCK, poll=300)
    again.clock.spend(3 * DAY)
    again.driver.drift = 90.0
    again.states[0].recall(rig.store.memory["D1"])
    again.run(rig.driver.set_at[-1] + DAY - START - 3 * DAY - 10)
    assert again.driver.set_at == []


@pytest.mark.parametrize("drift", [30.0, -50.0, 4000.0, -4000.0])
def test_a_clock_that_is_nearly_right_or_far_off_is_left_alone(drift):
    rig = plan_rig(schedule=CLOCK, poll=300)
    rig.driver.drift = drift
    rig.run(3 * HOUR)
    assert rig.driver.set_at == []


def test_a_clock_is_not_set_unless_wanted_and_not_tried_again_where_it_cannot_be():
    rig = plan_rig(poll=300)
    rig.driver.drift = 90.0
    rig.run(3 * HOUR)
    assert rig.driver.set_at == []
    rig = plan_rig(schedule=CLOCK, poll=300)
    rig.driver.drift, rig.driver.offers = 90.0, set()
    rig.run(2 * DAY)
    assert rig.states[0].health.errors["unsupported"] == 1


@given(
    st.floats(START, START + 40 * DAY),
    st.floats(61, 3600).flatmap(lambda size: st.sampled_from([size, -size])),
    st.sampled_from([60, 900, 3600]),
)
def test_no_period_slot_or_month_ends_near_a_set_clock(now, drift, slot):
    if not is_safe_to_set(now, drift, PeriodGrid(slot), "Europe/Istanbul"):
        return
    for instant in (now, now + drift):
        assert min(instant % 900, 900 - instant % 900) >= 59.99
        local = datetime.fromtimestamp(instant, ISTANBUL)
        month = datetime(local.year, local.month, 1, tzinfo=ISTANBUL).timestamp()
        assert instant - month > HOUR
    if abs(drift) < 600:
        assert now // 900 == (now + drift) // 900
    first = datetime(2026, 4, 1, tzinfo=ISTANBUL).timestamp()
    assert not now <= first <= now + drift
    assert not now + drift <= first <= now


def test_small_drifts_can_be_mended_in_most_of_the_time():
    safe = [is_safe_to_set(START + DAY + n, 90.0, PeriodGrid(900), "UTC") for n in range(900)]
    assert sum(safe) > 600


def test_log_entries_come_once_each_daily_and_after_an_outage():
    rig = plan_rig(schedule=LOG | {"backfill_days": 3})
    rig.driver.log = [entry(-5 * DAY, "40"), entry(-HOUR, "41", "cover"), entry(-HOUR, "42")]
    rig.at(2 * HOUR, lambda: rig.driver.log.append(entry(2 * HOUR, "43")))
    outage(rig, 5 * HOUR, 6 * HOUR)
    rig.at(26 * HOUR, lambda: rig.driver.log.append(entry(26 * HOUR, "44")))
    rig.run(60 * HOUR)
    told = [(e.ts - START, e.code, e.text) for e in rig.store.events]
    assert told == [
        (-5 * DAY, "40", ""),
        (-HOUR, "41", "cover"),
        (-HOUR, "42", ""),
        (2 * HOUR, "43", ""),
        (26 * HOUR, "44", ""),
    ]
    asked = [each for each in rig.driver.asked if each[1] == -1]
    assert len(asked) in (3, 4)  # at the start, after the outage, and a day later each


def test_the_log_is_remembered_over_a_restart():
    first = plan_rig(schedule=LOG)
    first.driver.log = [entry(-HOUR, "41"), entry(-HOUR, "42")]
    first.run(HOUR)
    second = plan_rig(schedule=LOG)
    second.clock.spend(2 * DAY)
    second.driver.log = [*first.driver.log, entry(-HOUR, "45"), entry(DAY, "46")]
    second.states[0].recall(first.store.memory["D1"])
    second.run(HOUR)
    assert [e.code for e in second.store.events] == ["45", "46"]


def test_an_entry_from_the_future_hides_no_later_one_and_comes_once():
    memory = LogMemory()
    now = START
    future, first = entry(400 * DAY, "99"), entry(-60, "1")
    assert [e.code for e in memory.take("D", [first, future], now)] == ["1", "99"]
    assert memory.take("D", [first, future], now) == []
    later = entry(60, "2")
    assert [e.code for e in memory.take("D", [first, later, future], now + 120)] == ["2"]
    loaded = LogMemory()
    loaded.load(memory.save())
    assert loaded.take("D", [later, future], now + 240) == []


def test_priorities_and_critical_polls_go_before_the_rest():
    devices = [make_device("A", priority=7), make_device("B", priority=2), make_device("C")]
    rig = plan_rig(devices=devices, poll=900, cost=2.0).run(905)
    assert [key for key, _ in rig.driver.calls][:3] == ["B", "C", "A"]


def test_who_waits_too_long_waits_no_longer_for_better_priorities():
    devices = [make_device("A", priority=9), make_device("B", priority=0)]
    rig = plan_rig(devices=devices, poll=10, store=60, cost=9.0).run(600)
    assert sum(key == "A" for key, _ in rig.driver.calls) > 15
    assert len(ends(rig, "S/A:1.8.0")) >= 8


def test_a_devices_own_timeout_and_retries_go_before_the_lines():
    devices = [make_device("A", timeout_s=0.5, retries=0), make_device("B")]
    rig = plan_rig(devices=devices, poll=900, retries=1)
    rig.driver.down = True
    rig.run(920)
    calls = [key for key, _ in rig.driver.calls]
    assert calls == ["A", "B", "B"]
    assert rig.driver.calls[1][1] - rig.driver.calls[0][1] == pytest.approx(0.5)


def test_polls_and_slots_by_plan():
    plan = {"poll_plan": "*/10 * * * *", "store_plan": "0 * * * *", "tz": "Europe/Istanbul"}
    rig = plan_rig(schedule=plan).run(3 * HOUR + 5)
    assert ends(rig) == [(HOUR * n, str(HOUR * n)) for n in (1, 2, 3)]
    assert len(rig.driver.calls) == 18

# SPDX-License-Identifier: MIT
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from engine_fakes import START, Rig, make_device

from actwin_collector.model import (
    ConfigError,
    LinkError,
    NoAnswer,
    ParameterSpec,
    Sample,
)
from actwin_collector.outbox_schema import OutboxFull

CH = "S/D1:1.8.0"


def counting():
    """An index that grows by one a poll."""
    state = {"n": 0}

    def answer(device):
        state["n"] += 1
        return state["n"]

    return answer


def test_polls_stand_for_their_planned_instants():
    rig = Rig(counting(), cost=2.0).run(3605)
    assert rig.store.of(CH) == [(900, "1"), (1800, "2"), (2700, "3"), (3600, "4")]
    assert rig.store.marks == {"D1": START + 3600}


def test_many_polls_give_one_stored_value_a_slot():
    rig = Rig(counting(), poll=60, store=900).run(1805)
    assert rig.store.of(CH) == [(900, "15"), (1800, "30")]


def test_a_poll_period_that_does_not_divide_the_slot_takes_the_poll_before_its_end():
    rig = Rig(counting(), poll=420, store=900).run(1900)
    # the grid of 420 s meets START at +0; polls at 420, 840, 1260, 1680
    assert [(end, value) for end, value in rig.store.of(CH)] == [(900, "2"), (1800, "4")]


def test_a_late_poll_of_a_slow_line_belongs_to_the_slot_it_was_made_in():
    rig = Rig(counting(), devices=("A", "B"), cost=50.0).run(1000)
    assert rig.store.of("S/A:1.8.0") == [(900, "1")]
    assert rig.store.of("S/B:1.8.0") == []
    rig.run(900)
    assert rig.store.of("S/B:1.8.0") == [(1800, "2")]


def test_a_slot_without_success_stores_nothing_and_counts_named_errors():
    rig = Rig(lambda device: NoAnswer("silence"), first_probe_seconds=300).run(1000)
    assert rig.store.readings == []
    health = rig.states[0].health
    assert (health.ok, dict(health.errors)) == (0, {"no_answer": 1})
    assert [c.ok for c in rig.store.comms] == [False]
    assert rig.store.comms[0].attempts == 2


def test_a_dead_device_is_probed_with_growing_pauses_and_costs_one_timeout_a_probe():
    rig = Rig(
        lambda device: NoAnswer(), poll=60, store=60, first_probe_seconds=300, retries=2,
        max_probe_seconds=1000, dead_after_failures=3,
    ).run(5000)
    times = [round(wall - START) for _, wall in rig.driver.calls]
    # three full polls of three attempts each, then single probes 300, 600, 1000, 1000 … apart
    assert times[:9] == [60, 62, 64, 120, 122, 124, 180, 182, 184]
    pauses = [b - a for a, b in zip(times[8:], times[9:], strict=False)]
    assert pauses == pytest.approx([302, 602, 1002, 1002, 1002], abs=1)


def test_a_revived_device_returns_to_its_schedule():
    dead = {"yes": True}
    rig = Rig(
        lambda device: NoAnswer() if dead["yes"] else 5, poll=60, store=60,
        first_probe_seconds=100, dead_after_failures=1,
    )
    rig.at(200, lambda: dead.update(yes=False)).run(1000)
    stored = rig.store.of(CH)
    assert stored[0][0] <= 480
    assert [end for end, _ in stored[1:]] == [*range(stored[1][0], 1000, 60)]
    assert not rig.states[0].probing


def test_a_dead_device_delays_its_neighbour_by_no_more_than_its_own_time():
    def answer(device):
        return NoAnswer() if device.key == "A" else 7

    rig = Rig(answer, devices=("A", "B"), poll=60, store=60, retries=1).run(610)
    lags = [(wall - START) % 60 for key, wall in rig.driver.calls if key == "B"]
    assert len(lags) == 10
    assert max(lags) <= 2.0 * (1 + 1) + 0.2
    assert len(rig.store.of("S/B:1.8.0")) == 10


def test_two_devices_of_a_line_are_never_asked_at_once():
    rig = Rig(counting(), devices=("A", "B", "C"), poll=10, store=60, cost=3.0).run(600)
    walls = [wall for _, wall in rig.driver.calls]
    assert all(b - a >= 3.0 - 1e-6 for a, b in zip(walls, walls[1:], strict=False))
    counts = [sum(key == k for key, _ in rig.driver.calls) for k in "ABC"]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("step", [-7200, -1000, -30, 30, 1000, 7200])
def test_a_set_wall_clock_never_gives_a_slot_twice_and_never_stops_the_polls(step):
    rig = Rig(counting(), poll=60, store=300)
    rig.at(1000, lambda: rig.clock.step(step)).run(12000)
    ends = [end for end, _ in rig.store.of(CH)]
    assert ends == sorted(set(ends))
    assert ends[-1] > 11000 + min(step, 0) - 300
    assert len(rig.driver.calls) > 12000 / 60 - 5
    assert [e.code for e in rig.store.events] == ["clock_step"]


@pytest.mark.parametrize("rate", [0.9995, 1.0005])
def test_a_steered_wall_clock_is_followed_without_a_poll_twice(rate):
    rig = Rig(counting(), poll=60, store=60, cost=0.001)
    rig.clock.rate = rate
    rig.run(6100)
    walls = [wall for _, wall in rig.driver.calls]
    assert all(b - a > 50 for a, b in zip(walls, walls[1:], strict=False))
    assert [end for end, _ in rig.store.of(CH)] == [60 * n for n in range(1, len(walls) + 1)]
    assert rig.store.events == []


def test_nothing_is_stored_before_the_machine_has_a_time():
    rig = Rig(counting(), poll=60, store=60)
    rig.clock.step(-START + 100)
    rig.run(600)
    assert rig.store.readings == []
    assert rig.driver.calls == []
    assert rig.states[0].health.errors["clock_unset"] >= 9


def test_what_cannot_be_stored_stays_due_and_is_stored_once_later():
    rig = Rig(counting(), poll=60, store=60)
    rig.store.error = OutboxFull("no room")
    rig.at(200, lambda: setattr(rig.store, "error", None)).run(400)
    stored = rig.store.of(CH)
    assert stored[0] == (60, "1")
    assert [end for end, _ in stored] == sorted({end for end, _ in stored})
    assert stored[-1][0] == 360
    assert rig.worker.store_error == ""


def test_a_full_outbox_is_reported():
    rig = Rig(counting(), poll=60, store=60)
    rig.store.error = OutboxFull("no room")
    rig.run(200)
    assert rig.worker.store_error == "outbox_full: no room"
    assert len(rig.driver.calls) == 1  # nothing new is read over what is not stored


def test_a_dead_line_is_not_hammered_and_does_not_make_devices_dead():
    rig = Rig(counting(), poll=10, store=60)
    rig.worker.link.error = LinkError("refused")
    rig.at(500, lambda: setattr(rig.worker.link, "error", None)).run(700)
    assert rig.worker.link.opened < 20
    assert rig.states[0].health.failures == 0
    assert not rig.states[0].probing
    assert [end for end, _ in rig.store.of(CH)][-1] == 660


def test_a_driver_bug_is_an_error_of_the_device_and_the_line_goes_on():
    def answer(device):
        return KeyError("oops") if device.key == "A" else 7

    rig = Rig(answer, devices=("A", "B"), poll=60, store=60).run(130)
    assert rig.states[0].health.errors["driver_bug"] == 2
    assert len(rig.store.of("S/B:1.8.0")) == 2


def test_a_configuration_mistake_is_not_tried_again_in_the_same_poll():
    rig = Rig(lambda device: ConfigError("no such map"), retries=5).run(901)
    assert len(rig.driver.calls) == 1


def test_values_come_in_the_channels_unit_and_scale():
    parameters = (
        ParameterSpec("1.8.0", "S/X:kwh", "kWh", Decimal("400")),
        ParameterSpec("2.8.0", "S/X:missing", "kWh"),
    )
    device = make_device("X", parameters=parameters)
    rig = Rig(lambda d: Sample(Decimal("70677"), "Wh"), devices=(device,)).run(901)
    assert rig.store.of("S/X:kwh") == [(900, "28270.8")]
    assert rig.states[0].health.errors == {"missing_register": 1}
    assert rig.states[0].health.ok == 1


def test_values_have_no_more_decimals_than_odoo_takes():
    parameters = (ParameterSpec("1.8.0", "S/X:kwh", "kWh", Decimal("0.00000000000333")),)
    device = make_device("X", parameters=parameters)
    rig = Rig(lambda d: Sample(Decimal("1500"), "Wh"), devices=(device,)).run(901)
    assert rig.store.of("S/X:kwh") == [(900, "0.000000000005")]


def test_a_wrong_unit_costs_only_its_parameter():
    parameters = (
        ParameterSpec("1.8.0", "S/X:bad", "V"),
        ParameterSpec("1.8.0", "S/X:good", "Wh"),
    )
    rig = Rig(lambda d: 5, devices=(make_device("X", parameters=parameters),)).run(901)
    assert rig.store.of("S/X:bad") == []
    assert rig.store.of("S/X:good") == [(900, "5")]


@pytest.mark.parametrize(
    ("drift", "events", "status"), [(30, 0, 0), (100, 1, 0), (-100, 1, 0), (400, 1, 1)]
)
def test_a_meters_wrong_clock_is_reported_once_and_marks_readings(drift, events, status):
    def answer(device):
        stamp = datetime.fromtimestamp(rig.clock.wall() + drift, UTC)
        return Sample(Decimal(1), "Wh", meter_ts=stamp)

    rig = Rig(answer, poll=60, store=60)
    rig.run(300)
    assert [e.code for e in rig.store.events] == ["clock_drift"] * events
    assert {r.status for r in rig.store.readings} == {status}


def test_jitter_spreads_the_polls_and_not_the_stamps():
    rig = Rig(counting(), poll=60, store=60, jitter_seconds=20).run(1205)
    lags = {round((wall - START) % 60) for _, wall in rig.driver.calls}
    assert len(lags) > 5
    ends = [end for end, _ in rig.store.of(CH)]
    assert ends[:15] == [60 * n for n in range(1, 16)]


def test_a_phase_shifts_the_polls():
    device = make_device("D1", settings={"phase_seconds": 25})
    rig = Rig(counting(), devices=(device,), poll=60, store=60).run(200)
    assert [round(wall - START) for _, wall in rig.driver.calls] == [25, 85, 145]


def test_an_idle_line_is_closed_and_a_busy_one_stays_open():
    busy = Rig(counting(), poll=10, store=60).run(300)
    idle = Rig(counting(), poll=100, store=100).run(450)
    assert busy.worker.link.opened == 1
    assert idle.worker.link.opened == len(idle.driver.calls) == 4

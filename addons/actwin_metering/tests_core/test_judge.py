from decimal import Decimal as D

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from vee_core.judge import FELL, JUMPED, SPIKE, Limits, Reading, judge, judge_intervals

QUARTER = 900
CAPPED = Limits(per_hour=D(40), modulus=D(10**6))
BLIND = Limits()


def series(*values, start=0):
    return [Reading(start + QUARTER * at, D(value)) for at, value in enumerate(values)]


def codes(verdicts):
    return [(verdict.ts // QUARTER, verdict.code) for verdict in verdicts]


steps = st.lists(st.decimals("0.1", "9", places=3), min_size=6, max_size=40)


def running(moves, start=D(500)):
    values = [start]
    for move in moves:
        values.append(values[-1] + move)
    return values


@given(steps)
def test_a_register_that_only_rises_has_no_fault(moves):
    assert judge(series(*running(moves)), CAPPED) == []
    assert judge(series(*running(moves)), BLIND) == []


@given(steps, st.data())
def test_one_spike_is_found_and_nothing_else(moves, data):
    values = running(moves)
    at = data.draw(st.integers(1, len(values) - 2))
    values[at] += 5000
    for limits in (CAPPED, BLIND):
        assert codes(judge(series(*values), limits)) == [(at, SPIKE)]


@given(steps, st.data())
def test_one_zero_is_rejected_and_never_becomes_the_base(moves, data):
    values = running(moves)
    at = data.draw(st.integers(1, len(values) - 2))
    values[at] = D(0)
    for limits in (CAPPED, BLIND):
        (verdict,) = judge(series(*values), limits)
        assert (verdict.ts, verdict.code, verdict.reject) == (at * QUARTER, FELL, True)


@given(steps, st.data())
def test_what_stands_never_falls(moves, data):
    """Whatever single value is damaged to whatever: the rest rises, or a shift says why not."""
    values = running(moves)
    at = data.draw(st.integers(0, len(values) - 1))
    values[at] = data.draw(st.decimals(0, 10**5, places=3))
    readings = series(*values)
    verdicts = judge(readings, BLIND)
    bad = {verdict.ts for verdict in verdicts}
    rest = [reading.value for reading in readings if reading.ts not in bad]
    assume(not any(verdict.shift for verdict in verdicts))
    assert rest == sorted(rest)


def test_a_spike_that_is_the_newest_reading_waits_for_the_next():
    assert codes(judge(series(100, 110, 5120), CAPPED)) == [(2, JUMPED)]
    assert judge(series(100, 110, 5120), BLIND) == []
    assert codes(judge(series(100, 110, 5120, 130), BLIND)) == [(2, SPIKE)]


def test_a_register_that_stays_elsewhere_is_confirmed_by_three_more():
    up = judge(series(100, 105, 5105, 5110, 5115, 5120), CAPPED)
    assert [(v.code, v.shift) for v in up] == [(JUMPED, True)]
    down = judge(series(5100, 5105, 3, 8, 13, 18), BLIND)
    assert [(v.code, v.shift) for v in down] == [(FELL, True)]
    waiting = judge(series(5100, 5105, 3, 8), BLIND)
    assert codes(waiting) == [(2, FELL), (3, FELL)] and not any(v.shift for v in waiting)


@pytest.mark.parametrize(
    ("limits", "values"),
    [
        (Limits(modulus=D(10**5)), (99_980, 99_990, 2, 12)),
        (Limits(per_hour=D(100), modulus=D(10**5)), (99_980, 99_995, 5, 12)),
    ],
)
def test_a_roll_over_is_no_fault(limits, values):
    assert judge(series(*values), limits) == []


def test_a_fall_from_the_middle_is_no_roll_over():
    assert codes(judge(series(50_000, 50_010, 20, 50_020), Limits(modulus=D(10**5)))) == [(2, FELL)]


def test_an_operators_word_stands():
    readings = series(100, 110, 5120, 130)
    readings[2] = Reading(readings[2].ts, readings[2].value, fixed=True)
    assert 2 * QUARTER not in {verdict.ts for verdict in judge(readings, BLIND)}


def test_a_long_silence_may_move_much():
    readings = [Reading(0, D(100)), Reading(24 * 3600, D(100 + 24 * 39))]
    assert judge(readings, CAPPED) == []


def test_intervals_below_zero_or_above_capacity():
    found = judge_intervals(series("2", "-1", "10", "10.002"), CAPPED, 15)
    assert codes(found) == [(1, FELL), (3, JUMPED)]

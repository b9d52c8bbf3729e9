# SPDX-License-Identifier: MIT
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actwin_collector.clock import next_on_grid, slot_end
from actwin_collector.slots import MARK_TRUST_SECONDS, Polled, SlotKeeper, canonical

T0 = 1772323200


def feed(keeper, *polls, **kind):
    """Feed (seconds after T0, value) polls; returns all readings given."""
    given_out = []
    for offset, value in polls:
        given_out += keeper.add(T0 + offset, {"c": Polled(Decimal(str(value)), **kind)})
    return [(r.ts - T0, r.value) for r in given_out]


@pytest.mark.parametrize(
    ("instant", "period", "end"),
    [(0, 900, 0), (0.001, 900, 900), (899.9, 900, 900), (900, 900, 900), (900.5, 900, 1800)],
)
def test_a_slot_contains_its_end_and_not_its_start(instant, period, end):
    assert slot_end(T0 + instant, period) == T0 + end


@pytest.mark.parametrize(
    ("wall", "phase", "expected"),
    [(0, 0, 60), (59.9, 0, 60), (60, 0, 120), (0, 7, 7), (7, 7, 67), (66.9, 7, 67)],
)
def test_the_next_grid_instant_lies_after_now(wall, phase, expected):
    assert next_on_grid(T0 + wall, 60, phase) == T0 + expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("last", "3"), ("mean", "4.666667"), ("max", "9"), ("min", "2")]
)
def test_the_mode_chooses_among_the_polls_of_a_slot(mode, expected):
    keeper = SlotKeeper(900, mode)
    assert feed(keeper, (100, 2), (500, 9), (900, 3)) == []
    assert [(r.ts - T0, r.value) for r in keeper.close(T0 + 900)] == [(900, expected)]


@pytest.mark.parametrize("mode", ["mean", "min"])
def test_a_cumulative_register_is_stored_as_last_in_every_mode(mode):
    keeper = SlotKeeper(900, mode)
    feed(keeper, (100, 2), (500, 9), cumulative=True)
    assert keeper.close(T0 + 900)[0].value == "9"


def test_a_slot_is_not_closed_before_its_end():
    keeper = SlotKeeper(900, "last")
    feed(keeper, (100, 2))
    assert keeper.close(T0 + 899.9) == []
    assert len(keeper.close(T0 + 900)) == 1
    assert keeper.close(T0 + 901) == []


def test_slots_without_a_poll_give_nothing():
    keeper = SlotKeeper(900, "last")
    assert feed(keeper, (100, 2), (5000, 9)) == [(900, "2")]


def test_a_clock_set_back_never_gives_a_slot_twice():
    keeper = SlotKeeper(900, "last")
    assert feed(keeper, (850, 1), (1750, 2), (2650, 3)) == [(900, "1"), (1800, "2")]
    # one hour back: what is in hand was stamped by a wrong clock, the old slots are taken
    assert feed(keeper, (-900, 4), (0, 5), (850, 6), (1750, 7)) == []
    assert feed(keeper, (2650, 8), (3550, 9)) == [(2700, "8")]


def test_a_mark_from_a_clock_far_ahead_does_not_block_for_ever():
    keeper = SlotKeeper(900, "last", mark=T0 + 10 * 365 * 86400)
    assert feed(keeper, (100, 1), (1000, 2)) == [(900, "1")]


def test_a_recent_mark_blocks_what_was_stored_before_a_restart():
    keeper = SlotKeeper(900, "last", mark=T0 + 900)
    assert feed(keeper, (100, 1), (1000, 2), (1900, 3)) == [(1800, "2")]


@given(
    st.lists(
        st.tuples(st.integers(-40_000, 40_000), st.integers(0, 9)), min_size=1, max_size=60
    )
)
def test_no_stored_slot_repeats_whatever_the_wall_clock_does(polls):
    keeper = SlotKeeper(900, "last")
    stored = feed(keeper, *polls)
    ends = [end for end, _ in stored]
    assert len(ends) == len(set(ends))
    missing = {end - T0 for end in keeper.missing(T0 - 10**6, T0 + 10**6)}
    assert not missing & set(ends)
    # from the first slot ever stored to the last one none is forgotten
    if ends:
        assert set(range(ends[0], max(ends) + 1, 900)) <= missing | set(ends)
    assert MARK_TRUST_SECONDS > 80_000


def test_slots_that_a_clock_ahead_jumped_over_are_still_stored_when_it_is_right_again():
    keeper = SlotKeeper(900, "last")
    feed(keeper, (850, 1), (1750, 2), (1750 + 86400, 9), (2 * 900 + 86400 + 1, 9))
    assert feed(keeper, (2650, 3), (3550, 4), (4450, 5)) == [(2700, "3"), (3600, "4")]
    assert keeper.is_open(T0 + 4500)
    assert not keeper.is_open(T0 + 1800 + 86400)


@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=60, unique=True),
    st.sampled_from([60, 900, 3600]),
)
def test_last_is_the_last_poll_at_or_before_the_end(offsets, period):
    offsets = sorted(offsets)
    keeper = SlotKeeper(period, "last")
    stored = feed(keeper, *[(offset, offset) for offset in offsets])
    stored += [(r.ts - T0, r.value) for r in keeper.close(T0 + 10**6)]
    expected = {}
    for offset in offsets:
        expected[slot_end(offset, period)] = str(offset)
    assert dict(stored) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"), ("0.10", "0.1"), ("100", "100"), ("-0.0", "0"), ("0E-7", "0"),
        ("70.677000", "70.677"), ("-1.50", "-1.5"),
    ],
)
def test_values_are_written_plainly(value, text):
    assert canonical(Decimal(value)) == text


def test_one_suspect_poll_makes_the_slot_suspect():
    keeper = SlotKeeper(900, "mean")
    keeper.add(T0 + 1, {"c": Polled(Decimal(1), 1)})
    keeper.add(T0 + 2, {"c": Polled(Decimal(1), 2)})
    assert keeper.close(T0 + 900)[0].status == 1


# what may happen to a collector, in seconds from T0
happening = st.one_of(
    st.tuples(st.just("poll"), st.integers(1, 3000)),
    st.tuples(st.just("outage"), st.integers(900, 20_000)),
    st.tuples(st.just("restart"), st.integers(0, 4000)),
    st.tuples(st.just("killed"), st.integers(0, 4000)),
    st.tuples(st.just("clock"), st.integers(-70_000, 70_000)),
    st.tuples(st.just("profile"), st.sampled_from([0, 1, 900, 20_000])),
    st.tuples(st.just("row"), st.integers(-20_000, 0)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(happening, max_size=60), st.booleans())
def test_whatever_happens_each_slot_is_stored_once_or_a_known_gap(happenings, is_stale):
    keeper, stored, now, disk = SlotKeeper(900, "last"), [], T0, None
    given_up = set()  # asked from a profile that does not have them
    keeper.is_stale = (lambda last, end: end - last > 300) if is_stale else None
    value = {"c": Polled(Decimal(1))}
    for what, amount in happenings:
        now += amount if what in ("poll", "outage", "restart", "killed", "clock") else 0
        given_out = []
        if what == "poll":
            given_out = keeper.add(now, value) + keeper.close(now)
        elif what in ("restart", "killed"):
            # a killed process knows what it knew when it last stored something
            saved = (keeper.mark, keeper.gaps.spans, json.dumps(keeper.save()))
            if what == "killed" and disk is not None:
                saved = disk
            keeper = SlotKeeper(900, "last", saved[0], saved[1])
            keeper.is_stale = (lambda last, end: end - last > 300) if is_stale else None
            keeper.load(json.loads(saved[2]))
        elif what == "profile" and keeper.gaps:
            start, end = keeper.gaps.spans[0]
            rows = [(at, value) for at in range((start // 900 + 1) * 900, start + amount, 900)]
            given_out = keeper.fill(rows, start, min(end, start + 9000))[0]
            given_up.update(range((start // 900 + 1) * 900, min(end, start + 9000) + 1, 900))
        elif what == "row":
            given_out = keeper.add_row((now + amount) // 900 * 900, value)
        stored += given_out
        if given_out or what == "restart" or disk is None:
            disk = (keeper.mark, keeper.gaps.spans, json.dumps(keeper.save()))
    ends = [reading.ts for reading in stored]
    assert len(ends) == len(set(ends))
    assert not set(keeper.missing(0, 2**40)) & set(ends)
    if ends:
        known = set(ends) | set(keeper.missing(0, 2**40)) | given_up | {keeper.end}
        assert set(range(min(ends), max(ends) + 1, 900)) <= known

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vee_core.estimate import EXTRAPOLATED, FLAT, LIKE_DAY, LINEAR, estimate, spread

amount = st.decimals(0, 10**6, places=3)
weights = st.lists(st.decimals(0, 1000, places=3), min_size=1, max_size=200).filter(sum)


@given(amount, weights, st.integers(0, 6))
def test_the_parts_add_up_exactly_and_none_is_negative(total, shape, decimals):
    parts = spread(total, shape, decimals)
    assert sum(parts) == total
    assert len(parts) == len(shape)
    if decimals >= 3:
        assert min(parts) >= 0


@given(amount, weights, st.integers(0, 16))
def test_the_sum_of_estimates_is_the_register_difference(total, shape, linear_slots):
    found = estimate(len(shape), total, shape, linear_slots)
    assert found.exact
    assert sum(found.parts) == total


def test_short_gaps_are_even_and_long_ones_follow_like_days():
    shape = [D(1), D(3)] * 12
    assert estimate(4, D(10), shape[:4], 16).method == LINEAR
    assert estimate(4, D(10), shape[:4], 16).parts == (D("2.5"),) * 4
    long = estimate(24, D(96), shape, 16)
    assert (long.method, long.parts[:2]) == (LIKE_DAY, (D(2), D(6)))


def test_without_like_days_a_long_gap_is_flat_but_exact():
    found = estimate(3, D(10), [D(1), None, D(2)], 1)
    assert (found.method, sum(found.parts)) == (FLAT, D(10))


def test_an_open_gap_is_extrapolated_and_says_so():
    found = estimate(2, None, [D("1.2345"), D(2)], 1)
    assert (found.parts, found.method, found.exact) == ((D("1.235"), D(2)), EXTRAPOLATED, False)
    assert estimate(2, None, None, 1, rate=D(3)).parts == (D(3), D(3))
    assert estimate(2, None, None, 1) is None


def test_nothing_to_go_by():
    with pytest.raises(ValueError):
        spread(D(1), [D(0)], 3)
    assert estimate(0, D(1), [], 1) is None

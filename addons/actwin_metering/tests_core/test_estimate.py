from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vee_core.estimate import Shape, settle, spread

amount = st.decimals(0, 10**6, places=3)
weights = st.lists(st.decimals(0, 1000, places=3), min_size=1, max_size=200).filter(sum)


@given(amount, weights, st.integers(0, 6))
def test_the_parts_add_up_exactly_and_none_is_negative(total, shape, decimals):
    parts = spread(total, shape, decimals)
    assert sum(parts) == total
    assert len(parts) == len(shape)
    if decimals >= 3:
        assert min(parts) >= 0


@given(amount, weights, st.integers(3, 6))
def test_the_sum_of_estimates_is_the_register_difference(total, parts, decimals):
    found = settle(Shape(tuple(parts), "even"), total, decimals)
    assert found.exact
    assert sum(found.parts) == total
    assert min(found.parts) >= 0


def test_a_shape_is_scaled_to_what_the_register_says():
    found = settle(Shape((D(1), D(3)) * 12, "like_day", ("2026-03-02",)), D(96))
    assert found.parts[:2] == (D(2), D(6))
    assert (found.method, found.sources, found.exact) == ("like_day", ("2026-03-02",), True)


def test_without_a_register_the_shape_needs_a_level_of_its_own():
    shape = (D("1.2345"), D(2))
    found = settle(Shape(shape, "like_day"), None)
    assert (found.parts, found.exact) == ((D("1.235"), D(2)), False)
    assert settle(Shape(shape, "similar", level=False), None) is None


def test_what_cannot_be_negative_is_not():
    assert settle(Shape((D(-1), D(1)), "balance"), D(5)).parts == (D(0), D(5))
    assert settle(Shape((D(-1), D(1)), "balance"), None).parts == (D(0), D(1))


def test_nothing_to_go_by():
    with pytest.raises(ValueError):
        spread(D(1), [D(0)], 3)
    assert settle(Shape((D(0), D(0)), "check"), D(5)) is None
    assert settle(Shape((D(0), D(0)), "check"), D(0)).parts == (D(0), D(0))

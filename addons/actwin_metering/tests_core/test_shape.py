from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vee_core.shape import (
    BOTH_SIDES,
    even,
    integrate,
    interpolate,
    level,
    ratio,
    resample,
)

QUARTERS = [(at, at + 900) for at in range(0, 3600, 900)]
cuts = st.lists(st.integers(0, 86_400), min_size=2, max_size=40, unique=True).map(sorted)
amounts = st.lists(st.decimals(0, 1000, places=3), min_size=40, max_size=40)


def spans(moments):
    return list(zip(moments, moments[1:], strict=False))


def test_even_goes_by_time():
    assert even([(0, 900), (900, 1000)]) == [D(900), D(100)]


def test_a_line_from_the_rate_before_to_the_rate_after():
    rising = interpolate(D(0), D(4) / 900, QUARTERS)
    assert rising == pytest.approx([D("0.5"), D("1.5"), D("2.5"), D("3.5")])
    assert interpolate(None, D(2) / 900, QUARTERS) == pytest.approx([D(2)] * 4)
    assert interpolate(D(2) / 900, None, QUARTERS) == pytest.approx([D(2)] * 4)
    assert interpolate(None, None, QUARTERS) is None


def test_spans_are_cut_out_of_hours():
    hours = {0: D(4), 3600: D(8)}
    assert integrate(hours, [(1800, 3600), (3600, 4500)]) == [D(2), D(2)]
    assert integrate(hours, [(1800, 5400)]) == [D(6)]
    assert integrate(hours, [(1800, 7201)]) is None


@given(cuts, amounts, cuts)
def test_resampling_keeps_the_sum(moments, values, wanted):
    steps = [(*span, value) for span, value in zip(spans(moments), values, strict=False)]
    inside = [at for at in wanted if moments[0] <= at <= moments[-1]]
    edges = sorted({moments[0], *inside, moments[-1]})
    found = resample(steps, spans(edges))
    assert float(sum(found)) == pytest.approx(float(sum(step[2] for step in steps)))


def test_a_hole_in_the_other_meter_is_no_shape():
    steps = [(0, 900, D(1)), (1800, 2700, D(1))]
    assert resample(steps, [(0, 900)]) == [D(1)]
    assert resample(steps, [(0, 1800)]) is None
    assert resample(steps, [(2700, 3600)]) is None
    assert resample([], [(0, 900)]) is None


def test_the_level_follows_the_neighbours_within_limits():
    assert level([(D(11), D(10))], D(1)) == D("1.1")
    assert level([(D(11), D(10)), (D(9), D(10))], BOTH_SIDES) == 1
    assert level([(D(90), D(10))], D(1)) == 2
    assert level([(D(0), D(10))], D(1)) == D("0.5")
    assert level([], BOTH_SIDES) == 1


def test_the_ratio_to_another_meter():
    assert ratio([(D(2), D(1))] * 4) == 2
    assert ratio([(D(2), D(1))] * 2) == 1  # too few to tell
    assert ratio([(D(0), D(1))] * 4) is None
    assert ratio([(D(2), D(1)), (D(1), D(2))] * 3) is None  # they do not go together

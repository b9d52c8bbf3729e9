from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loss_core.balance import Metered, alarm_limits, compute_balance, expanded_uncertainty
from loss_core.technical import Interval, Nameplate, technical_loss

TRANSFORMER = Nameplate(D(400), D(387), D(3250))
kwh = st.decimals(0, 10**6, places=3)
signed = st.decimals(-(10**6), 10**6, places=3)
metered = st.builds(Metered, kwh, st.sampled_from([D("0.2"), D("0.5"), D(1), D(2)]))
group = st.lists(metered, max_size=6)


@pytest.mark.parametrize(
    ("nameplate", "intervals", "hours", "variation", "expected"),
    [
        # No load: only iron, 387 W for a day.
        (TRANSFORMER, [], D(24), D(0), "9.288"),
        # Rated load for one hour: P0 + Pk = 3637 W.
        (TRANSFORMER, [Interval(D(400))], D(1), D(0), "3.637"),
        # Half load: Pk goes with the square.
        (TRANSFORMER, [Interval(D(200))], D(1), D(0), "1.1995"),
        # 300 kWh and 400 kvarh are 500 kVA: 387 + 3250 * 1.5625 W.
        (TRANSFORMER, [Interval(D(300), D(400))], D(1), D(0), "5.465125"),
        # Power factor 0.8 stands in when reactive energy is not measured: 400 kVA.
        (Nameplate(D(400), D(387), D(3250), D(0), D("0.8")), [Interval(D(320))], D(1), D(0),
         "3.637"),
        # A measured zero is not "not measured".
        (Nameplate(D(400), D(387), D(3250), D(0), D("0.8")), [Interval(D(320), D(0))], D(1), D(0),
         "2.467"),
        # Quarter hour at rated load: a quarter of the load loss of the hour.
        (TRANSFORMER, [Interval(D(100), None, D("0.25"))], D("0.25"), D(0), "0.90925"),
        # The swing inside the hour: 1 + 0.3^2 on the load loss only.
        (TRANSFORMER, [Interval(D(400))], D(1), D("0.3"), "3.9295"),
        # Cable only: 0.01 ohm at 400 V is 1000 * 0.01 / 400^2 kW/kVA2.
        (Nameplate(cable_k=D("0.0000625")), [Interval(D(100))], D(1), D(0), "0.625"),
    ],
)  # fmt: skip
def test_technical_loss_by_hand(nameplate, intervals, hours, variation, expected):
    assert technical_loss(nameplate, intervals, hours, variation) == D(expected)


def test_the_default_variation_is_that_of_an_hour():
    assert technical_loss(TRANSFORMER, [Interval(D(400))], D(1)) == D("3.9295")


@pytest.mark.parametrize(
    "values",
    [
        {"power_factor": D(0)},
        {"power_factor": D("1.01")},
        {"no_load_w": D(-1)},
        {"cable_k": D("-0.1")},
        {"load_w": D(100)},
    ],
)
def test_impossible_nameplate_is_refused(values):
    with pytest.raises(ValueError):
        Nameplate(**values)


def test_energy_over_a_gap_is_spread_not_squared():
    gap = technical_loss(TRANSFORMER, [Interval(D(600), None, D(6))], D(6), D(0))
    even = technical_loss(TRANSFORMER, [Interval(D(100))] * 6, D(6), D(0))
    assert gap == even


@given(st.lists(kwh, min_size=1, max_size=24), kwh)
def test_more_load_never_loses_less(loads, extra):
    heavier = [loads[0] + extra, *loads[1:]]
    before = technical_loss(TRANSFORMER, [Interval(x) for x in loads], D(24))
    after = technical_loss(TRANSFORMER, [Interval(x) for x in heavier], D(24))
    assert after >= before >= D("9.288")


@given(signed)
def test_direction_of_flow_does_not_change_the_loss(load):
    forward, backward = (
        technical_loss(TRANSFORMER, [Interval(sign * load)], D(1)) for sign in (1, -1)
    )
    assert forward == backward


def balance(main, children, common=(), technical="0", **kwargs):
    return compute_balance(
        [Metered(D(main), D("0.5"))],
        [Metered(D(each), D(1)) for each in children],
        [Metered(D(each), D(1)) for each in common],
        D(technical),
        **kwargs,
    )


def test_balance_by_hand():
    result = balance("1000", ["600", "300"], ["50"], "20")
    assert (result.main_kwh, result.children_kwh, result.common_kwh) == (D(1000), D(900), D(50))
    assert result.unexplained_kwh == D(30)
    assert result.unexplained_percent == D(3)
    # 2/sqrt(3) * sqrt(5^2 + 6^2 + 3^2 + 0.5^2) = 2/sqrt(3) * sqrt(70.25)
    assert result.uncertainty_kwh == D("9.678154")
    assert result.band_kwh == 2 * D("9.678154")
    assert result.state == "over"


def test_the_floor_rules_when_the_meters_are_good():
    upper, lower = alarm_limits(D(1000), D(2))
    assert (upper, lower) == (D(15), D(4))


@pytest.mark.parametrize(
    ("child", "state"),
    [
        ("985", "ok"), ("984.999", "over"),
        ("1000", "ok"), ("1015", "ok"), ("1015.001", "under"),
    ],
)  # fmt: skip
def test_the_limit_itself_is_still_inside(child, state):
    assert balance("1000", [child], tolerance_percent=D("1.5")).state == state


def test_a_surplus_has_no_floor():
    meters = [Metered(D(1000), D("0.2"))]
    surplus = compute_balance(meters, [Metered(D(1010), D("0.2"))], [], D(0))
    shortage = compute_balance(meters, [Metered(D(990), D("0.2"))], [], D(0))
    assert (surplus.state, shortage.state) == ("under", "ok")


def test_nothing_in_has_no_percentage():
    result = balance("0", [])
    assert result.unexplained_percent is None
    assert result.state == "ok"
    assert balance("0", ["5"]).state == "under"


@given(group, group, group, kwh)
def test_the_difference_is_exact(sources, children, common, technical):
    result = compute_balance(sources, children, common, technical)
    parts = result.children_kwh + result.common_kwh + result.technical_kwh
    assert parts + result.unexplained_kwh == result.main_kwh


@given(group, metered)
def test_another_meter_never_makes_the_band_narrower(meters, another):
    assert expanded_uncertainty([*meters, another]) >= expanded_uncertainty(meters)


@given(metered)
def test_one_meter_band_is_the_class_limit_times_two_over_root_three(meter):
    expected = float(meter.kwh * meter.class_percent) / 100 * 2 / 3**0.5
    assert float(expanded_uncertainty([meter])) == pytest.approx(expected, abs=1e-6)

from datetime import datetime
from decimal import Decimal as D

import pytest
from convert_core.errors import ConversionError
from convert_core.gas import GasState, correction_factor, energy_factor
from convert_core.pieces import cuts, share
from convert_core.steps import Rounding, convert
from hypothesis import given
from hypothesis import strategies as st

BILL = Rounding(factor=5, standard=2, energy_factor=2, energy=2)


@pytest.mark.parametrize(
    ("gauge", "temperature", "z", "expected"),
    [
        ("21", "15", "1", "1.02073"),
        ("300", "15", "1", "1.29608"),
        ("300", "10", "1", "1.31896"),
        ("4000", "12", "0.99", "5.05025"),
    ],
)
def test_correction_factor_of_the_documents(gauge, temperature, z, expected):
    state = GasState(gauge=D(gauge), temperature=D(temperature), z=D(z))
    assert round(correction_factor(state), 5) == D(expected)


def test_a_thousand_cubic_metres_at_300_mbar_and_10_degrees():
    """Worked example: 1,000 m³, K 1.31896, 9155 kcal/Sm³ → 1,318.96 Sm³ → 14,033.94 kWh."""
    state = GasState(gauge=D(300), temperature=D(10), calorific=D(9155))
    rounding = Rounding(factor=5, standard=2, energy=2)
    steps = convert(D(1000), "m³", "kWh", state, rounding=rounding)
    assert [step.unit for step in steps] == ["m³", "Sm³", "kWh"]
    assert [step.result for step in steps[1:]] == [D("1318.96"), D("14033.94")]


def test_reference_value_is_10_64_kwh():
    assert round(energy_factor(GasState(calorific=D(9155))), 2) == D("10.64")


def test_bill_of_a_supplier_within_its_own_rounding():
    """A household's bill: 153 m³, K 1.03083, 9438.77 kcal/Sm³, printed 157.72 Sm³, 1,730.00 kWh;
    suppliers round differently on the way, hence 0.2 kWh.
    """
    state = GasState(gauge=D("31.238475"), calorific=D("9438.77"))
    steps = convert(D(153), "m³", "kWh", state, rounding=BILL)
    assert steps[1].factor == D("1.03083")
    assert steps[1].result == D("157.72")
    assert steps[2].factor == D("10.97")
    assert abs(steps[2].result - D("1730.00")) <= D("0.2")
    exact = convert(D("157.72"), "Sm³", "kWh", state)[-1].result
    assert abs(exact - D("1730.15")) <= D("0.1")


def test_corrector_counts_standard_volume_itself():
    state = GasState(gauge=D(4000), corrected=D(1))
    assert convert(D(7), "m3", "Sm3", state)[-1].result == 7


def test_pulses_litres_and_energy_units():
    state = GasState(calorific=D("860.42"))
    assert convert(D(250), "pulse", "m³", state, pulse_weight=D("0.1"))[-1].result == 25
    assert convert(D(250), "imp", "kWh", state, pulse_weight=D("0.1"))[-1].result == 25
    assert convert(D(2500), "l", "MWh", state)[-1].result == D("0.0025")
    assert convert(D(5), "MWh", "kWh", state)[-1].result == 5000
    assert len(convert(D(5), "m³", "m³", state)) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((D(1), "furlong", "kWh", GasState()), "unknown_unit"),
        ((D(1), "m³", None, GasState()), "unknown_unit"),
        ((D(1), "kWh", "m³", GasState()), "no_way"),
        ((D(1), "m³", "kWh", GasState()), "missing_parameter"),
        ((D(1), "pulse", "m³", GasState()), "missing_parameter"),
        ((D(1), "m³", "Sm³", GasState(z=D(0))), "impossible_state"),
        ((D(1), "m³", "Sm³", GasState(temperature=D("-273.15"))), "impossible_state"),
        ((D(1), "m³", "Sm³", GasState(gauge=D(-1014))), "impossible_state"),
    ],
)
def test_what_cannot_be_converted_is_named(arguments, code):
    with pytest.raises(ConversionError) as caught:
        convert(*arguments)
    assert caught.value.code == code


pressure = st.decimals(0, 20000, places=2)
celsius = st.decimals(-30, 50, places=1)


@given(pressure, celsius, st.decimals(0, 10**6, places=3), st.decimals(0, 10**6, places=3))
def test_conversion_is_linear(gauge, temperature, one, other):
    state = GasState(gauge=gauge, temperature=temperature, calorific=D(9155))
    parts = [convert(item, "m³", "kWh", state)[-1].result for item in (one, other)]
    whole = convert(one + other, "m³", "kWh", state)[-1].result
    assert abs(sum(parts) - whole) <= whole * D("1e-25")  # adding keeps 28 digits


@given(pressure, celsius)
def test_more_pressure_gives_more_and_more_heat_less(gauge, temperature):
    here = correction_factor(GasState(gauge=gauge, temperature=temperature))
    assert correction_factor(GasState(gauge=gauge + 1, temperature=temperature)) > here
    assert correction_factor(GasState(gauge=gauge, temperature=temperature + 1)) < here


def test_span_is_cut_where_parameters_change():
    days = [datetime(2026, 3, day) for day in range(1, 5)]
    assert cuts(days[0], days[3], [days[1], days[1], days[3], days[0]]) == [
        (days[0], days[1]),
        (days[1], days[3]),
    ]


@given(st.decimals(0, 10**9, places=6), st.lists(st.integers(1, 27), max_size=6, unique=True))
def test_shares_add_up_exactly(total, inside):
    spans = cuts(datetime(2026, 3, 1), datetime(2026, 3, 31), [
        datetime(2026, 3, 1 + day) for day in inside])  # fmt: skip
    parts = share(total, spans)
    assert sum(parts) == total
    assert len(parts) == len(spans)

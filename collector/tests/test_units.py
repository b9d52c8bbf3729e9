# SPDX-License-Identifier: MIT
"""Unit conversion: exact where a finite decimal exists, refused where no factor exists."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actwin_collector.model import ConfigError
from actwin_collector.units import BASE_UNITS, convert, plain


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("70677", "Wh", "kWh", "70.677"),
        ("70677", "Wh", "MWh", "0.070677"),
        ("1", "varh", "kVArh", "0.001"),
        ("1", "varh", "kvarh", "0.001"),
        ("18511.912109", "W", "kW", "18.511912109"),
        ("54.321", "m3", "l", "54321"),
        ("1.8", "m3/h", "l/s", "0.5"),
        ("1", "m3/h", "l/min", "16.666666666667"),
        ("32308000000", "J", "GJ", "32.308"),
        ("1", "kWh", "J", "3600000"),
        ("32308000000", "J", "kWh", "8974.444444444444"),
        ("1.5", "bar", "kPa", "150"),
        ("7200", "s", "h", "2"),
        ("12", "HCA", "HCA", "12"),
        ("-3", "°C", "C", "-3"),
        ("5", "", "", "5"),
        ("5", "Wh", "", "5"),
    ],
)
def test_conversion(value, source, target, expected):
    assert convert(Decimal(value), source, target) == Decimal(expected)


@pytest.mark.parametrize(
    ("source", "target"),
    [("m3", "Sm3"), ("Wh", "kW"), ("°C", "K"), ("", "kWh"), ("Wh", "varh"), ("Wh", "parsec")],
)
def test_units_of_different_measures_are_refused(source, target):
    with pytest.raises(ConfigError):
        convert(Decimal(1), source, target)


@pytest.mark.parametrize("unit", sorted(BASE_UNITS - {""}))
def test_every_base_unit_is_known(unit):
    assert convert(Decimal("1.5"), unit, unit) == Decimal("1.5")
    with pytest.raises(ConfigError):
        convert(Decimal(1), unit, "no such unit")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, max_value=10**18))
def test_there_and_back_is_the_same_number(value):
    assert convert(convert(value, "Wh", "GWh"), "GWh", "Wh") == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("0E+3", "0000"), ("-0.0", "0.0"), ("1E+3", "1000"), ("1E-7", "0.0000001"), ("-5", "-5")],
)
def test_plain_text_has_no_exponent(value, text):
    assert Decimal(plain(Decimal(value))) == Decimal(text)
    assert "E" not in plain(Decimal(value)) and not plain(Decimal(value)).startswith("-0")

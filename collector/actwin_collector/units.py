# SPDX-License-Identifier: MIT
"""Units of measure: the base units drivers give and the units channels store.

Base units carry no prefix: Wh, varh, VAh, J, m3, m3/h, kg, kg/h, W, var, VA, V, A, Hz, °C, K, bar,
s, HCA, or none. Conversion is exact as long as the result has a finite decimal form; the others
(J to Wh, m3/h to l/s) are rounded once, half even, to ``ROUND_PLACES`` decimals.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cache

from .model import ConfigError

BASE_UNITS = frozenset(
    {"Wh", "varh", "VAh", "J", "m3", "m3/h", "kg", "kg/h", "W", "var", "VA", "V", "A"}
    | {"Hz", "°C", "K", "bar", "s", "HCA", ""}
)
ROUND_PLACES = 12

# Wide enough that no number a meter can send, times a unit's factor, is ever rounded.
EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN)


def _prefixed(unit: str, *prefixes: str) -> dict[str, tuple[str, Fraction]]:
    powers = {"m": -3, "k": 3, "M": 6, "G": 9}
    table = {prefix + unit: (unit, Fraction(10) ** powers[prefix]) for prefix in prefixes}
    return table | {unit: (unit, Fraction(1))}


# unit → (what it measures, named by a base unit; how many of that base unit it is)
_UNITS: dict[str, tuple[str, Fraction]] = {
    **_prefixed("Wh", "k", "M", "G"),
    **_prefixed("varh", "k", "M"),
    **_prefixed("VAh", "k", "M"),
    **_prefixed("W", "m", "k", "M"),
    **_prefixed("var", "k", "M"),
    **_prefixed("VA", "k", "M"),
    **_prefixed("V", "m", "k"),
    **_prefixed("A", "m", "k"),
    **_prefixed("Hz", "m", "k"),
    **_prefixed("bar", "m"),
    "J": ("Wh", Fraction(1, 3600)),
    "kJ": ("Wh", Fraction(10**3, 3600)),
    "MJ": ("Wh", Fraction(10**6, 3600)),
    "GJ": ("Wh", Fraction(10**9, 3600)),
    "m3": ("m3", Fraction(1)),
    "l": ("m3", Fraction(1, 1000)),
    "m3/h": ("m3/h", Fraction(1)),
    "l/h": ("m3/h", Fraction(1, 1000)),
    "l/min": ("m3/h", Fraction(60, 1000)),
    "l/s": ("m3/h", Fraction(3600, 1000)),
    "kg": ("kg", Fraction(1)),
    "g": ("kg", Fraction(1, 1000)),
    "t": ("kg", Fraction(1000)),
    "kg/h": ("kg/h", Fraction(1)),
    "t/h": ("kg/h", Fraction(1000)),
    "Pa": ("bar", Fraction(1, 10**5)),
    "kPa": ("bar", Fraction(1, 100)),
    "°C": ("°C", Fraction(1)),
    "K": ("K", Fraction(1)),
    "s": ("s", Fraction(1)),
    "min": ("s", Fraction(60)),
    "h": ("s", Fraction(3600)),
    "d": ("s", Fraction(86400)),
    "HCA": ("HCA", Fraction(1)),
}
_ALIASES = {
    "VAr": "var",
    "kVAr": "kvar",
    "MVAr": "Mvar",
    "VArh": "varh",
    "kVArh": "kvarh",
    "MVArh": "Mvarh",
    "m³": "m3",
    "m³/h": "m3/h",
    "L": "l",
    "C": "°C",
}


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """Return ``value`` given in ``source`` expressed in ``target``.

    An empty target means the channel names no unit: the value stays as it is. Raises ConfigError
    for an unknown unit and for two units that measure different things (m3 and Sm3: a standard
    volume needs pressure and temperature, so no factor can give it).
    """
    if source == target or not target:
        return value
    ratio = _ratio(source, target)
    product = EXACT.multiply(value, Decimal(ratio.numerator))
    return divided(product, ratio.denominator)


def base_unit(unit: str) -> str:
    """Return the base unit of what ``unit`` measures; raises ConfigError for an unknown one."""
    return _known(unit)[0]


def divided(number: Decimal, divisor: int) -> Decimal:
    """Return number / divisor: exact when that is a finite decimal, else with ROUND_PLACES."""
    quotient = EXACT.divide(number, Decimal(divisor))
    if _is_finite(Fraction(number) / divisor):
        return quotient
    return quotient.quantize(Decimal(1).scaleb(-ROUND_PLACES), context=EXACT)


def _is_finite(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def plain(value: Decimal) -> str:
    """Return the decimal text of ``value`` without exponent, and no minus sign before a zero."""
    return format(value if value else abs(value), "f")


@cache
def _ratio(source: str, target: str) -> Fraction:
    have, of = _known(source), _known(target)
    if have[0] != of[0]:
        raise ConfigError(f"{source or 'a number without unit'} cannot be converted to {target}")
    return have[1] / of[1]


def _known(unit: str) -> tuple[str, Fraction]:
    try:
        return _UNITS[_ALIASES.get(unit, unit)]
    except KeyError:
        raise ConfigError(f"unknown unit {unit!r}") from None

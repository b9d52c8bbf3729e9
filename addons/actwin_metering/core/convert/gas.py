"""Gas: from the volume a meter counts at line conditions to standard volume and energy.

    K   = P / Pb × Tb / T × Zb / Z        P, Pb absolute pressure; T, Tb in kelvin
    Sm³ = V × K
    kWh = Sm³ × H / 860.42                H: upper calorific value in kcal/Sm³

Source: the gas law with compressibility, as natural-gas distribution practice in Turkey states it
(base 1.01325 bar and 15 °C = 288.15 K; 860.42 kcal make 1 kWh, so that the reference value of
9155 kcal/Sm³ is 10.64 kWh/Sm³). An electronic corrector counts Sm³ itself: K = 1 there.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from .errors import ConversionError

KELVIN = Decimal("273.15")
KCAL_PER_KWH = Decimal("860.42")
PRECISION = 40
"""Digits of the quotients: far more than any bill shows, so that no rounding hides in them."""


@dataclass(frozen=True, slots=True)
class GasState:
    """Condition of the gas at the meter, and the base it is referred to.

    Pressures in mbar, ``gauge`` above ``atmospheric``; temperatures in °C; ``z`` and ``base_z``
    compressibility; ``calorific`` the upper calorific value in kcal/Sm³, None when it is not
    known; ``corrected``: the meter counts Sm³ itself.
    """

    gauge: Decimal = Decimal(0)
    atmospheric: Decimal = Decimal("1013.25")
    temperature: Decimal = Decimal(15)
    z: Decimal = Decimal(1)
    base_pressure: Decimal = Decimal("1013.25")
    base_temperature: Decimal = Decimal(15)
    base_z: Decimal = Decimal(1)
    calorific: Decimal | None = None
    corrected: Decimal = Decimal(0)


def correction_factor(state):
    """K, to 40 digits. Raises ConversionError for a state no gas can be in."""
    if state.corrected:
        return Decimal(1)
    pressure = state.gauge + state.atmospheric
    kelvin, base_kelvin = state.temperature + KELVIN, state.base_temperature + KELVIN
    for name, value in (
        ("gauge", pressure),
        ("base_pressure", state.base_pressure),
        ("temperature", kelvin),
        ("base_temperature", base_kelvin),
        ("z", state.z),
        ("base_z", state.base_z),
    ):
        if value <= 0:
            raise ConversionError("impossible_state", name)
    with localcontext() as exact:
        exact.prec = PRECISION
        above = pressure * base_kelvin * state.base_z
        return above / (state.base_pressure * kelvin * state.z)


def energy_factor(state):
    """kWh of one Sm³, to 40 digits."""
    if state.calorific is None or state.calorific <= 0:
        raise ConversionError("missing_parameter", "calorific")
    with localcontext() as exact:
        exact.prec = PRECISION
        return state.calorific / KCAL_PER_KWH

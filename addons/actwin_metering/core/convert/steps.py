"""The steps from counted pulses or cubic metres to the unit asked for, each on record."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from .errors import ConversionError
from .gas import PRECISION, correction_factor, energy_factor

UNITS = {
    "m3": "m³", "m³": "m³", "sm3": "Sm³", "sm³": "Sm³", "l": "l", "wh": "Wh", "kwh": "kWh",
    "mwh": "MWh", "pulse": "pulse", "imp": "pulse",
}  # fmt: skip
_KWH = {"Wh": Decimal("0.001"), "kWh": Decimal(1), "MWh": Decimal(1000)}


@dataclass(frozen=True, slots=True)
class Step:
    """What was multiplied by which factor, and what came out."""

    name: str
    factor: Decimal
    result: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Rounding:
    """Decimals at which a supplier rounds on its bill; None leaves the exact figure."""

    factor: int | None = None
    standard: int | None = None
    energy_factor: int | None = None
    energy: int | None = None


EXACT = Rounding()


def unit_name(unit):
    """The one way a unit is written here. Raises ConversionError for one that is not known."""
    try:
        return UNITS[unit.strip().lower()]
    except (KeyError, AttributeError) as error:
        raise ConversionError("unknown_unit", str(unit)) from error


def convert(quantity, unit, target, state, pulse_weight=None, rounding=EXACT):
    """Convert a counted quantity; returns [Step…], the last of which holds the result.

    :param quantity: Decimal in ``unit``: pulses, l, m³ at line conditions, Sm³, Wh, kWh or MWh
    :param target: m³, Sm³, Wh, kWh or MWh
    :param state: ``gas.GasState``
    :param pulse_weight: what a pulse stands for, in m³
    :param rounding: where a supplier rounds; by default nowhere
    """
    way = _Way(quantity, unit_name(unit))
    target = unit_name(target)
    if way.unit == "l" and target != "l":
        way.times("l", Decimal("0.001"), "m³")
    elif way.unit == "pulse" and target != "pulse":
        if not pulse_weight or pulse_weight <= 0:
            raise ConversionError("missing_parameter", "pulse_weight")
        way.times("pulse_weight", pulse_weight, "m³")
    if way.unit == "m³" and target in ("Sm³", *_KWH):
        way.times("K", _rounded(correction_factor(state), rounding.factor), "Sm³",
                  rounding.standard)  # fmt: skip
    if way.unit == "Sm³" and target in _KWH:
        way.times("calorific", _rounded(energy_factor(state), rounding.energy_factor), "kWh",
                  rounding.energy)  # fmt: skip
    if way.unit in _KWH and target in _KWH and way.unit != target:
        way.times(way.unit, _KWH[way.unit] / _KWH[target], target)
    if way.unit != target:
        raise ConversionError("no_way", f"{way.unit} → {target}")
    return way.steps


class _Way:
    """A quantity on its way from unit to unit."""

    def __init__(self, quantity, unit):
        self.quantity, self.unit = quantity, unit
        self.steps = [Step("counted", Decimal(1), quantity, unit)]

    def times(self, name, factor, unit, decimals=None):
        with localcontext() as exact:
            exact.prec = PRECISION
            self.quantity = _rounded(self.quantity * factor, decimals)
        self.unit = unit
        self.steps.append(Step(name, factor, self.quantity, unit))


def _rounded(value, decimals):
    if decimals is None:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

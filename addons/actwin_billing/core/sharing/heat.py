"""Heating and hot water of a central plant.

Source: law 5627 art. 7 and the by-law on sharing the costs of central heating and hot water
(Merkezi Isıtma ve Sıhhi Sıcak Su Sistemlerinde Isınma ve Sıhhi Sıcak Su Giderlerinin
Paylaştırılmasına İlişkin Yönetmelik, RG 14.4.2008/26847): 70 % by metered consumption, 30 % by
closed usable area; no consumption counts as less than a reference; of a combined boiler the hot
water is worked out first and the rest is heating.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from ..errors import CaseError
from ..money import ZERO, rounded, text
from .divide import divide
from .model import Share

AREA = "area_m2"
ESTIMATED_LIMIT = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Rule:
    """Dated parameters of the by-law.

    ``metered`` share by consumption; ``minimum_factor`` times the mean consumption a square metre
    is the least that counts (0: off); ``unit_digits`` rounds the price of a unit as some managers
    do, and leaves a difference; ``estimated_limit``: with more of the area estimated everything
    goes by area.
    """

    metered: Decimal = Decimal("0.70")
    minimum_factor: Decimal = ZERO
    unit_digits: int | None = None
    estimated_limit: Decimal = ESTIMATED_LIMIT


@dataclass(frozen=True, slots=True)
class HeatBill:
    """Shares of heating, what rounding the unit price left over, and notes worth showing."""

    shares: tuple[Share, ...]
    difference: Decimal
    notes: tuple[str, ...]


def heating(key, amount, parts, rule=None, digits=2):
    """HeatBill of a sum among parts; Σ shares + difference == amount."""
    rule, notes = rule or Rule(), []
    areas = [_area(part) * part.time for part in parts]
    metered = rule.metered
    if _estimated_share(parts) > rule.estimated_limit:
        metered = ZERO
        notes.append("too much of the area is estimated: everything goes by area")
    by_use, by_area = divide(amount, [metered, 1 - metered], digits)
    raised, fixed = _counted(parts, rule), divide(by_area, areas, digits)
    used, unit = _by_use(by_use, raised, rule, digits)
    shares = tuple(
        Share(key, part.unit.key, part.payer, used[at] + fixed[at], raised[at],
              sum(raised, ZERO), part.vacant, {
                  "key": "heat", "by_consumption": text(used[at]), "by_area": text(fixed[at]),
                  "consumption": text(part.consumption or ZERO), "counted": text(raised[at]),
                  "unit_price": text(rounded(unit, 6)), "area_m2": text(_area(part)),
                  "estimated": part.unit.estimated})
        for at, part in enumerate(parts)
    )
    return HeatBill(shares, amount - sum((item.amount for item in shares), ZERO), tuple(notes))


def _by_use(amount, counted, rule, digits):
    """(parts by consumption, price of a unit)."""
    whole = sum(counted, ZERO)
    if not whole:
        if amount:
            raise CaseError("heating", "no unit has any consumption")
        return [ZERO] * len(counted), ZERO
    unit = amount / whole
    if rule.unit_digits is None:
        return divide(amount, counted, digits), unit
    unit = rounded(unit, rule.unit_digits)
    return [rounded(unit * value, digits) for value in counted], unit


def _counted(parts, rule):
    """Consumption that counts: at the least factor × mean of the building × own area.

    Vacant flats keep their heat as well, so the reference holds for them too.
    """
    used = [part.consumption or ZERO for part in parts]
    for part in parts:
        if part.consumption is None and not part.vacant:
            raise CaseError("heating", f"unit {part.unit.key} has no consumption")
    areas = [_area(part) * part.time for part in parts]
    mean = sum(used, ZERO) / sum(areas, ZERO) if any(areas) else ZERO
    least = mean * rule.minimum_factor
    return [max(value, least * area) for value, area in zip(used, areas, strict=True)]


def _area(part):
    value = part.facts.get(AREA)
    if value is None:
        raise CaseError("heating", f"unit {part.unit.key} has no {AREA}")
    return value


def _estimated_share(parts):
    areas = {part.unit.key: (_area(part), part.unit.estimated) for part in parts}
    whole = sum((area for area, _flag in areas.values()), ZERO)
    return sum((area for area, flag in areas.values() if flag), ZERO) / whole if whole else ZERO


def estimated(units, history):
    """Units with the consumption of missing or faulty devices estimated.

    :param history: {unit: consumption of the same month of an earlier season, scaled by degree
        days}; without one the mean of the measured units for each square metre is taken.
    """
    measured = [unit for unit in units if unit.consumption is not None]
    area = sum((unit.facts[AREA] for unit in measured), ZERO)
    mean = sum((unit.consumption for unit in measured), ZERO) / area if area else None
    found = []
    for unit in units:
        if unit.consumption is None:
            value = history.get(unit.key)
            if value is None and mean is None:
                raise CaseError("heating", "no device of the building was read")
            value = unit.facts[AREA] * mean if value is None else value
            unit = replace(unit, consumption=value, estimated=True)
        found.append(unit)
    return found


HOT_WATER = {
    # energy of a cubic metre in kWh at (temperature − 10 K)
    "practice": lambda kelvin: Decimal("1.2") * 1000 * kelvin * Decimal("0.001163"),
    "thermodynamic": lambda kelvin: Decimal("4.186") * 1000 * kelvin / 3600,
    "heizkosten": lambda kelvin: Decimal("2.5") * kelvin,
}
COLD = Decimal(10)


def hot_water_kwh(volume_m3, temperature, formula="practice"):
    """kWh that warming a volume of water took; the formula is a choice of the building."""
    return volume_m3 * HOT_WATER[formula](temperature - COLD)


def gas_for_hot_water(temperature):
    """m³ of gas for a m³ of hot water, as practice has it: 1.2 × 1000 × (T − 10) / 8250."""
    return Decimal("1.2") * 1000 * (temperature - COLD) / 8250


def combined(amount, fuel_kwh, volume_m3, temperature, formula="practice", digits=2):
    """(cost of hot water, cost of heating) of a combined boiler; Σ == amount."""
    warm = hot_water_kwh(volume_m3, temperature, formula)
    if fuel_kwh <= 0 or warm > fuel_kwh:
        raise CaseError("hot_water", f"{text(rounded(warm, 1))} kWh of hot water is more than the"
                                     f" fuel's {text(rounded(fuel_kwh, 1))} kWh")
    water = rounded(amount * warm / fuel_kwh, digits)
    return water, amount - water

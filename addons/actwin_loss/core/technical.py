"""Technical loss of a node from its nameplate data and its hourly energies.

Per interval of h hours, with S the apparent power in kVA at the node's main meter:

    L [kWh] = h * (P0/1000 + (Pk/1000 * (S/Sn)^2 + k * S^2) * (1 + cv^2))

P0 no-load loss in W, Pk load loss in W at rated power Sn in kVA, k all cable runs of the
node together in kW/kVA2. An hourly mean hides the swing inside the hour, which costs more
than the mean because loss goes with the square: mean(S^2) = mean(S)^2 * (1 + cv^2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

PLACES = Decimal("0.000001")
"""The one rounding of a computed energy: 1 mWh. Metered energies are never rounded."""

HOURLY_CV = Decimal("0.3")
"""Coefficient of variation of the load inside one hour, when nothing better is known."""

PRECISION = 40
W_PER_KW = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a node loses by construction. Zero rated power means: no transformer."""

    rated_kva: Decimal = Decimal(0)
    no_load_w: Decimal = Decimal(0)
    load_w: Decimal = Decimal(0)
    cable_k: Decimal = Decimal(0)
    power_factor: Decimal = Decimal(1)

    def __post_init__(self):
        if not 0 < self.power_factor <= 1:
            raise ValueError("the power factor lies above 0 and at most at 1")
        if min(self.rated_kva, self.no_load_w, self.load_w, self.cable_k) < 0:
            raise ValueError("nameplate values are not negative")
        if self.load_w and not self.rated_kva:
            raise ValueError("a load loss needs the rated power it was measured at")

    @property
    def square_factor(self) -> Decimal:
        """kW lost per kVA2 of load."""
        transformer = Decimal(0)
        if self.rated_kva:
            transformer = self.load_w / W_PER_KW / (self.rated_kva * self.rated_kva)
        return transformer + self.cable_k


@dataclass(frozen=True, slots=True)
class Interval:
    """Energy through the main meter in one interval.

    reactive_kvarh None: not measured, the node's power factor is assumed instead.
    """

    active_kwh: Decimal
    reactive_kvarh: Decimal | None = None
    hours: Decimal = Decimal(1)


def technical_loss(
    nameplate: Nameplate,
    intervals: Iterable[Interval],
    hours: Decimal,
    variation: Decimal = HOURLY_CV,
) -> Decimal:
    """Technical loss in kWh over ``hours`` hours, rounded once to 1 mWh.

    ``hours`` is how long the node was energised: the no-load loss runs all that time,
    whether or not energy was drawn. ``variation`` is 0 for intervals of 15 minutes or less.
    """
    with localcontext() as context:
        context.prec = PRECISION
        load = sum((_load_square(nameplate, each) for each in intervals), Decimal(0))
        load *= nameplate.square_factor * (1 + variation * variation)
        total = nameplate.no_load_w / W_PER_KW * hours + load
        return total.quantize(PLACES, rounding=ROUND_HALF_EVEN)


def _load_square(nameplate: Nameplate, interval: Interval) -> Decimal:
    """S^2 * h of one interval, in kVA2h."""
    active_square = interval.active_kwh * interval.active_kwh
    if interval.reactive_kvarh is None:
        apparent_square = active_square / (nameplate.power_factor * nameplate.power_factor)
    else:
        apparent_square = active_square + interval.reactive_kvarh * interval.reactive_kvarh
    return apparent_square / interval.hours

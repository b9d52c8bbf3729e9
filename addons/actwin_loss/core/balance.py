"""Balance of a node: what went in, what was metered out, and what nothing explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from .technical import PLACES, PRECISION

FLOOR_PERCENT = Decimal("1.5")
"""Below this share of the input no shortage is called one, however good the meters are."""

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy of one meter and its accuracy class in percent, current transformers included."""

    kwh: Decimal
    class_percent: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    """Result in kWh; ``unexplained_percent`` is None when nothing went in."""

    main_kwh: Decimal
    children_kwh: Decimal
    common_kwh: Decimal
    technical_kwh: Decimal
    unexplained_kwh: Decimal
    unexplained_percent: Decimal | None
    uncertainty_kwh: Decimal
    band_kwh: Decimal
    state: str


def compute_balance(
    sources: Sequence[Metered],
    children: Sequence[Metered],
    common: Sequence[Metered],
    technical_kwh: Decimal,
    tolerance_percent: Decimal | None = None,
) -> Balance:
    """Balance B = sources - children - common - technical.

    The difference is exact. ``tolerance_percent`` of the input replaces the computed band
    in both directions when the operator set one.
    """
    main, consumed, shared = (
        sum((each.kwh for each in group), Decimal(0)) for group in (sources, children, common)
    )
    unexplained = main - consumed - shared - technical_kwh
    uncertainty = expanded_uncertainty([*sources, *children, *common])
    upper, lower = alarm_limits(main, uncertainty, tolerance_percent)
    return Balance(
        main_kwh=main,
        children_kwh=consumed,
        common_kwh=shared,
        technical_kwh=technical_kwh,
        unexplained_kwh=unexplained,
        unexplained_percent=_percent(unexplained, main),
        uncertainty_kwh=uncertainty,
        band_kwh=upper,
        state=classify(unexplained, upper, lower),
    )


def expanded_uncertainty(meters: Sequence[Metered]) -> Decimal:
    """u = 2/sqrt(3) * sqrt(sum (E*a)^2) in kWh, rounded once to 1 mWh.

    A class limit is a rectangular distribution (divide by sqrt 3); 2 is the coverage factor.
    """
    with localcontext() as context:
        context.prec = PRECISION
        square = sum(((m.kwh * m.class_percent / HUNDRED) ** 2 for m in meters), Decimal(0))
        return (2 * (square / 3).sqrt()).quantize(PLACES, rounding=ROUND_HALF_EVEN)


def alarm_limits(
    main_kwh: Decimal, uncertainty_kwh: Decimal, tolerance_percent: Decimal | None = None
) -> tuple[Decimal, Decimal]:
    """(shortage limit, surplus limit) in kWh, both positive.

    A shortage counts above max(2u, 1.5 % of the input). More metered out than in has no
    natural cause, so that side has no floor and counts above 2u.
    """
    if tolerance_percent is not None:
        limit = abs(main_kwh) * tolerance_percent / HUNDRED
        return limit, limit
    meters = 2 * uncertainty_kwh
    return max(meters, abs(main_kwh) * FLOOR_PERCENT / HUNDRED), meters


def classify(unexplained_kwh: Decimal, upper_kwh: Decimal, lower_kwh: Decimal) -> str:
    """'over': energy is missing; 'under': more came out than went in; else 'ok'."""
    if unexplained_kwh > upper_kwh:
        return "over"
    return "under" if unexplained_kwh < -lower_kwh else "ok"


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    if not whole:
        return None
    with localcontext() as context:
        context.prec = PRECISION
        return (HUNDRED * part / whole).quantize(PLACES, rounding=ROUND_HALF_EVEN)

"""Values for missed readings: a shape, scaled to exactly what the register says they sum to."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

LINEAR, LIKE_DAY, FLAT, EXTRAPOLATED = "linear", "like_day", "flat", "extrapolated"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Consumption of each missed slot and how it was found; ``exact``: scaled to the register."""

    parts: tuple
    method: str
    exact: bool


def spread(total, weights, decimals):
    """Cut ``total`` in proportion to ``weights``, into parts of ``decimals`` decimals.

    Each part is the difference of two rounded running sums, so the parts add up exactly.
    Raises ValueError when no weight is above zero.
    """
    if not weights or any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("nothing to go by")
    step = Decimal(1).scaleb(-decimals)
    whole, parts, run, before = sum(weights), [], Decimal(0), Decimal(0)
    with localcontext() as exact:
        exact.prec = 60
        for weight in weights[:-1]:
            run += weight
            reached = (total * run / whole).quantize(step, ROUND_HALF_UP)
            parts.append(reached - before)
            before = reached
        parts.append(total - before)
    return parts


def estimate(slots, total, shape, linear_slots, decimals=3, rate=None):
    """Consumption of ``slots`` missed intervals.

    :param total: what the register moved over the gap, None when the gap is still open
    :param shape: mean consumption of the same slots on like days, None for slots without any
    :param linear_slots: gaps up to this length are spread evenly (practice: 2 to 4 hours)
    :param rate: consumption of an interval to go by when nothing else is known
    :return: ``Estimate``, or None when there is nothing to go by
    """
    if slots <= 0:
        return None
    known = shape is not None and None not in shape and sum(shape) > 0
    if total is not None:
        if known and slots > linear_slots:
            return Estimate(tuple(spread(total, shape, decimals)), LIKE_DAY, True)
        method = LINEAR if slots <= linear_slots else FLAT
        return Estimate(tuple(spread(total, [Decimal(1)] * slots, decimals)), method, True)
    step = Decimal(1).scaleb(-decimals)
    if known:
        parts = tuple(part.quantize(step, ROUND_HALF_UP) for part in shape)
        return Estimate(parts, EXTRAPOLATED, False)
    if rate is None:
        return None
    return Estimate((rate.quantize(step, ROUND_HALF_UP),) * slots, EXTRAPOLATED, False)

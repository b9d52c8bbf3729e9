"""Values for missed readings: a shape, scaled to exactly what the register says they sum to."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext


@dataclass(frozen=True, slots=True)
class Shape:
    """What each missed interval used, as far as ``method`` can tell.

    :param parts: Decimal of each interval, in the register's unit before the multiplier
    :param sources: what it was taken from: keys of channels, days
    :param level: whether the amounts mean anything, or only their proportions do
    """

    parts: tuple
    method: str
    sources: tuple = ()
    level: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """Consumption of each missed interval and how it was found; ``exact``: scaled to the total."""

    parts: tuple
    method: str
    exact: bool
    sources: tuple = field(default=())


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


def settle(shape, total, decimals=3):
    """The estimate that a shape gives, scaled to ``total``.

    :param total: what the register says the intervals sum to, None when it says nothing
    :return: ``Estimate``, or None when the shape tells nothing: neither a total nor a level of its
        own, or a total above zero spread over nothing
    """
    parts = [max(part, Decimal(0)) for part in shape.parts]
    if total is None:
        if not shape.level:
            return None
        step = Decimal(1).scaleb(-decimals)
        found = tuple(part.quantize(step, ROUND_HALF_UP) for part in parts)
        return Estimate(found, shape.method, False, shape.sources)
    if not sum(parts):
        if total:
            return None
        return Estimate((Decimal(0),) * len(parts), shape.method, True, shape.sources)
    return Estimate(tuple(spread(total, parts, decimals)), shape.method, True, shape.sources)

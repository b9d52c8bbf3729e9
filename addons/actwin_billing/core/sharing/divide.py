"""A sum divided in proportion to weights so that the parts add up to it exactly."""

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from ..money import ZERO


def divide(total, weights, digits=2):
    """Parts of ``total`` by largest remainder, Σ parts == total.

    Every part is first rounded down; what is left goes, one smallest coin each, to the parts that
    lost most. Among equals the smaller weight comes first, then the earlier one. Weights must not
    be negative. All weights zero: ValueError, because nobody could be named to pay.

    :param total: Decimal with no more than ``digits`` decimals; may be negative
    """
    whole = sum(map(Fraction, weights), Fraction(0))
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is negative")
    if not whole:
        if total:
            raise ValueError("all weights are zero")
        return [ZERO] * len(weights)
    coin = Decimal(1).scaleb(-digits)
    coins = Fraction(abs(total) / coin)
    if coins.denominator != 1:
        raise ValueError(f"{total} has more than {digits} decimals")
    exact = [coins * Fraction(weight) / whole for weight in weights]
    parts = [share.__floor__() for share in exact]
    order = sorted(
        range(len(weights)), key=lambda at: (parts[at] - exact[at], weights[at], at))
    for at in order[: int(coins) - sum(parts)]:
        parts[at] += 1
    sign = -1 if total < 0 else 1
    return [(sign * part * coin).quantize(coin, ROUND_FLOOR) for part in parts]

"""Exact decimals and the one rounding function of the suite."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
ZERO = Decimal(0)


def rounded(value, digits=2, mode="half_up"):
    """``value`` rounded to ``digits`` decimals.

    half_up moves a tie away from zero (also for negative amounts, so that a correction is the
    exact mirror of the bill it corrects); half_even is the banker's rule some suppliers use.
    """
    with localcontext() as context:
        context.prec = 60
        result = value.quantize(Decimal(1).scaleb(-digits), rounding=MODES[mode])
    return result if result else abs(result)


def shares(total, weights, digits):
    """Split ``total`` in proportion to ``weights``, rounded to ``digits``, Σ parts == total.

    What rounding leaves over goes to the part with the greatest weight (the first one on a tie).
    All weights zero: the last part takes everything.
    """
    if not weights:
        return []
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO] * (len(weights) - 1) + [total]
    parts = [rounded(total * weight / whole, digits) for weight in weights]
    biggest = max(range(len(parts)), key=lambda index: (abs(weights[index]), -index))
    parts[biggest] += total - sum(parts, ZERO)
    return parts


def to_step(value, step):
    """The nearest multiple of ``step``; a tie goes away from zero."""
    return rounded(value / step, 0) * step


def text(value):
    """Plain notation without exponent; the scale is kept (2.50 stays 2.50)."""
    return format(value, "f")

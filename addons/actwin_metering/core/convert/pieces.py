"""Parts of a span with one set of parameters each, and what was consumed in them."""

from decimal import ROUND_HALF_UP, Decimal


def cuts(start, end, changes):
    """[(start, end)…] of a span that is cut wherever a parameter changes inside it."""
    inside = sorted({moment for moment in changes if start < moment < end})
    edges = [start, *inside, end]
    return list(zip(edges, edges[1:], strict=False))


def share(total, spans, decimals=6):
    """Cut ``total`` in proportion to the length of spans, the parts adding up exactly.

    For registers read only at the ends of a period: the practice of suppliers is the day-weighted
    mean of the parameters.
    """
    whole = Decimal(str(sum((end - start).total_seconds() for start, end in spans)))
    step, parts, run, before = Decimal(1).scaleb(-decimals), [], Decimal(0), Decimal(0)
    for start, end in spans[:-1]:
        run += Decimal(str((end - start).total_seconds()))
        reached = (total * run / whole).quantize(step, ROUND_HALF_UP)
        parts.append(reached - before)
        before = reached
    return [*parts, total - before]

"""Energy at the market's price: PTF and YEKDEM with factors, hour by hour or by their means.

Source: last-resort supply communiqué art. 6 (SKTT) for the mean of a consumer without hourly
readings: the mean over the days of the period of each day's PTF, weighted by what was matched;
YEKDEM by the days of the period in each month.
"""

from decimal import Decimal
from operator import mul

from ..errors import MissingQuantity
from ..money import ZERO, text
from ..periods import days
from .base import Charge
from .measured import billed

MWH = Decimal(1000)
WAYS = ("", "hour", "mean")


def market(context, component):
    """Charges kWh × ((a·PTF + b·YEKDEM) / 1000 + price); the reading is the quantity.

    With a profile the price is the mean over its hours, weighted by its energy.
    """
    quantity, inputs = billed(context, component)
    span, shape = context.span, component.market
    series = None if shape.by == "mean" else context.case.profile.get(component.quantity)
    if shape.by == "hour" and (series is None or component.band):
        raise MissingQuantity("the hourly price needs the profile of the whole register",
                              register=component.quantity)
    how, ptf, yekdem = _hourly(context, series) if series and not component.band \
        else _means(context)
    unit = (shape.ptf * ptf + shape.yekdem * yekdem) / MWH + component.price
    inputs = {
        **inputs, "price_by": how, "ptf": text(ptf), "yekdem": text(yekdem),
        "ptf_factor": text(shape.ptf), "yekdem_factor": text(shape.yekdem),
        "added": text(component.price), "from": span.start.isoformat(),
        "to": span.end.isoformat(),
    }
    return [Charge(quantity, inputs, price=unit)]


def _hourly(context, series):
    """Means of the span weighted by the energy of each hour."""
    span, prices = context.span, context.case.market
    window = series.window(span.start, span.end).hourly()
    ptf = _window(prices.ptf, window.start, window.end, "ptf")
    total = window.total()
    if total is None or len(ptf.values) != len(window.values) or None in ptf.values:
        raise MissingQuantity("the hourly price needs every hour's energy and PTF",
                              register="market.ptf")
    if not total:
        return _means(context)
    weighted = sum(map(mul, window.values, ptf.values), ZERO)
    yekdem = sum(
        (window.window(begin, stop).total() * price
         for begin, stop, price in _yekdem(context)), ZERO)
    return "hour", weighted / total, yekdem / total


def _means(context):
    span, prices = context.span, context.case.market
    ptf = prices.ptf_mean
    if ptf is None:
        ptf = _mean_of_days(
            _window(prices.ptf, span.start, span.end, "ptf"),
            prices.matched and _window(prices.matched, span.start, span.end, "matched"))
    length = days(span.start, span.end)
    yekdem = sum(
        (days(begin, stop) * price for begin, stop, price in _yekdem(context)), ZERO) / length
    return "mean", ptf, yekdem


def _window(series, start, end, name):
    if series is None or not series.covers(start, end):
        raise MissingQuantity(
            f"no market.{name} for all of {start.isoformat()} … {end.isoformat()}",
            register=f"market.{name}")
    return series.window(start, end)


def _mean_of_days(ptf, matched):
    """Mean over the days of each day's PTF, weighted by the matched volume where it is known."""
    size = 24 * 60 // ptf.minutes
    means = []
    for at in range(0, len(ptf.values), size):
        prices = ptf.values[at : at + size]
        weights = matched.values[at : at + size] if matched else [Decimal(1)] * len(prices)
        if None in prices or None in weights or not sum(weights):
            raise MissingQuantity("a day's PTF is not known", register="market.ptf")
        means.append(sum(map(mul, prices, weights), ZERO) / sum(weights, ZERO))
    return sum(means, ZERO) / len(means)


def _yekdem(context):
    """[(start, end, price)] of the span."""
    span, rows = context.span, context.case.market.yekdem
    stops = [row[0] for row in rows[1:]] + [span.end]
    found = [
        (max(begin, span.start), min(stop, span.end), price)
        for (begin, price), stop in zip(rows, stops, strict=False)
        if begin < span.end and stop > span.start
    ]
    if rows and (not found or found[0][0] > span.start):
        raise MissingQuantity("no YEKDEM price for the beginning of the period",
                              register="market.yekdem")
    return found

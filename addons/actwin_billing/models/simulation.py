from collections import namedtuple
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from ..core.kinds.base import measured
from ..core.money import ZERO
from .facts.period import Period

Offer = namedtuple("Offer", "key tariff version")
"""A tariff to be tried: by its dated versions, or by one version as if it were always valid."""

Month = namedtuple("Month", "period total untaxed consumption unit lines problems")
"""What a month would have cost; ``total`` is None when it cannot be told."""


class ActwinTariffSimulation(models.AbstractModel):
    """Prices past months of a subscriber by other tariffs. Nothing is written.

    It gathers the same facts and asks the same core as a bill does, so what it shows is what a
    bill would say. What waits for a bill (adjustments, carried rounding) is left out.
    """

    _name = "actwin.tariff.simulation"
    _description = "Simulation of Tariffs"

    @api.model
    def _periods(self, subscription, last_day, count):
        """Periods of the ``count`` calendar months up to ``last_day`` that the subscription has."""
        zone, periods = subscription.site_id.tz or "UTC", []
        last = last_day
        for _number in range(count):
            first = last.replace(day=1)
            begin = max(first, subscription.date_from)
            stop = min(last, subscription.date_to or last)
            if begin <= stop:
                periods.insert(0, Period(begin, stop, zone))
            last = first - timedelta(days=1)
        return periods

    @api.model
    def _last_full_month(self):
        """Last day of the last month that is over."""
        return fields.Date.context_today(self).replace(day=1) - timedelta(days=1)

    @api.model
    def _simulate(self, subscription, offers, periods):
        """{key of the offer: [Month…]} parallel to ``periods``."""
        facts_model = self.env["actwin.bill.facts"]
        requests = [
            facts_model._request(subscription, period, offer.tariff, offer.version)
            for offer in offers for period in periods
        ]
        found = facts_model._facts_of(requests)
        months = [self._month(facts) for facts in found]
        size = len(periods)
        return {
            offer.key: months[at * size : (at + 1) * size] for at, offer in enumerate(offers)
        }

    def _month(self, facts):
        answer = self.env["actwin.bill.facts"]._price(facts)
        period = facts["period"]
        problems = list(dict.fromkeys(message for _code, message, _data in facts["problems"]))
        if answer is None:
            return Month(period, None, None, ZERO, "", [], problems)
        register, unit = facts["main"]
        use = measured(facts["whole"], register) if register else ZERO
        totals = answer["totals"]
        return Month(period, Decimal(totals["total"]), Decimal(totals["untaxed"]), use, unit,
                     answer["lines"], problems)

    @api.model
    def _by_component(self, months):
        """[{key, name, unit, quantity, amount}] of all lines of the months, most costly first."""
        sums = {}
        for month in months:
            for line in month.lines:
                row = sums.setdefault(line["key"], {
                    "key": line["key"], "name": line["label"], "unit": line["unit"],
                    "quantity": ZERO, "amount": ZERO})
                row["quantity"] += Decimal(line["quantity"])
                row["amount"] += Decimal(line["amount"])
        return sorted(sums.values(), key=lambda row: -abs(row["amount"]))

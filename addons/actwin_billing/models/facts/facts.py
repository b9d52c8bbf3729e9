from collections import namedtuple
from decimal import Decimal

from odoo import api, models

from ...const import BANDS, REGISTERS
from ...core.model import DEMAND
from ...core.money import rounded, text
from ..tariff.version_facts import Prices
from .needs import Needs
from .period import Period

Request = namedtuple("Request", "subscription tariff versions period always")
"""What is to be priced: a subscription by versions of a tariff over a period.

``always`` takes the versions as valid at any time, as the preview of one does.
"""


class ActwinBillFacts(models.AbstractModel):
    """Gathers what the calculation core needs for many subscriptions with few queries."""

    _name = "actwin.bill.facts"
    _description = "Facts of Control Invoices"

    @api.model
    def _decimal(self, value, digits):
        """Decimal of a field value that was stored with ``digits`` decimals."""
        return rounded(Decimal(repr(float(value))), digits)

    @api.model
    def _period(self, run, subscription):
        """Days of the run that the subscription covers."""
        return Period(
            max(run.date_from, subscription.date_from),
            min(run.date_to, subscription.date_to or run.date_to),
            subscription.site_id.tz or "UTC",
        )

    @api.model
    def _request(self, subscription, period, tariff=None, version=None):
        """Request for a subscription by its own tariff, another one, or one version of it."""
        tariff = tariff or subscription.tariff_id
        versions = version or tariff.version_ids.filtered(lambda item: not item.draft)
        return Request(subscription, tariff, versions, period, bool(version))

    @api.model
    def _gather(self, run, subscriptions, history=()):
        """{subscription: facts} of the bills of a run, with what waits to be billed.

        :param history: {subscription id: [earlier bill, newest first]}, for the carried rounding
        """
        facts = dict(zip(
            subscriptions, self._facts_of(self._requests(run, subscriptions)), strict=True))
        self._add_waiting(facts, dict(history))
        return facts

    @api.model
    def _facts_of(self, requests):
        """[facts] parallel to ``requests``: {period, case, readings, problems, estimated,
        replaced, rollovers, adjustments, sessions}; ``case`` is the JSON object of the core,
        ``problems`` are (code, message, parameters)."""
        plans = self._planned(requests)
        self._validate(plans)
        series, profiles = self._series(plans), self._profiles(plans)
        return [self._facts(plan, series, profiles) for plan in plans]

    def _requests(self, run, subscriptions):
        return [self._request(item, self._period(run, item)) for item in subscriptions]

    def _plans(self, run, subscriptions):
        """What the bills of a run would need."""
        return self._planned(self._requests(run, subscriptions))

    def _planned(self, requests):
        return [
            self._plan(request, prices)
            for request, prices in zip(requests, self._prices(requests), strict=True)
        ]

    def _prices(self, requests):
        """[Prices] parallel to the requests, made once for all that share them."""
        made, found = {}, []
        for request in requests:
            period = request.period
            key = (request.versions, request.always, period.zone.key, period.start, period.end)
            if key not in made:
                pieces = request.versions._pieces(period, request.always)
                made[key] = Prices(self.env, pieces, period)
                if request.tariff.market_id and made[key].follows_market:
                    made[key].market = request.tariff.market_id._facts(period)
            found.append(made[key])
        return found

    def _plan(self, request, prices):
        """What is needed of one subscription: its prices, intervals and channels."""
        channels = self._channels(request.subscription.point_id)
        needs = Needs(prices.components)
        cuts = request.period.cuts(prices.pieces)
        split = request.tariff.split_method
        by_profile = split == "profile" and len(cuts) > 2
        return {
            "request": request,
            "period": request.period,
            "prices": prices,
            "cuts": cuts if split == "index" else [cuts[0], cuts[-1]],
            "needs": needs,
            "channels": channels,
            "derived": needs.derived(channels),
            "profiles": needs.profiles(channels, by_profile),
            "minutes": self._minutes(request.period, prices, needs, channels, cuts),
        }

    def _minutes(self, period, prices, needs, channels, cuts):
        """Length of the profile's intervals: whole hours unless something turns inside one."""
        slots = prices.calendars.season_ids.slot_ids
        turns_inside = any(round(slot.start * 60) % 60 for slot in slots) \
            or not all(period.is_whole_hour(cut) for cut in cuts)
        return 15 if turns_inside or needs.demand_from_profile(channels) else 60

    def _channels(self, point):
        """{register name: channel} of a point; a cumulative register wins over interval data."""
        order = {"index": 0, "interval": 1, "virtual": 2, "instant": 3}
        found = {}
        usable = point.channel_ids.filtered(
            lambda channel: channel.active and channel.quantity in REGISTERS
        )
        for channel in usable.sorted(lambda item: (order[item.kind], item.id)):
            name = REGISTERS[channel.quantity]
            found.setdefault(f"{name}.{channel.band}" if channel.band else name, channel)
        return found

    def _series(self, plans):
        """{(start, end): consumption by channel id}, one call an interval for all subscriptions
        that share it."""
        wanted = {}
        for plan in plans:
            ids = {channel.id for channel in plan["channels"].values()}
            cuts = plan["cuts"]
            for pair in {(cuts[0], cuts[-1]), *zip(cuts, cuts[1:], strict=False)}:
                wanted.setdefault(pair, set()).update(ids)
        channel_model = self.env["actwin.channel"]
        return {
            pair: channel_model.browse(sorted(ids))._consumption_between(*pair)
            for pair, ids in wanted.items()
        }

    def _profiles(self, plans):
        """{(start, end, minutes): {channel id: [Decimal or None…]}} of the profiles needed."""
        wanted = {}
        for plan in plans:
            key = (plan["period"].start, plan["period"].end, plan["minutes"])
            for register in plan["profiles"]:
                wanted.setdefault(key, set()).add(plan["channels"][register].id)
        return {
            key: self.env["actwin.channel"].browse(sorted(ids))._profile(*key)
            for key, ids in wanted.items()
        }

    def _facts(self, plan, series, profiles):
        cuts, period = plan["cuts"], plan["period"]
        whole = series[cuts[0], cuts[-1]]
        shapes = profiles.get((period.start, period.end, plan["minutes"]), {})
        shapes = {name: shapes[plan["channels"][name].id] for name in plan["profiles"]}
        segments = [
            {
                "start": period.local(start),
                "end": period.local(end),
                "quantities": self._quantities(plan, series[start, end]),
            }
            for start, end in zip(cuts, cuts[1:], strict=False)
        ]
        checked = self._judge(plan, whole, shapes)
        return {
            "period": period,
            "case": self._case(plan, segments, shapes),
            "readings": self._readings(plan, whole),
            "adjustments": self.env["actwin.adjustment"],
            "sessions": self.env["actwin.charging.session"],
            **checked,
        }

    def _quantities(self, plan, consumption):
        """{register name: exact text or None} of one interval."""
        values = {
            name: self._quantity(name, consumption.get(channel.id) or {})
            for name, channel in plan["channels"].items()
        }
        kept = {}
        for register, bands in plan["needs"].registers.items():
            if register in values:
                kept[register] = values[register]
            if register not in plan["derived"] and (bands or register not in values):
                names = [f"{register}.{band}" for band in BANDS]
                kept |= {name: values[name] for name in names if name in values}
        return {name: None if value is None else text(value) for name, value in kept.items()}

    def _quantity(self, name, info):
        if info.get("consumption") is None:
            return None
        if name == DEMAND:
            if info.get("last_index") is None:
                return None
            factor = info["segments"][-1]["multiplier"] if info.get("segments") else Decimal(1)
            return rounded(info["last_index"] * factor, 3)
        return rounded(info["consumption"], 3)

    def _case(self, plan, segments, shapes):
        request, period, prices = plan["request"], plan["period"], plan["prices"]
        subscription, tariff = request.subscription, request.tariff
        case = {
            "schema": 1,
            "currency": subscription.currency_id.name,
            "period": {"start": period.local(period.start), "end": period.local(period.end)},
            "rounding": {
                "mode": tariff.rounding_mode,
                "money": subscription.currency_id.decimal_places,
            },
            "price_split": tariff.price_split,
            "subscriber": subscription._facts(plan["needs"].figures),
            "segments": segments,
            "adjustments": [],
            "tariff": {"name": tariff.code, "versions": prices.versions},
            "taxes": tariff._tax_facts(),
        }
        if shapes:
            case["profile"] = {
                name: {
                    "start": period.local(period.start), "minutes": plan["minutes"],
                    "values": [None if value is None else text(value) for value in values],
                }
                for name, values in sorted(shapes.items())
            }
        if prices.market:
            case["market"] = prices.market
        return case

from collections import namedtuple
from dataclasses import replace
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ...core.engine import price
from ...core.errors import CaseError, PricingError
from ...core.money import ZERO, rounded
from ...core.schema import case_from
from ...core.sharing.heat import combined, estimated, heating
from ...core.sharing.model import Key, Pool
from ...core.sharing.pools import share
from ...core.sharing.settle import settle
from .settlement_facts import OWNER

Owed = namedtuple("Owed", "cost label part share")
"""A share with the part of the period it is of; ``cost`` is empty for all costs together."""

Outcome = namedtuple("Outcome", "owed water notes parts")


class ActwinCostSettlement(models.Model):
    """Facts → core → shares. Nothing here writes but ``action_compute``."""

    _inherit = "actwin.cost.settlement"

    def action_compute(self):
        """Work the shares out, or out anew. Returns True; UserError names what is missing."""
        self._check_state("draft", "computed")
        for item in self:
            version = item.pool_id._version_on(item.date_from)
            item.cost_ids._measure()
            outcome = item._work_out(version)
            item._store(version, outcome)
        return True

    def _work_out(self, version, key=None):
        """Outcome of a version, which need not be stored; ``key`` replaces every other key."""
        self.ensure_one()
        if not self.cost_ids:
            raise UserError(self.env._("%s has no costs yet.", self.name))
        parts = self.env["actwin.settlement.facts"]._parts(self)
        try:
            return getattr(self, f"_work_out_{version.mode}")(version, parts, key)
        except CaseError as error:
            raise UserError(self._in_words(error)) from None

    def _in_words(self, error):
        """What the core missed, with the unit's name instead of its id."""
        words = str(error)
        for point in self.pool_id.member_ids.point_id:
            words = words.replace(f"unit {point.id} ", f"{point.display_name} ")
        for cost in self.cost_ids:
            words = words.replace(f"pool {cost.id}:", f"{cost.name}:")
        return self.env._("The costs cannot be shared yet: %s", words)

    def _amount(self, cost):
        return self.env["actwin.bill.facts"]._decimal(
            cost.amount, self.currency_id.decimal_places)

    def _total(self):
        return sum((self._amount(cost) for cost in self.cost_ids), ZERO)

    def _pools(self, version, key):
        pools = []
        for cost in self.cost_ids:
            chosen = key or cost.key_id or version.key_id
            if not chosen:
                raise UserError(self.env._("%s has no key to be shared by.", cost.name))
            pools.append((cost, Pool(
                str(cost.id), self._amount(cost), chosen._to_core(), cost.name,
                tuple(map(str, cost.excluded_ids.ids)))))
        return pools

    def _work_out_mirror(self, version, parts, key):
        owed = []
        for cost, pool in self._pools(version, key):
            mine = [part for part in parts if part.unit.key not in pool.excluded]
            owed += [
                Owed(cost, cost.name, part, item)
                for part, item in zip(mine, share(pool, parts, self._digits()), strict=True)
            ]
        return Outcome(owed, ZERO, [], parts)

    def _digits(self):
        return self.currency_id.decimal_places

    def _work_out_unit_cost(self, version, parts, _key):
        return self._settled("unit_cost", parts)

    def _work_out_fixed(self, version, parts, _key):
        agreed = self.env["actwin.bill.facts"]._decimal(version.price, 6)
        return self._settled("fixed", parts, price=agreed)

    def _work_out_tariff(self, version, parts, _key):
        unique = {(part.unit.key, part.payer): part for part in parts if not part.vacant}
        return self._settled("tariff", list(unique.values()), given=self._priced(unique))

    def _settled(self, mode, parts, **how):
        lines = [Pool("all", self._total(), Key("consumption"))]
        found = settle(mode, lines, parts, digits=self._digits(), **how)
        if mode == "tariff":
            parts = [part for part in parts if (part.unit.key, part.payer) in how["given"]]
        none = self.env["actwin.cost.settlement.cost"]
        owed = [
            Owed(none, self.pool_id.name, part, item)
            for part, item in zip(parts, found.shares, strict=True)
        ]
        return Outcome(owed, ZERO, [], parts)

    def _priced(self, wanted):
        """{(unit, payer): amount before taxes} by the tariffs of the subscriptions."""
        subscriptions = self._subscriptions(
            self.env["actwin.point"].browse({int(unit) for unit, _payer in wanted}))
        run = self.env["actwin.billing.run"].new({
            "company_id": self.company_id.id, "site_id": self.site_id.id,
            "date_from": self.date_from, "date_to": self.date_to,
        })
        facts = self.env["actwin.bill.facts"]
        rows = facts._facts_of(facts._requests(run, subscriptions))
        given = {}
        for subscription, row in zip(subscriptions, rows, strict=True):
            try:
                untaxed = price(case_from(row["case"])).untaxed
            except PricingError as error:
                raise UserError(self.env._(
                    "%(subscription)s cannot be priced: %(mistake)s",
                    subscription=subscription.display_name, mistake=error)) from None
            key = (str(subscription.point_id.id), f"s{subscription.subscriber_id.id}")
            if key in wanted:
                given[key] = given.get(key, ZERO) + untaxed
        return given

    def _work_out_heat(self, version, parts, key):
        total, water, owed = self._total(), ZERO, []
        if self.hot_water_m3:
            water, total = self._hot_water(version, total)
            owed += self._water_shares(version, water, key)
        parts = self._estimated(parts)
        bill = heating("heat", total, parts, version._heat_rule(), self._digits())
        none = self.env["actwin.cost.settlement.cost"]
        owed += [
            Owed(none, self.env._("Heating"), part, item)
            for part, item in zip(parts, bill.shares, strict=True)
        ]
        notes = [self.env._(
            "Too much of the area is estimated: everything goes by area.")] if bill.notes else []
        return Outcome(owed, water, notes, parts)

    def _hot_water(self, version, total):
        exact = self.env["actwin.bill.facts"]._decimal
        return combined(
            total, exact(self.fuel_kwh, 3), exact(self.hot_water_m3, 3),
            exact(self.hot_water_celsius, 1), version.water_formula, self._digits())

    def _water_shares(self, version, amount, key):
        """Hot water by the units' own water meters, else by the pool's key."""
        parts = self.env["actwin.settlement.facts"]._parts(self, "volume")
        by = Key("consumption")
        if all(part.consumption is None for part in parts):
            chosen = key or version.key_id
            if not chosen:
                raise UserError(self.env._("Hot water needs meters or a key to be shared by."))
            by = chosen._to_core()
        shares = share(Pool("hot_water", amount, by), parts, self._digits())
        none = self.env["actwin.cost.settlement.cost"]
        return [
            Owed(none, self.env._("Hot water"), part, item)
            for part, item in zip(parts, shares, strict=True)
        ]

    def _estimated(self, parts):
        """Parts with the consumption of missing or faulty devices estimated, and marked."""
        units = [
            replace(part.unit, facts=part.facts | {
                "area_m2": part.facts.get("area_m2", ZERO) * part.time,
            }, consumption=part.consumption) for part in parts
        ]
        if not any(unit.consumption is None for unit in units):
            return parts
        history = self._earlier_season(parts)
        found = estimated(units, history)
        return [
            replace(part, consumption=unit.consumption,
                    unit=replace(part.unit, estimated=unit.estimated))
            for part, unit in zip(parts, found, strict=True)
        ]

    def _earlier_season(self, parts):
        """{unit: consumption of the same month a year before}, of units settled then."""
        before = self.search([
            ("pool_id", "=", self.pool_id.id), ("state", "=", "approved"),
            ("date_from", "=", self.date_from.replace(year=self.date_from.year - 1))
            if (self.date_from.month, self.date_from.day) != (2, 29) else ("id", "=", False),
        ], limit=1)
        counted = {}
        for row in before.share_ids:
            counted.setdefault(str(row.point_id.id), {})[row.name] = Decimal(str(row.consumption))
        wanted = {part.unit.key for part in parts}
        return {unit: max(rows.values()) for unit, rows in counted.items() if unit in wanted}

    def _store(self, version, outcome):
        """Replace the shares; the settlement keeps the version it was computed by."""
        # sudo: nobody makes shares by hand; the settlement, which was checked, does
        self.sudo().share_ids.unlink()
        self.env["actwin.cost.share"].sudo().create([
            self._prepare_share_vals(number, owed) for number, owed in enumerate(outcome.owed)
        ])
        self.write(self._prepare_energy_vals(version, outcome) | {
            "state": "computed", "version_id": version.id, "mode": version.mode,
            "hot_water_amount": float(outcome.water),
        })

    def _prepare_share_vals(self, number, owed):
        part, item = owed.part, owed.share
        subscriber = self.env["actwin.subscriber"]
        if part.payer != OWNER:
            subscriber = subscriber.browse(int(part.payer[1:]))
        return {
            "settlement_id": self.id,
            "cost_id": owed.cost.id,
            "sequence": number,
            "name": owed.label,
            "point_id": int(part.unit.key),
            "subscriber_id": subscriber.id,
            "partner_id": subscriber.partner_id.id or self.pool_id.owner_id.id,
            "vacant": part.vacant,
            "amount": float(item.amount),
            "consumption": float(part.consumption or 0),
            "weight": float(item.weight),
            "total_weight": float(item.total_weight),
            "trace": dict(item.trace),
            "formula": self._formula_words(item),
        }

    def _formula_words(self, item):
        trace = item.trace
        if "formula" in trace:
            return trace["formula"]
        if trace.get("key") == "heat":
            return self.env._(
                "%(use)s by consumption + %(area)s by area",
                use=trace["by_consumption"], area=trace["by_area"])
        return " + ".join(part["amount"] for part in trace.get("parts", []))

    def _prepare_energy_vals(self, version, outcome):
        main = self.env["actwin.settlement.facts"]._main(self)
        units = sum((part.consumption or ZERO for part in outcome.parts), ZERO)
        missing = None if main is None else main - units
        percent = rounded(missing / main * 100, 2) if main else ZERO
        notes = list(outcome.notes)
        if missing is not None and abs(percent) > Decimal(str(version.warn_percent)):
            notes.append(self.env._(
                "%(percent)s %% of the main meter's energy did not reach a unit.", percent=percent))
        return {
            "main_quantity": float(main or 0), "units_quantity": float(units),
            "missing_quantity": float(missing or 0), "missing_percent": float(percent),
            "notes": "\n".join(notes), "warning": bool(notes),
        }

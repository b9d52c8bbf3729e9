from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError

from ...const import REGISTERS
from ...core.money import ZERO
from ...core.periods import days
from ...core.sharing.model import Part, Unit

OWNER = "owner"


class ActwinSettlementFacts(models.AbstractModel):
    """Gathers for the calculation core who stayed where, for how long, and used how much."""

    _name = "actwin.settlement.facts"
    _description = "Facts of Cost Settlements"

    @api.model
    def _parts(self, settlement, register=None):
        """[core Part] of a settlement: one for each stretch of days without a change of payer,
        measure or membership; the owner pays for stretches without a payer.

        Units are named by point id, payers by ``s`` and subscriber id, or OWNER.

        :param register: another quantity than the pool's
        """
        pool, period = settlement.pool_id, settlement._period()
        members = pool._members(settlement.date_from, settlement.date_to)
        if not members:
            raise UserError(self.env._("%s has no unit in this period.", pool.name))
        stretches = [
            (member.point_id, *stretch)
            for member in members for stretch in self._stretches(settlement, member)
        ]
        used = self._consumption(stretches, register or pool.quantity, period)
        whole = days(period.start, period.end)
        return [
            Part(
                Unit(str(point.id), OWNER, facts), payer or OWNER,
                days(period.midnight(begin), period.midnight(end)) / whole,
                facts, used[point, begin, end], vacant=not payer)
            for point, begin, end, payer, facts in stretches
        ]

    def _stretches(self, settlement, member):
        """[(first day, day after the last, payer or "", facts)] of a membership."""
        point = member.point_id
        first = max(settlement.date_from, member.date_from or settlement.date_from)
        after = min(settlement.date_to, member.date_to or settlement.date_to) + timedelta(days=1)
        # sudo: who stayed where is needed whole, whichever units the accountant may see
        stays = point.sudo().occupancy_ids.filtered(
            lambda stay: stay.date_from < after and (not stay.date_to or stay.date_to >= first))
        cuts = {first, after}
        for stay in stays:
            cuts |= {stay.date_from, (stay.date_to or after) + timedelta(days=bool(stay.date_to))}
        cuts |= set(point.fact_ids.mapped("date_from"))
        cuts = sorted(cut for cut in cuts if first <= cut <= after)
        found = []
        for begin, end in zip(cuts, cuts[1:], strict=False):
            stay = stays.filtered(
                lambda stay, day=begin: stay.date_from <= day
                and (not stay.date_to or stay.date_to >= day))
            payer = f"s{stay.subscriber_id.id}" if stay else ""
            found.append((begin, end, payer, point._facts_of_day(begin)[point.id]))
        return found

    def _consumption(self, stretches, register, period):
        """{(point, first day, day after): Decimal or None}, one query a distinct stretch."""
        channels, found, by_days = {}, {}, {}
        for point, begin, end, *_rest in stretches:
            by_days.setdefault((begin, end), []).append(point)
            if point not in channels:
                channels[point] = self._channels_of(point, register)
        everything = self.env["actwin.channel"].union(*channels.values())
        self._hold_back(everything, period)
        for (begin, end), points in by_days.items():
            figures = self.env["actwin.channel"].union(
                *(channels[point] for point in points)
            )._consumption_between(period.midnight(begin), period.midnight(end))
            for point in points:
                values = [
                    (figures.get(channel.id) or {}).get("consumption")
                    for channel in channels[point]
                ]
                found[point, begin, end] = (
                    None if not values or None in values else sum(values, ZERO))
        return found

    def _channels_of(self, point, register):
        """The channel that counts a quantity at a point, or its band registers."""
        name = REGISTERS[register]
        known = self.env["actwin.bill.facts"]._channels(point)
        if name in known:
            return known[name]
        return self.env["actwin.channel"].union(
            *(channel for key, channel in known.items() if key.startswith(f"{name}.")))

    def _hold_back(self, channels, period):
        """Have the readings validated first; UserError that names what keeps them back."""
        # sudo: as for bills, whoever shares costs need not be an operator
        self.env["actwin.rollup"].sudo()._process_dirty(channel_ids=channels.ids)
        held = self.env["actwin.validation.exception"].sudo()._open_between(
            channels._measured(), period.start, period.end)._holding_back()
        if held:
            listed = sorted({
                f"{item.channel_id.point_id.display_name}: {item.code}" for item in held})
            raise UserError(self.env._(
                "Readings of these units still have to be decided on:\n%s", "\n".join(listed)))

    @api.model
    def _main(self, settlement):
        """Consumption of the main meters, or None where there is none or one was not read."""
        points = settlement.pool_id.main_point_ids
        return self._of_point(settlement, points) if points else None

    def _of_point(self, settlement, points):
        """Σ consumption of points over the whole period; None when one was not read."""
        first, after = settlement.date_from, settlement.date_to + timedelta(days=1)
        used = self._consumption(
            [(point, first, after) for point in points],
            settlement.pool_id.quantity, settlement._period()).values()
        return None if None in used else sum(used, ZERO)

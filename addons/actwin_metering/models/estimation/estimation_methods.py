import json
from collections import defaultdict
from decimal import Decimal

from odoo import models

from ...core.vee import shape as core
from ...core.vee.estimate import Shape
from ...tools.decimals import to_decimal
from . import like_sql


class ActwinEstimation(models.AbstractModel):
    """The methods that need nothing but the channel itself."""

    _inherit = "actwin.estimation"

    def _methods(self):
        return super()._methods() | {
            "linear": self._shapes_linear,
            "like_day": self._shapes_like_day,
            "former": self._shapes_former,
            "even": self._shapes_even,
        }

    def _shapes_linear(self, gaps):
        """A line from what was used before to what was used after, for short gaps."""
        groups = self.env["actwin.validation.group"]
        found = {}
        for gap in gaps:
            if not gap.beyond and gap.seconds <= 60 * groups.browse(gap.group_id).linear_minutes:
                parts = core.interpolate(*gap.rates, gap.spans)
                if parts is None and gap.total is not None:
                    parts = core.even(gap.spans)
                if parts:
                    found[gap] = Shape(tuple(parts), "linear")
        return found

    def _shapes_even(self, gaps):
        return {gap: Shape(tuple(core.even(gap.spans)), "even", level=False) for gap in gaps}

    def _shapes_like_day(self, gaps):
        """Mean of days alike; its level from the day before the gap and the day after it."""
        groups = self.env["actwin.validation.group"]
        asked = [
            {
                "n": number,
                "channel_id": gap.channel_id,
                "since": str(gap.since),
                "till": str(gap.till),
                "like_days": groups.browse(gap.group_id).like_days,
                "beside": gap.total is None,
                "tz": gap.tz,
            }
            for number, gap in enumerate(gaps)
        ]
        self.env.cr.execute(like_sql.LIKE, [json.dumps(asked)])
        usual, beside, days = defaultdict(dict), defaultdict(list), defaultdict(set)
        for number, hour, side, mean, actual, first, last in self.env.cr.fetchall():
            if side == "in":
                usual[number][hour] = to_decimal(mean)
                days[number] |= {first, last} - {None}
            elif mean is not None and actual is not None:
                beside[number].append((side, Decimal(actual), Decimal(mean)))
        found = {}
        for number, gap in enumerate(gaps):
            parts = core.integrate(usual[number], gap.spans)
            if parts and sum(parts) > 0:
                factor = _level(beside[number]) / gap.multiplier
                parts = tuple(part * factor for part in parts)
                found[gap] = Shape(parts, "like_day", _range(days[number]))
        return found

    def _shapes_former(self, gaps):
        """What a day of former periods used: of a year ago and its trend, or of the last ones."""
        asked = [
            {"n": number, "channel_id": gap.channel_id, "since": str(gap.since), "tz": gap.tz}
            for number, gap in enumerate(gaps)
        ]
        self.env.cr.execute(like_sql.FORMER, [json.dumps(asked)])
        found = {}
        for number, a_day, months in self.env.cr.fetchall():
            gap = gaps[number]
            rate = Decimal(a_day) / gap.multiplier / 86_400
            parts = tuple(rate * (end - start) for start, end in gap.spans)
            found[gap] = Shape(parts, "former", tuple(months))
        return found


def _level(beside):
    """Factor from (side, consumption, usual) of the hours on either side of a gap."""
    sides = {side for side, _actual, _mean in beside}
    weight = core.BOTH_SIDES if len(sides) > 1 else core.ONE_SIDE
    return core.level([pair[1:] for pair in beside], weight)


def _range(days):
    return (f"{min(days)} – {max(days)}",) if days else ()

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import models

from ...core.vee import shape as core
from ...core.vee.estimate import Shape
from ...tools.decimals import array_literal
from . import reference_sql

_NAMED = 5
_FEWEST_SIMILAR = 3


class ActwinEstimation(models.AbstractModel):
    """The methods that look at other meters: what they measured, times the usual ratio."""

    _inherit = "actwin.estimation"

    def _methods(self):
        return super()._methods() | {
            "check": self._shapes_check,
            "balance": self._shapes_balance,
            "profile": self._shapes_profile,
            "similar": self._shapes_similar,
        }

    def _shapes_check(self, gaps):
        """The meter that checks this one, or that this one checks."""
        return self._by_steps("check", gaps, reference_sql.CHECK)

    def _shapes_balance(self, gaps):
        """What feeds a node less all that else it feeds; of a feeding meter, all that it feeds."""
        return self._by_steps("balance", gaps, reference_sql.BALANCE)

    def _by_steps(self, method, gaps, statement):
        """{gap: Shape} from what other meters measured interval by interval.

        Every one of them must have measured throughout the gap; an estimate is no measurement.
        """
        members = self._members(gaps, statement)
        steps = self._steps({gaps[number]: found for number, found in members.items()})
        ratios = self._ratios(gaps, members)
        found = {}
        for number, some in members.items():
            gap = gaps[number]
            factor = core.ratio(ratios[number])
            parts = _added(some, steps, gap.spans)
            if factor and parts:
                parts = tuple(part * factor / gap.multiplier for part in parts)
                found[gap] = Shape(parts, method, _names(some))
        return found

    def _members(self, gaps, statement):
        """{number of the gap: [(channel id, sign, key)…]}; without gaps one of whose is missing."""
        asked = [{"n": number, "channel_id": gap.channel_id} for number, gap in enumerate(gaps)]
        self.env.cr.execute(statement, {"asked": json.dumps(asked)})
        members = defaultdict(list)
        for number, *member in self.env.cr.fetchall():
            members[number].append(tuple(member))
        return {
            number: found
            for number, found in members.items()
            if all(channel for channel, _sign, _key in found)
        }

    def _steps(self, members):
        """{channel id: [(start, end, consumption)…]} in the days of the gaps they are asked for."""
        asked = {
            (channel, day)
            for gap, found in members.items()
            for channel, _sign, _key in found
            for day in _days(gap)
        }
        if not asked:
            return {}
        channels, days = zip(*sorted(asked), strict=True)
        self.env.cr.execute(
            reference_sql.MEASURED,
            {"channels": array_literal(channels), "days": array_literal(days)},
        )
        steps = defaultdict(list)
        for channel, since, until, used in self.env.cr.fetchall():
            steps[channel].append((since, until, Decimal(used)))
        return steps

    def _ratios(self, gaps, members):
        """{number: [(own, other)…]} of days before the gap on which all were measured."""
        asked = [
            {
                "n": number,
                "own": gaps[number].channel_id,
                "channel_id": channel,
                "sign": sign,
                "since": str(gaps[number].since),
                "members": len(found),
            }
            for number, found in members.items()
            for channel, sign, _key in found
        ]
        days = defaultdict(list)
        if asked:
            self.env.cr.execute(reference_sql.RATIOS, [json.dumps(asked)])
            for number, own, other in self.env.cr.fetchall():
                days[number].append((Decimal(own), Decimal(other)))
        return days

    def _shapes_profile(self, gaps):
        """The course of the channel that was chosen for it."""
        return self._by_hours("profile", gaps, reference_sql.PROFILE, fewest=1)

    def _shapes_similar(self, gaps):
        """The mean course of the site's meters of the same sort that were read meanwhile."""
        return self._by_hours("similar", gaps, reference_sql.SIMILAR, fewest=_FEWEST_SIMILAR)

    def _by_hours(self, method, gaps, statement, fewest):
        """{gap: Shape} from the hours of other channels, each in units of its usual day."""
        members = self._members(gaps, statement)
        hours, usual = self._courses(gaps, members, fewest)
        found = {}
        for number, course in hours.items():
            gap, a_day = gaps[number], usual.get(number)
            parts = core.integrate(course, gap.spans)
            if parts and sum(parts) > 0:
                factor = (a_day or 1) / gap.multiplier
                parts = tuple(part * factor for part in parts)
                found[gap] = Shape(parts, method, _names(members[number]), level=bool(a_day))
        return found

    def _courses(self, gaps, members, fewest):
        """({number: {hour: share of a usual day}}, {number: usual day of the channel itself})"""
        asked = [
            {
                "n": number,
                "own": gaps[number].channel_id,
                "channel_id": channel,
                "since": str(gaps[number].since),
                "till": str(gaps[number].till),
            }
            for number, found in members.items()
            for channel, _sign, _key in found
        ]
        hours, usual = defaultdict(dict), {}
        if asked:
            self.env.cr.execute(
                reference_sql.COURSE, {"asked": json.dumps(asked), "fewest": fewest}
            )
            for number, hour, share, a_day in self.env.cr.fetchall():
                hours[number][hour] = Decimal(share)
                if a_day is not None:
                    usual[number] = Decimal(a_day)
        return hours, usual


def _days(gap):
    """Days in UTC and of the site alike that a gap touches, as ISO text."""
    first, last = gap.since.date(), gap.till.date()
    return [str(first + timedelta(days=at)) for at in range(-1, (last - first).days + 2)]


def _added(members, steps, spans):
    """The signed sum of the members' consumption in each span; None when one was not measured."""
    columns = []
    for channel, sign, _key in members:
        parts = core.resample(steps.get(channel, []), spans)
        if parts is None:
            return None
        columns.append([sign * part for part in parts])
    return [sum(column) for column in zip(*columns, strict=True)]


def _names(members):
    keys = [f"{'−' if sign < 0 else ''}{key}" for _channel, sign, key in members]
    return (*keys[:_NAMED], *(["…"] if len(keys) > _NAMED else []))

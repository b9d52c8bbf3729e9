from collections import namedtuple

from odoo import fields, models

from .exact import exact_columns
from .kinds import MARKET

Piece = namedtuple("Piece", "version start end key components day")
"""A stretch of a period in which no price can change: UTC without zone, [start, end).

``day`` is the day whose values of parameters count.
"""


class ActwinTariffVersion(models.Model):
    """Versions as the calculation core takes them: cut wherever a price may change.

    Besides the beginnings of versions these are the days on which a parameter gets another value
    and those on which a season begins whose prices differ.
    """

    _inherit = "actwin.tariff.version"

    def _pieces(self, period, always=False):
        """[Piece] that cover what of the period the versions in ``self`` cover, in time order.

        :param always: take the versions as valid at any time, with parameters as they are now,
            as a preview does
        """
        ordered, pieces = self.sorted("valid_from"), []
        for number, version in enumerate(ordered):
            begin, stop = period.start, period.end
            if not always:
                following = ordered[number + 1 : number + 2].valid_from
                ends = [end for end in (version.valid_to, following, stop) if end]
                begin, stop = max(begin, version.valid_from), min(ends)
            if begin < stop:
                pieces += version._cut(begin, stop, period, always)
        return pieces

    def _cut(self, begin, stop, period, always):
        days = self._season_days(period)
        if not always:
            days |= self._parameter_days()
        changes = {
            period.midnight(day) for day in days if period.date_from < day <= period.date_to
        }
        cuts = [begin, *sorted(at for at in changes if begin < at < stop), stop]
        today = max(fields.Date.context_today(self), period.day(self.valid_from))
        pieces = []
        for number, (start, end) in enumerate(zip(cuts, cuts[1:], strict=False), 1):
            season = self.calendar_id._season_of(period.day(start)) if self.calendar_id else None
            components = self.component_ids.filtered(
                lambda item, season=season: not item.season_id or item.season_id == season)
            key = str(self.id) if number == 1 else f"{self.id}.{number}"
            pieces.append(Piece(
                self, start, end, key, components, today if always else period.day(start)))
        return pieces

    def _parameter_days(self):
        """Days on which a parameter that a price follows gets another value."""
        parameters = self.component_ids._parameters()
        return parameters._book().days(parameters)

    def _season_days(self, period):
        """Days of the period on which other components begin to count."""
        if not self.component_ids.season_id:
            return set()
        return set(self.calendar_id._season_starts(period.date_from, period.date_to))

    def _of_key(self, key):
        """The version in ``self`` that a piece of the core's answer comes from."""
        number = key.partition(".")[0]
        return self.browse(int(number)) & self if number.isdigit() else self.browse()


class Prices:
    """The tariff of a period for the core, and what of it cannot be told.

    ``versions`` are JSON objects for the core, ``problems`` [(code, message, data)].
    """

    def __init__(self, env, pieces, period):
        self._env, self.pieces, self.period = env, pieces, period
        self.versions, self.problems, self.market = [], [], None
        self.components = env["actwin.tariff.component"].union(
            *(piece.components for piece in pieces))
        self._numbers = self.components._numbers()
        self._tiers = exact_columns(self.components.tier_ids, "up_to", "price", "factor")
        self._book = self.components._parameters()._book()
        for piece in pieces:
            self._add(piece)

    @property
    def follows_market(self):
        return MARKET in self.components.mapped("kind")

    @property
    def calendars(self):
        """Calendars that tell the bands of the pieces."""
        return self._env["actwin.calendar"].union(*(
            piece.version.calendar_id for piece in self.pieces if piece.components._need_bands()))

    def _add(self, piece):
        """The piece as a version of the core; without one of its prices it is a hole (K16)."""
        period = self.period
        lacking = piece.components._lacking(self._book, piece.day)
        if lacking:
            self.problems.append(("K16", self._env._(
                "%(parameter)s has no value on %(day)s.",
                parameter=", ".join(lacking.mapped("display_name")), day=piece.day), {}))
            return
        facts = {
            "key": piece.key,
            "valid_from": period.local(piece.start),
            "valid_to": period.local(piece.end),
            "components": piece.components._facts(piece, self),
        }
        if piece.version.calendar_id and piece.components._need_bands():
            facts["calendar"] = piece.version.calendar_id._facts(
                period.zone.key, period.day(piece.start), period.day(piece.end))
        self.versions.append(facts)

    def number(self, component, column, day, parameter="parameter_id", factor="factor"):
        """Exact price: the typed one, or a parameter's value of the day times a factor."""
        numbers = self._numbers[component.id]
        if not component[parameter]:
            return numbers[column]
        return self._book.value(component[parameter], day) * numbers[factor]

    def tier_number(self, tier, day):
        numbers = self._tiers[tier.id]
        if not tier.parameter_id:
            return numbers["price"]
        return self._book.value(tier.parameter_id, day) * numbers["factor"]

    def limit(self, tier):
        return self._tiers[tier.id]["up_to"] or None

    def numbers(self, component):
        return self._numbers[component.id]

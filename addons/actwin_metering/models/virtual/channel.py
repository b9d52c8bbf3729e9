from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo import api, models

from ...core.convert.pieces import cuts
from ...tools.decimals import to_decimal

_HOUR = timedelta(hours=1)


class ActwinChannel(models.Model):
    """A virtual channel's consumption between two moments, as of any other channel."""

    _inherit = "actwin.channel"

    def _computed_of(self):
        """``self`` and every channel, measured or virtual, that ``self`` is computed from."""
        inputs, found, todo = self._computed_from(), set(), list(self.ids)
        while todo:
            item = todo.pop()
            if item not in found:
                found.add(item)
                todo += inputs.get(item, [])
        return self.browse(found)

    def _consumption_between(self, start_utc, end_utc):
        virtual = self.filtered(lambda channel: channel.kind == "virtual")
        figures = super(ActwinChannel, self - virtual)._consumption_between(start_utc, end_utc)
        for channel in virtual:
            # sudo: a formula may read channels of points the caller does not see, as a tenant
            figures[channel.id] = channel.sudo()._formula_between(start_utc, end_utc)
        return figures

    def _formula_between(self, start, end):
        """One virtual channel's figures; every version of the formula has its part of the span.

        A linear formula is taken of the inputs' own exact figures. Any other one is added up of
        its whole hours or days, and taken of the inputs where the span begins or ends inside one.
        """
        total, facts = Decimal(0), []
        for piece_start, piece_end in cuts(start, end, self._version_starts()):
            formula = self.formula_ids._on(self._local_day(piece_start))
            value, used = self._formula_piece(formula, piece_start, piece_end)
            facts += used
            total = None if value is None or total is None else total + value
        return self._formula_figures(total, facts)

    def _version_starts(self):
        zone = ZoneInfo(self.site_id.tz)
        return [
            datetime.combine(item.date_from, time.min, zone).astimezone(UTC).replace(tzinfo=None)
            for item in self.formula_ids
        ]

    def _local_day(self, moment):
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.site_id.tz)).date()

    def _formula_piece(self, formula, start, end):
        """(value, figures of the inputs) of a span with one version."""
        if not formula:
            return None, []
        compiled = formula._compiled()
        value, used = self._taken_of_inputs(formula, compiled, start, end)
        if value is None or compiled.linear or formula.mode == "bucket":
            return value, used
        whole_start, whole_end = self._whole_buckets(formula.mode, start, end)
        if whole_start >= whole_end:
            return value, used
        parts = [self._rolled_up(formula.mode, whole_start, whole_end)]
        for a, b in ((start, whole_start), (whole_end, end)):
            if a < b:
                parts.append(self._taken_of_inputs(formula, compiled, a, b)[0])
        return (None if None in parts else sum(parts)), used

    def _taken_of_inputs(self, formula, compiled, start, end):
        inputs = formula.input_ids.filtered(lambda item: item.name in compiled.names)
        figures = inputs.channel_ids._consumption_between(start, end)
        values = {}
        for item in inputs:
            parts = [figures[channel.id]["consumption"] for channel in item.channel_ids]
            values[item.name] = None if None in parts else sum(parts, Decimal(0))
        return compiled(values), list(figures.values())

    def _whole_buckets(self, mode, start, end):
        """The part of a span that is whole hours, or whole days of the site."""
        if mode == "hour":
            floor = {"minute": 0, "second": 0, "microsecond": 0}
            first = start.replace(**floor)
            return (first if first == start else first + _HOUR), end.replace(**floor)
        zone, moments = ZoneInfo(self.site_id.tz), []
        for moment, days in ((start, 1), (end, 0)):
            day = self._local_day(moment)
            begins = _utc(day, zone)
            moments.append(begins if begins == moment else _utc(day + timedelta(days=days), zone))
        return tuple(moments)

    def _rolled_up(self, mode, start, end):
        """Sum of the channel's own rows, None when one of them is empty or there is none."""
        table, name = f"actwin_consumption_{mode}", mode
        span = [start, end]
        if mode == "day":
            span = [self._local_day(start), self._local_day(end)]
        self.env.cr.execute(
            f"SELECT count(*), count(consumption), sum(consumption)::text FROM {table}"
            f" WHERE channel_id = %s AND {name} >= %s AND {name} < %s",
            [self.id, *span],
        )
        rows, known, total = self.env.cr.fetchone()
        return to_decimal(total) if rows and rows == known else None

    @api.model
    def _formula_figures(self, total, facts):
        moments = [item["last_ts"] for item in facts]
        return {
            "consumption": total,
            "first_index": None,
            "first_ts": None,
            "last_index": None,
            "last_ts": min(moments) if moments and None not in moments else None,
            "count": min((item["count"] for item in facts), default=0),
            "estimated": max((item["estimated"] for item in facts), default=Decimal(0)),
            "suspect": sum(item["suspect"] for item in facts),
            "faults": sum(item["faults"] for item in facts),
            "rollovers": sum(item["rollovers"] for item in facts),
            "segments": [] if total is None else [
                {"meter_serial": "", "first_index": None, "last_index": None,
                 "multiplier": Decimal(1), "consumption": total}
            ],
        }  # fmt: skip

    @api.ondelete(at_uninstall=False)
    def _unlink_computed_rows(self):
        """The figures of a virtual channel go with it: no reading would give them back."""
        virtual = self.filtered(lambda channel: channel.kind == "virtual")
        for name in ("hour", "day", "month"):
            self.env.cr.execute(
                f"DELETE FROM actwin_consumption_{name} WHERE channel_id = ANY(%s)", [virtual.ids]
            )


def _utc(day, zone):
    return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)

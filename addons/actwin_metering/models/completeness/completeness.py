from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from . import completeness_sql

_PAGE = 60
"""Rows of the heat map at a time."""


class ActwinCompleteness(models.AbstractModel):
    """What arrived of what was to come: by channel or point and day, and as a share of a period."""

    _name = "actwin.completeness"
    _description = "Completeness of Readings"

    @api.model
    def heat_map(self, site_id=False, month=False, level="point", search="", offset=0):
        """A page of the heat map of a month, for the screen of that name.

        :param level: ``point`` (the worst of its channels) or ``channel``
        :return: ``{'sites': [[id, name]…], 'site_id', 'month', 'days': [ISO date…], 'total',
            'page', 'rows': [{'id', 'name', 'detail', 'cells': one letter a day of n(othing
            expected), r(eal), e(stimated), m(issing), x (suspect or rejected), 'sla': % | None}…],
            'sla': % of the site | None}``
        """
        sites = self.env["actwin.site"].search_fetch([("active", "=", True)], ["code", "name"])
        site = sites.filtered(lambda item: item.id == site_id)[:1] or sites[:1]
        start, end = self._month_span(month)
        page = {
            "sites": [[item.id, item.display_name] for item in sites],
            "site_id": site.id,
            "month": str(start),
            "days": [str(start + timedelta(days=at)) for at in range((end - start).days + 1)],
            "page": _PAGE,
        }
        return page | self._rows(site, start, end, level, search, offset)

    def _month_span(self, month):
        start = fields.Date.to_date(month) or fields.Date.context_today(self)
        start = start.replace(day=1)
        return start, start + relativedelta(months=1, days=-1)

    def _rows(self, site, start, end, level, search, offset):
        yesterday = fields.Date.context_today(self.with_context(tz=site.tz)) - timedelta(days=1)
        model = self.env[f"actwin.{level}" if level in ("point", "channel") else "actwin.point"]
        domain = Domain("site_id", "=", site.id)
        if search:
            domain &= Domain("display_name", "ilike", search)
        if model._name == "actwin.point":
            domain &= Domain("channel_ids", "!=", False)
        records = model.search(domain, offset=int(offset), limit=_PAGE)
        channels = records if model._name == "actwin.channel" else records.channel_ids
        span = (start, min(end, yesterday))
        cells = self._cells(channels, *span, model._name)
        everything = self.env["actwin.channel"].search([("site_id", "=", site.id)])
        return {
            "total": model.search_count(domain),
            "rows": [
                self._row(record, cells.get(record.id, {}), (end - start).days + 1, start)
                for record in records
            ],
            "sla": _percent(*self._sla_counts(everything, *span)),
        }

    def _cells(self, channels, start, end, model):
        """{record id: {day: (state, expected, arrived)}}"""
        if not channels or end < start:
            return {}
        key = "channel_id" if model == "actwin.channel" else "point_id"
        self.env.flush_all()
        self.env.cr.execute(
            completeness_sql.CELLS.format(key=key),
            {"channels": channels.ids, "start": start, "end": end},
        )
        cells = defaultdict(dict)
        for record, day, *facts in self.env.cr.fetchall():
            cells[record][day] = facts
        return cells

    def _row(self, record, cells, days, start):
        states = [cells.get(start + timedelta(days=at), ("n", 0, 0))[0] for at in range(days)]
        detail = record.name if record._name == "actwin.channel" else record.meter_id.serial
        return {
            "id": record.id,
            "name": record.display_name,
            "detail": detail or "",
            "cells": "".join(states),
            "sla": _percent(
                sum(item[1] for item in cells.values()), sum(item[2] for item in cells.values())
            ),
        }

    @api.model
    def _sla(self, channels, start, end):
        """{channel: real readings of days ``start`` … ``end`` as a share of those expected, or
        None where none was}. Estimates and what was held back do not count.
        """
        if not channels:
            return {}
        self.env.flush_all()
        self.env.cr.execute(
            completeness_sql.SLA, {"channels": channels.ids, "start": start, "end": end}
        )
        return {
            channels.browse(row[0]): Decimal(row[3]) / row[2] if row[2] else None
            for row in self.env.cr.fetchall()
        }

    def _sla_counts(self, channels, start, end):
        """(expected, arrived) of channels together."""
        self.env.cr.execute(
            completeness_sql.SLA, {"channels": channels.ids, "start": start, "end": end}
        )
        rows = self.env.cr.fetchall()
        return sum(row[2] for row in rows), sum(row[3] for row in rows)

    @api.model
    def open_readings(self, level, record_id, day):
        """Action of the readings of a cell."""
        record = self.env["actwin.channel" if level == "channel" else "actwin.point"].browse(
            record_id
        )
        record.check_access("read")
        zone = ZoneInfo(record.site_id.tz)
        start, end = (
            datetime.combine(fields.Date.to_date(day) + timedelta(days=at), time.min, zone)
            .astimezone(UTC)
            .replace(tzinfo=None)
            for at in (0, 1)
        )
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_reading_channel_action")
        key = "channel_id" if level == "channel" else "point_id"
        return action | {
            "name": f"{record.display_name} · {fields.Date.to_date(day):%d.%m.%Y}",
            "domain": [(key, "=", record.id), ("ts", ">", str(start)), ("ts", "<=", str(end))],
            "context": {},
        }

    @api.model
    def readiness(self, site_id, month=False):
        """``{'ready', 'total'}`` points of a site whose month could be billed now."""
        points = self._points_of(site_id)
        return {
            "total": len(points),
            "ready": len(points) - len(points._not_ready(*self._utc_month(points.site_id, month))),
        }

    @api.model
    def open_not_ready(self, site_id, month=False):
        """Action of the list of points that are not ready, each with its reasons."""
        points = self._points_of(site_id)
        reasons = points._not_ready(*self._utc_month(points.site_id, month))
        return self.env["actwin.readiness"]._action(reasons)

    def _points_of(self, site_id):
        return self.env["actwin.point"].search(
            [("site_id", "=", site_id), ("channel_ids", "!=", False)]
        )

    def _utc_month(self, site, month):
        start, end = self._month_span(month)
        zone = ZoneInfo(site[:1].tz or "UTC")
        return tuple(
            datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)
            for day in (start, end + timedelta(days=1))
        )


class ActwinReadiness(models.TransientModel):
    """A point that is not ready to be billed, and why: one line of a list made when asked for."""

    _name = "actwin.readiness"
    _description = "Point that is not Ready"

    point_id = fields.Many2one("actwin.point", readonly=True)
    site_id = fields.Many2one(related="point_id.site_id")
    reasons = fields.Text(readonly=True)
    reason_count = fields.Integer("Reasons in All", readonly=True)

    @api.model
    def _action(self, reasons):
        """Action of a list of ``{point: [reason…]}``."""
        lines = self.create(
            [
                {"point_id": point.id, "reasons": "\n".join(found), "reason_count": len(found)}
                for point, found in reasons.items()
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Points not Ready"),
            "res_model": self._name,
            "view_mode": "list,kanban",
            "views": [(False, "list"), (False, "kanban")],
            "domain": [("id", "in", lines.ids)],
        }

    def action_open_point(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "actwin.point",
            "res_id": self.point_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


def _percent(expected, arrived):
    """Share in per cent with one decimal, never rounded up to 100; None when none was expected."""
    if not expected:
        return None
    return int(arrived * 1000 // expected) / 10

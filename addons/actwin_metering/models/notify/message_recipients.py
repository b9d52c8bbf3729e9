from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import SEVERITIES

_RANKS = {code: rank for rank, (code, _name) in enumerate(SEVERITIES)}
_OUTSIDE = ("mail", "sms")
"""Channels for people without a place in the application."""


class ActwinMessageRoute(models.Model):
    """From notices to recipients, for a whole batch at a time."""

    _inherit = "actwin.message.route"

    def _targets(self, notices):
        """{(notice id, partner id, channel): (user id or None, route id)} of all these routes."""
        targets = {}
        devices = self._partners_with_device()
        for route in self:
            fitting = route._fitting(notices)
            if not fitting:
                continue
            for partner, user, told in (*route._staff(fitting), *route._occupants(fitting)):
                for channel in route._channels_of(partner, user, devices):
                    for notice in told:
                        key = (notice.id, partner.id, channel)
                        targets.setdefault(key, (user.id or None, route.id))
        return targets

    def _fitting(self, notices):
        """Notices this route is for, without those it told of a short while ago."""
        self.ensure_one()
        rank, kinds, points = _RANKS[self.severity], self.kind_ids, self._point_ids()
        named = self.point_ids or self.point_group_ids
        fitting = notices.filtered(
            lambda notice: (
                notice.company_id == self.company_id
                and notice.severity_rank >= rank
                and notice.level >= self.level
                and (not self.category or notice.kind_id.category == self.category)
                and (not kinds or notice.kind_id in kinds)
                and (not self.site_id or notice.site_id == self.site_id)
                and (not named or notice.point_id.id in points)
            )
        )
        return fitting - self._repeated(fitting) if self.repeat_hours else fitting

    def _repeated(self, notices):
        """Those whose record this route told of, in the same kind, within ``repeat_hours``."""
        if not notices:
            return notices
        rows = self.env.execute_query(
            SQL(
                """
SELECT notice.id FROM actwin_message_notice notice
 WHERE notice.id = ANY(%s) AND EXISTS (
    SELECT FROM actwin_message_notice earlier
      JOIN actwin_message message ON message.notice_id = earlier.id
     WHERE earlier.res_model = notice.res_model AND earlier.res_id = notice.res_id
       AND earlier.kind_id = notice.kind_id AND earlier.id < notice.id
       AND message.route_id = %s
       AND earlier.create_date > notice.create_date - %s * interval '1 hour')
                """,
                notices.ids,
                self.id,
                self.repeat_hours,
            )
        )
        repeated = notices.browse(row[0] for row in rows)
        return repeated | self._twice(notices - repeated)

    def _twice(self, notices):
        """All but the first of notices of one batch about the same record."""
        seen, twice = set(), self.env["actwin.message.notice"]
        for notice in notices.sorted("id"):
            key = (notice.kind_id.id, notice.res_model, notice.res_id)
            if key in seen:
                twice |= notice
            seen.add(key)
        return twice

    def _staff(self, notices):
        """[(partner, user, notices)]: named users and those with a role, each with what the own
        rights let them see, so that a message never tells more than the screen would.
        """
        users = (self.user_ids | self.group_ids.user_ids).filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        by_model = notices.grouped("res_model")
        found = []
        for user in users:
            told = self.env["actwin.message.notice"]
            for model, rows in by_model.items():
                told |= self._visible(user, model, rows)
            if told:
                found.append((user.partner_id, user, told))
        return found

    @api.model
    def _visible(self, user, model, notices):
        records = (
            self.env[model].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        )
        if not records.has_access("read"):
            return notices.browse()
        seen = set(records.browse(notices.mapped("res_id"))._filtered_access("read").ids)
        return notices.filtered(lambda notice: notice.res_id in seen)

    def _occupants(self, notices):
        """[(partner, no user, notices)]: who occupies the points today, and their authorised."""
        if not self.subscribers or not notices.point_id:
            return []
        by_point = notices.grouped("point_id")
        told = defaultdict(lambda: self.env["actwin.message.notice"])
        nobody = self.env["res.users"]
        for occupancy in self.env["actwin.occupancy"].search(
            [
                ("point_id", "in", notices.point_id.ids),
                *self.env["actwin.point"]._current_domain(fields.Date.context_today(self)),
            ]
        ):
            subscriber = occupancy.subscriber_id
            for partner in subscriber.partner_id | subscriber.authorised_partner_id:
                told[partner] |= by_point[occupancy.point_id]
        return [(partner, nobody, rows) for partner, rows in told.items()]

    def _channels_of(self, partner, user, devices):
        """The route's channels that reach this person and are wanted."""
        channels = self._channels()
        if not user:
            return [name for name in channels if name in _OUTSIDE]
        return [
            name
            for name in channels
            if name == "app"
            or (user[f"actwin_by_{name}"] and (name != "push" or partner.id in devices))
        ]

    @api.model
    def _partners_with_device(self):
        devices = self.env["mail.push.device"]._read_group([], ["partner_id"])
        return {partner.id for (partner,) in devices}

from odoo import api, models
from odoo.tools import SQL

from ...tools.decimals import array_literal

_BATCH = 2000


class ActwinMessage(models.Model):
    """From notices to one row a person and channel."""

    _inherit = "actwin.message"

    @api.model
    def _expand(self):
        """Find the recipients of the oldest new notices; returns how many were worked off."""
        new = [("state", "=", "new")]
        notices = self.env["actwin.message.notice"].search(new, order="id", limit=_BATCH)
        notices = notices.try_lock_for_update().filtered_domain(new)
        if not notices:
            return 0
        alive = notices.browse()
        for model, rows in notices.grouped("res_model").items():
            if model in self.env:
                there = set(self.env[model].browse(rows.mapped("res_id")).exists().ids)
                alive |= rows.filtered(lambda row, there=there: row.res_id in there)
        routes = self.env["actwin.message.route"].search(
            [("company_id", "in", notices.company_id.ids)]
        )
        targets = routes._targets(alive)
        self._insert(targets)
        told = notices.browse({notice for notice, _partner, _channel in targets})
        told.state = "told"
        (notices - told).state = "nobody"
        return len(notices)

    @api.model
    def _insert(self, targets):
        """One statement for all of them; a notice whose batch is repeated makes no second row."""
        if not targets:
            return
        rows = [(*key, user or 0, route) for key, (user, route) in targets.items()]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
INSERT INTO actwin_message (notice_id, kind_id, category, route_id, res_model, res_id, site_id,
    point_id, company_id, severity, severity_rank, partner_id, user_id, channel, state, due,
    attempts, create_uid, create_date, write_uid, write_date)
SELECT notice.id, notice.kind_id, kind.category, new.route_id, notice.res_model, notice.res_id,
       notice.site_id, notice.point_id, notice.company_id, notice.severity, notice.severity_rank,
       new.partner_id, nullif(new.user_id, 0), new.channel, 'queued', %(now)s, 0,
       %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM unnest(%(notices)s::int[], %(partners)s::int[], %(channels)s::text[], %(users)s::int[],
              %(routes)s::int[]) AS new(notice_id, partner_id, channel, user_id, route_id)
  JOIN actwin_message_notice notice ON notice.id = new.notice_id
  JOIN actwin_message_kind kind ON kind.id = notice.kind_id
ON CONFLICT (notice_id, partner_id, channel) DO NOTHING
                """,
                now=self._now(),
                uid=self.env.uid,
                **dict(
                    zip(
                        ("notices", "partners", "channels", "users", "routes"),
                        map(array_literal, zip(*rows, strict=True)),
                        strict=True,
                    )
                ),
            )
        )
        self.env.invalidate_all()

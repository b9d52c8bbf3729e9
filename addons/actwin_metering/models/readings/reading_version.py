from odoo import fields, models
from odoo.exceptions import AccessError

from ...const import EDITED, QUALITIES, SOURCES


class ActwinReadingVersion(models.Model):
    """A value a reading had, has or was offered: the first one, a conflict, an edit.

    Written by SQL and by the two actions below, never deleted. ``actwin.reading`` holds the
    effective value.
    """

    _name = "actwin.reading.version"
    _description = "Reading Version"
    _order = "ts desc, id desc"
    _rec_name = "ts"

    channel_id = fields.Many2one("actwin.channel", required=True, readonly=True, index=True)
    point_id = fields.Many2one(related="channel_id.point_id")
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    ts = fields.Datetime("Time", required=True, readonly=True)
    value = fields.Float(digits=(20, 3), required=True, readonly=True, aggregator=None)
    quality = fields.Selection(QUALITIES, readonly=True, default="0")
    source = fields.Selection(SOURCES, readonly=True)
    kind = fields.Selection(
        [("original", "First value"), ("conflict", "Conflicting value"), ("edit", "Edit"),
         ("estimate", "Estimate")],
        required=True,
        readonly=True,
    )  # fmt: skip
    state = fields.Selection(
        [("open", "To resolve"), ("taken", "Taken"), ("dismissed", "Dismissed"),
         ("superseded", "Superseded")],
        required=True,
        readonly=True,
        default="taken",
    )  # fmt: skip
    batch_ref = fields.Char("Delivery", readonly=True)
    user_id = fields.Many2one("res.users", "By", readonly=True)
    date = fields.Datetime("When", readonly=True, default=fields.Datetime.now)
    reason = fields.Char(readonly=True)

    _conflict_uniq = models.UniqueIndex(
        "(channel_id, ts, value) WHERE kind = 'conflict'", "The conflict is listed already."
    )
    _original_uniq = models.UniqueIndex(
        "(channel_id, ts) WHERE kind = 'original'", "A reading has one first value."
    )

    def action_take(self):
        """Make the offered value the effective one; the standing value stays on record."""
        self._check_operator()
        for version in self.sudo().filtered(lambda item: item.state == "open"):
            version._apply_conflict()
        return True

    def action_dismiss(self):
        """Keep the standing value."""
        self._check_operator()
        self.sudo().filtered(lambda item: item.state == "open").write(
            {"state": "dismissed", "user_id": self.env.uid, "date": fields.Datetime.now()}
        )
        return True

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators decide on readings."))
        self.check_access("read")

    def _apply_conflict(self):
        """SQL throughout: a float would not hold the value's exact digits."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE actwin_reading r SET value = v.value, quality = %s
              FROM actwin_reading_version v
             WHERE v.id = %s AND r.channel_id = v.channel_id AND r.ts = v.ts
            """,
            [EDITED, self.id],
        )
        others = self.search([("channel_id", "=", self.channel_id.id), ("ts", "=", self.ts)]) - self
        others.filtered(lambda item: item.state == "taken").state = "superseded"
        self.write({"state": "taken", "user_id": self.env.uid, "date": fields.Datetime.now()})
        self.env["actwin.rollup"]._mark_moments(self.channel_id.id, [self.ts])
        self.env["actwin.reading.store"]._refresh_last(self.channel_id.ids)

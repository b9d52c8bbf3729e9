from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...const import EDITED, MANUAL, QUALITIES, SOURCES
from ...core.epochs import epoch_of
from ...core.rows import exact_value
from ...core.text import as_moment


class ActwinReadingVersion(models.Model):
    """A value a reading had, has or was offered: the first one, a conflict, an edit.

    Written by SQL, ``correct`` and the two actions below, never deleted. ``actwin.reading`` holds
    the effective value.
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

    @api.model
    def correct(self, channel, ts, value, reason):
        """Put an operator's value in the place of a reading, or where one is missing.

        The first value stays on record for good, and so does this one, with who, when and why.

        :param channel: id or key of the channel
        :param ts: moment of the reading: ISO 8601 text (UTC when it names no zone) or epoch seconds
        :param value: the index or consumption as decimal text, before the multiplier
        :param reason: why, for whoever audits the bill
        :return: id of the new version
        """
        self._check_group()
        found = self._correct_channel(channel)
        moment, number = as_moment(ts), exact_value(str(value))
        if moment is None or moment > fields.Datetime.now():
            raise UserError(self.env._("The time %s is none of a reading.", ts))
        if number is None:
            raise UserError(self.env._("%s is no decimal value.", value))
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("A correction needs a reason."))
        row = (found.id, epoch_of(moment), number, EDITED, MANUAL)
        return self._replace(found.site_id, [row], reason.strip())[0]

    def _correct_channel(self, channel):
        name = "key" if isinstance(channel, str) else "id"
        found = self.env["actwin.channel"].search([(name, "=", channel)])
        if not found:
            raise UserError(self.env._("There is no channel %s.", channel))
        return found

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Versions of a reading are never deleted."))

    def action_take(self):
        """Make the offered value the effective one; the standing value stays on record."""
        self._check_operator()
        # sudo: versions are written by nobody but here; group and records were checked
        for version in self.sudo().filtered(lambda item: item.state == "open"):
            version._apply_conflict()
        return True

    def action_dismiss(self):
        """Keep the standing value."""
        self._check_operator()
        # sudo: as in action_take
        self.sudo().filtered(lambda item: item.state == "open").write(
            {"state": "dismissed", "user_id": self.env.uid, "date": fields.Datetime.now()}
        )
        return True

    def _check_operator(self):
        self._check_group()
        self.check_access("read")

    def _check_group(self):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators decide on readings."))

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
        self.env["actwin.estimation"]._withdraw(self.channel_id.ids, [self.ts])
        others = self.search([("channel_id", "=", self.channel_id.id), ("ts", "=", self.ts)]) - self
        others.filtered(lambda item: item.state == "taken").state = "superseded"
        self.write({"state": "taken", "user_id": self.env.uid, "date": fields.Datetime.now()})
        self.env["actwin.rollup"]._mark_moments(self.channel_id.id, [self.ts])
        self.env["actwin.reading.store"]._refresh_last(self.channel_id.ids)

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...const import SEVERITIES

STATES = [("raised", "Raised"), ("acknowledged", "Acknowledged"), ("cleared", "Cleared")]
_PEOPLE_WRITE = {"user_id", "message_follower_ids", "activity_ids"}


class ActwinAlarm(models.Model):
    """Something that a rule found wrong: raised → acknowledged → cleared.

    Detectors open and close alarms by ``_raise`` and ``_clear`` only. Invariant: a rule has one
    open alarm at most for the same point, register, device and kind of event; what comes again is
    counted on it.
    """

    _name = "actwin.alarm"
    _description = "Alarm"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "open desc, severity_rank desc, ts desc, id desc"

    rule_id = fields.Many2one(
        "actwin.alarm.rule", required=True, readonly=True, index=True, ondelete="restrict"
    )
    rule_type = fields.Selection(related="rule_id.type", string="Type of Rule")
    code = fields.Char(related="rule_id.code")
    severity = fields.Selection(SEVERITIES, required=True, readonly=True, default="warning")
    severity_rank = fields.Integer(readonly=True, aggregator=None)
    state = fields.Selection(STATES, required=True, readonly=True, default="raised", tracking=True)
    open = fields.Boolean(readonly=True, default=True, index=True)
    site_id = fields.Many2one(
        "actwin.site", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    point_id = fields.Many2one("actwin.point", readonly=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(
        "actwin.channel", "Register", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    device_id = fields.Many2one(
        "actwin.device", readonly=True, index="btree_not_null", ondelete="set null"
    )
    meter_id = fields.Many2one("actwin.meter", readonly=True, index="btree_not_null")
    collector_id = fields.Many2one("actwin.collector", readonly=True, ondelete="cascade")
    device_key = fields.Char("Source", readonly=True)
    kind_id = fields.Many2one("actwin.event.kind", "Event", readonly=True, ondelete="restrict")
    ts = fields.Datetime("Since", required=True, readonly=True, index=True)
    ts_last = fields.Datetime("Last Seen", readonly=True)
    count = fields.Integer("Times", readonly=True, default=1)
    value = fields.Float(readonly=True, digits=(20, 6), aggregator=None)
    peak = fields.Float("Worst", readonly=True, digits=(20, 6), aggregator=None)
    limit = fields.Float(readonly=True, digits=(20, 6), aggregator=None)
    unit = fields.Char(readonly=True)
    evidence = fields.Json(readonly=True)
    message = fields.Char("What Was Found", compute="_compute_message")
    raised_date = fields.Datetime("Found", readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Owner", tracking=True)
    acknowledged_by = fields.Many2one("res.users", readonly=True)
    acknowledged_date = fields.Datetime("Acknowledged On", readonly=True)
    cleared_ts = fields.Datetime("Until", readonly=True)
    cleared_date = fields.Datetime("Cleared On", readonly=True)
    cleared_by = fields.Many2one("res.users", readonly=True, help="Empty: it was over by itself.")
    clear_reason = fields.Char("Why It Was Cleared", readonly=True)
    still_on = fields.Boolean(
        readonly=True, help="Cleared by hand while the cause lasted: it is not raised anew by it."
    )
    shelved_until = fields.Datetime(readonly=True, tracking=True)
    shelve_reason = fields.Char("Why It Is Shelved", readonly=True)
    escalation_level = fields.Integer(readonly=True, aggregator=None)
    escalated_date = fields.Datetime(readonly=True)

    # the key of an open alarm
    _open_uniq = models.UniqueIndex(
        "(rule_id, site_id, point_id, channel_id, collector_id, device_key, kind_id)"
        " NULLS NOT DISTINCT WHERE open",
        "The alarm is open already.",
    )
    _same_idx = models.Index(
        "(rule_id, coalesce(point_id, 0), coalesce(channel_id, 0), site_id,"
        " coalesce(collector_id, 0), coalesce(kind_id, 0), coalesce(device_key, ''), ts)"
    )

    @api.depends("rule_id.name", "kind_id.name", "point_id", "device_key")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for alarm in self:
            where = alarm.point_id.display_name or alarm.device_key or alarm.site_id.display_name
            alarm.display_name = f"{alarm.kind_id.name or alarm.rule_id.name}: {where}"

    @api.depends("rule_id.type", "value", "limit", "unit", "evidence", "kind_id")
    @api.depends_context("lang")
    def _compute_message(self):
        for alarm in self:
            alarm.message = alarm._message()

    def _message(self):
        """What was found, in the reader's language; detectors of other types extend it."""
        self.ensure_one()
        evidence = self.evidence or {}
        if self.kind_id:
            return " · ".join(filter(None, (self.kind_id.name, evidence.get("text"))))
        if self.rule_type == "absence":
            return self.env._("Silent since %s", self._local(self.ts))
        if evidence.get("text"):
            return evidence["text"]
        value = " ".join(filter(None, (self._shown(self.peak), self.unit)))
        return self.env._("%(value)s, limit %(limit)s", value=value, limit=self._shown(self.limit))

    def _shown(self, number):
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        text = lang.format("%.3f", number or 0, grouping=True)
        return text.rstrip("0").rstrip(lang.decimal_point) if lang.decimal_point in text else text

    def _local(self, moment):
        zoned = self.with_context(tz=self.site_id.tz)
        return fields.Datetime.context_timestamp(zoned, moment).strftime("%d.%m.%Y %H:%M")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Alarms are cleared, not deleted."))

    def write(self, vals):
        if not self.env.su and vals.keys() - _PEOPLE_WRITE:
            raise AccessError(self.env._("An alarm is changed by its buttons."))
        return super().write(vals)

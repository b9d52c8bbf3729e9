from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...const import CHANNELS, SEVERITIES

WAITING = ("queued", "held", "throttled")
"""States of messages that still have to be sent."""


class ActwinMessage(models.Model):
    """One message to one person on one channel, with what became of it.

    Rows are made and moved on by the job only. They are never deleted by hand: they are the proof
    of who was told what, and when.
    """

    _name = "actwin.message"
    _description = "Message"
    _order = "id desc"
    _rec_name = "kind_id"

    notice_id = fields.Many2one(
        "actwin.message.notice", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    kind_id = fields.Many2one("actwin.message.kind", required=True, readonly=True, index=True)
    category = fields.Selection(related="kind_id.category", store=True)
    route_id = fields.Many2one("actwin.message.route", readonly=True, ondelete="set null")
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    site_id = fields.Many2one("actwin.site", readonly=True, index=True, ondelete="cascade")
    point_id = fields.Many2one("actwin.point", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    severity_rank = fields.Integer(readonly=True)
    partner_id = fields.Many2one("res.partner", "Recipient", required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "To be sent"),
            ("held", "Held for quiet hours"),
            ("throttled", "Too many at once"),
            ("bundled", "In a summary"),
            ("sending", "Being sent"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("read", "Read"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="queued",
        required=True,
        readonly=True,
    )
    address = fields.Char("Sent to", readonly=True)
    lang = fields.Char("Language", readonly=True)
    title = fields.Char(readonly=True, groups="actwin_metering.group_manager")
    body = fields.Text(readonly=True, groups="actwin_metering.group_manager")
    shown_title = fields.Char("Subject", compute="_compute_shown", compute_sudo=True)
    shown_body = fields.Text("Text", compute="_compute_shown", compute_sudo=True)
    due = fields.Datetime("Not before", readonly=True)
    attempts = fields.Integer(readonly=True)
    sent_date = fields.Datetime("Sent on", readonly=True)
    delivered_date = fields.Datetime("Delivered on", readonly=True)
    read_date = fields.Datetime("Read on", readonly=True)
    reference = fields.Char(readonly=True, help="What the provider calls it.")
    sms_parts = fields.Integer("SMS Parts", readonly=True)
    error = fields.Char(readonly=True)
    bundle_id = fields.Many2one(
        "actwin.message", "Summary", readonly=True, index="btree_not_null", ondelete="set null"
    )
    bundled_count = fields.Integer("Messages in it", readonly=True)

    _once = models.UniqueIndex("(notice_id, partner_id, channel)")
    _waiting_idx = models.Index("(due) WHERE state IN ('queued', 'held', 'throttled')")
    _sent_idx = models.Index("(partner_id, channel, sent_date) WHERE sent_date IS NOT NULL")

    @api.model
    def _notify(self, kind, records, values=None):
        """Tell whoever the routes name about ``records``, after the transaction is committed.

        :param str kind: code of an ``actwin.message.kind``
        :param records: what it is about; ``site_id``, ``point_id`` and ``severity`` are used when
            the model has them
        :param dict values: what the texts may name besides the record; ``severity`` stands above
            the records' own, ``level`` is the level of escalation
        :return: number of notices stored
        """
        kind = self.env["actwin.message.kind"]._by_code(kind)
        if not kind.active or not records:
            return 0
        # sudo: people are told of what they may see, whoever causes it
        stored = self.env["actwin.message.notice"].sudo()._store(kind, records.sudo(), values or {})
        self._wake()
        return stored

    @api.model
    def _wake(self, at=None):
        """Let the job run soon, or at a moment."""
        # sudo: anybody's action may have to be told of
        self.env.ref("actwin_metering.ir_cron_send_messages").sudo()._trigger(at=at)

    @api.depends("title", "body", "partner_id")
    @api.depends_context("uid")
    def _compute_shown(self):
        """What was written is for the reader's eyes, and those of who answers for it."""
        user = self.env.user
        all_of_them = user.has_group("actwin_metering.group_manager")
        for message in self:
            shown = all_of_them or message.partner_id == user.partner_id
            message.shown_title = message.title if shown else False
            message.shown_body = message.body if shown else False

    @api.depends("kind_id", "partner_id")
    def _compute_display_name(self):
        for message in self:
            # sudo: tenants see their own messages, not the list of kinds
            message.display_name = message.sudo().kind_id.name

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators cancel messages or send them again."))
        self.check_access("read")

    def action_cancel(self):
        """Keep messages that still wait from being sent."""
        self._check_operator()
        # sudo: rows change by these buttons only; group and records were checked
        found = self.sudo().filtered(lambda message: message.state in WAITING)
        found.write({"state": "cancelled", "error": self.env._("Cancelled by hand")})
        return True

    def action_retry(self):
        """Send again what failed or was cancelled."""
        self._check_operator()
        # sudo: rows change by these buttons only; group and records were checked
        found = self.sudo().filtered(lambda message: message.state in ("failed", "cancelled"))
        if not found:
            raise UserError(self.env._("Only messages that failed are sent again."))
        found.write(
            {
                "state": "queued",
                "due": fields.Datetime.now(),
                "attempts": 0,
                "error": False,
                "reference": False,
                "sent_date": False,
            }
        )
        self._wake()
        return True

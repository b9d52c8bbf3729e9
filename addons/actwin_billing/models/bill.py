import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import LIVE_STATES

FROZEN = ("posted", "credited")
# What anyone may write: findings (they guard themselves) and the chatter. The rest is the run's.
OPEN_FIELDS = {
    "check_ids", "message_ids", "message_follower_ids", "activity_ids",
    "message_main_attachment_id", "message_partner_ids",
}
SEVERITIES = ("info", "warn", "block")


class ActwinBill(models.Model):
    """Control invoice: one subscription, one period, priced by the calculation core.

    ``snapshot`` holds every fact and every result as canonical JSON; what is seen later is read,
    never recomputed. From ``posted`` on nothing changes: a correction is a credit note and a new
    bill.
    """

    _name = "actwin.bill"
    _description = "Control Invoice"
    _inherit = ["mail.thread"]
    _order = "date_from desc, site_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True)
    run_id = fields.Many2one(
        "actwin.billing.run", required=True, readonly=True, ondelete="restrict", index=True
    )
    subscription_id = fields.Many2one(
        "actwin.subscription", required=True, readonly=True, ondelete="restrict", index=True
    )
    subscriber_id = fields.Many2one("actwin.subscriber", readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", required=True, readonly=True, index=True)
    point_id = fields.Many2one("actwin.point", required=True, readonly=True)
    site_id = fields.Many2one("actwin.site", required=True, readonly=True, index=True)
    tariff_id = fields.Many2one("actwin.tariff", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date_from = fields.Date(required=True, readonly=True)
    date_to = fields.Date(required=True, readonly=True, help="Last day, included.")
    period_start = fields.Datetime(required=True, readonly=True)
    period_end = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("blocked", "Blocked"),
            ("checked", "Checked"),
            ("approved", "Approved"),
            ("posted", "Posted"),
            ("credited", "Credited"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        index=True,
        tracking=True,
    )
    consumption = fields.Float(digits=(16, 3), readonly=True)
    consumption_unit = fields.Char(readonly=True)
    first_index = fields.Float(digits=(16, 3), readonly=True, aggregator=None)
    last_index = fields.Float(digits=(16, 3), readonly=True, aggregator=None)
    previous_consumption = fields.Float(digits=(16, 3), readonly=True)
    previous_amount = fields.Monetary(readonly=True)
    delta_percent = fields.Float(
        string="Change (%)", digits=(16, 1), readonly=True, aggregator=None
    )
    estimated_share = fields.Float(digits=(16, 4), readonly=True, aggregator="avg")
    amount_untaxed = fields.Monetary(string="Lines", readonly=True)
    amount_levy = fields.Monetary(string="Energy levy", readonly=True)
    amount_base = fields.Monetary(string="VAT base", readonly=True)
    amount_vat = fields.Monetary(string="VAT", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    amount_carry = fields.Monetary(
        string="Carried Rounding", readonly=True, help="What earlier roundings left over."
    )
    amount_rounding = fields.Monetary(string="Rounding", readonly=True)
    amount_payable = fields.Monetary(
        string="Payable", readonly=True,
        help="Total and carried rounding, rounded to the tariff's step.",
    )
    line_ids = fields.One2many("actwin.bill.line", "bill_id", readonly=True)
    reading_ids = fields.One2many("actwin.bill.reading", "bill_id", readonly=True)
    tax_ids = fields.One2many("actwin.bill.tax", "bill_id", readonly=True)
    check_ids = fields.One2many("actwin.bill.check", "bill_id")
    severity = fields.Selection(
        [("info", "Information"), ("warn", "Warning"), ("block", "Blocker")],
        compute="_compute_severity",
        store=True,
    )
    findings = fields.Char(compute="_compute_severity", store=True)
    snapshot = fields.Text(readonly=True)
    snapshot_hash = fields.Char(string="Snapshot SHA-256", readonly=True)
    snapshot_intact = fields.Boolean(compute="_compute_snapshot_intact")
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_on = fields.Datetime(readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, index=True)
    credit_move_id = fields.Many2one("account.move", string="Credit note", readonly=True)

    _run_subscription_uniq = models.UniqueIndex(
        "(run_id, subscription_id) WHERE state NOT IN ('cancelled', 'credited')",
        "This run already has a control invoice for the subscription.",
    )
    _posted_period_uniq = models.UniqueIndex(
        "(point_id, date_from, date_to) WHERE state = 'posted'",
        "This metering point is already invoiced for the period.",
    )
    _point_period_idx = models.Index("(point_id, date_from, date_to)")

    @api.depends("check_ids.severity", "check_ids.code", "check_ids.accepted")
    def _compute_severity(self):
        for bill in self:
            checks = bill.check_ids.filtered(lambda check: not check.accepted)
            ranks = [SEVERITIES.index(check.severity) for check in checks]
            bill.severity = SEVERITIES[max(ranks)] if ranks else False
            worst = checks.sorted(lambda check: (-SEVERITIES.index(check.severity), check.code))
            bill.findings = ", ".join(
                dict.fromkeys(check.code for check in worst if check.severity != "info")
            )

    @api.depends("snapshot", "snapshot_hash")
    def _compute_snapshot_intact(self):
        for bill in self:
            bill.snapshot_intact = bool(bill.snapshot) and (
                self._hash(bill.snapshot) == bill.snapshot_hash
            )

    @api.model
    def _hash(self, snapshot):
        return hashlib.sha256(snapshot.encode()).hexdigest()

    def write(self, vals):
        if not self.env.su and not set(vals) <= OPEN_FIELDS:
            self.check_access("write")
            self._check_not_frozen()
            raise UserError(self.env._("Only a billing run changes control invoices."))
        return super().write(vals)

    def _update(self, vals):
        """The one way to change a bill; callers have checked that the change is lawful."""
        self.check_access("write")
        return self.sudo().write(vals)  # sudo: the fields are nobody's to write but the run's

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self._check_not_frozen(("approved", *FROZEN))

    def _check_not_frozen(self, states=FROZEN):
        """UserError when one of the bills, as stored, is past the point of change."""
        frozen = self.filtered(lambda bill: bill._origin.state in states)
        if frozen:
            raise UserError(
                self.env._(
                    "%s can no longer be changed or deleted. Correct it with a credit note and a"
                    " new bill.",
                    ", ".join(frozen[:5].mapped("name")),
                )
            )

    def _overlapping(self):
        """{bill: other live bills of the same point that share a day with it}."""
        if not self:
            return {}
        others = self.search(
            [
                ("id", "not in", self.ids),
                ("point_id", "in", self.point_id.ids),
                ("state", "in", LIVE_STATES),
                ("date_from", "<=", max(self.mapped("date_to"))),
                ("date_to", ">=", min(self.mapped("date_from"))),
            ]
        ).grouped("point_id")
        return {
            bill: others.get(bill.point_id, self.browse()).filtered(
                lambda other, bill=bill: other.date_from <= bill.date_to
                and other.date_to >= bill.date_from
            )
            for bill in self
        }

    def _settle_state(self):
        """Draft, checked or blocked by what the checks say; later states stay."""
        for bill in self.filtered(lambda bill: bill.state in ("draft", "checked", "blocked")):
            state = "blocked" if bill.severity == "block" else "checked"
            if bill.state != state:
                bill._update({"state": state})

    def action_approve(self):
        """Approve checked control invoices; the snapshot is what will be posted.

        :return: True. Raises UserError when one of them is not checked or was tampered with.
        """
        for bill in self:
            if bill.state != "checked":
                raise UserError(
                    self.env._("%s is not checked: resolve its blockers first.", bill.name)
                )
            if not bill.snapshot_intact:
                raise UserError(self.env._("The snapshot of %s is damaged.", bill.name))
        self._update({
            "state": "approved",
            "approved_by_id": self.env.uid,
            "approved_on": fields.Datetime.now(),
        })
        self.run_id._settle()
        return True

    def action_unapprove(self):
        """Take the approval back while nothing is posted. Returns True."""
        if any(bill.state != "approved" for bill in self):
            raise UserError(self.env._("Only approved control invoices can go back."))
        self._update({"state": "checked", "approved_by_id": False, "approved_on": False})
        self.run_id._settle()
        return True

    def action_recompute(self):
        """Price again from the readings as they are now. Returns True."""
        self._check_not_frozen(("approved", *FROZEN))
        for run, bills in self.grouped("run_id").items():
            run._build(bills.subscription_id)
            run._settle()
        return True

    def action_cancel(self):
        """Cancel control invoices that are not posted. Returns True."""
        self._check_not_frozen()
        self._update({"state": "cancelled"})
        self._release_waiting()
        self.run_id._settle()
        return True

    def _release_waiting(self):
        """Give adjustments and sessions of bills that no longer count to the next bill."""
        self.env["actwin.adjustment"].search([("bill_id", "in", self.ids)]).bill_id = False
        self.env["actwin.charging.session"].search([("bill_id", "in", self.ids)]).bill_id = False

    def action_open_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    def action_open_readings(self):
        """The stored readings of the point in the billed period."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Readings"),
            "res_model": "actwin.reading",
            "view_mode": "list,graph,pivot",
            "domain": [
                ("channel_id", "in", self.point_id.channel_ids.ids),
                ("ts", ">=", self.period_start),
                ("ts", "<=", self.period_end),
            ],
        }

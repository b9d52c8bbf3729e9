from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

UNPOSTED = ("draft", "blocked", "checked")


class ActwinBillingRun(models.Model):
    """The billing of one period: readings → control invoices → approval → posted invoices.

    Work is cut into chunks that crons (or ``run_now``) drain; a run can be repeated at any time
    and does only what is missing.
    """

    _name = "actwin.billing.run"
    _description = "Billing Run"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True, readonly=False, precompute=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    site_id = fields.Many2one("actwin.site", check_company=True, index=True, tracking=True)
    date_from = fields.Date(
        required=True, tracking=True, default=lambda self: self._default_month()[0]
    )
    date_to = fields.Date(
        required=True, tracking=True, default=lambda self: self._default_month()[1],
        help="Last day, included.",
    )
    invoice_date = fields.Date(
        required=True, default=fields.Date.context_today, help="Date printed on the invoices."
    )
    journal_id = fields.Many2one(
        "account.journal", check_company=True, domain="[('type', '=', 'sale')]",
        help="Empty takes the company's first sales journal.",
    )
    tariff_ids = fields.Many2many("actwin.tariff", help="Bill only these tariffs.")
    subscription_ids = fields.Many2many("actwin.subscription", help="Bill only these.")
    user_id = fields.Many2one(
        "res.users", string="Responsible", required=True, default=lambda self: self.env.user
    )
    state = fields.Selection(
        [
            ("draft", "Readings"),
            ("computing", "Computing"),
            ("control", "Control invoice"),
            ("approved", "Approval"),
            ("posting", "Posting"),
            ("posted", "Posted"),
            ("cancelled", "Cancelled"),
        ],
        required=True, default="draft", readonly=True, copy=False, index=True, tracking=True,
        group_expand=True,
    )
    chunk_ids = fields.One2many("actwin.billing.chunk", "run_id")
    bill_ids = fields.One2many("actwin.bill", "run_id")
    subscription_count = fields.Integer(compute="_compute_subscription_count")
    bill_count = fields.Integer(compute="_compute_counters")
    blocked_count = fields.Integer(compute="_compute_counters", string="Blocked")
    checked_count = fields.Integer(compute="_compute_counters", string="Checked")
    approved_count = fields.Integer(compute="_compute_counters", string="Approved")
    posted_count = fields.Integer(compute="_compute_counters", string="Posted")
    warning_count = fields.Integer(compute="_compute_counters", string="With warnings")
    complete_percent = fields.Float(compute="_compute_counters", string="Complete readings (%)")
    consumption = fields.Float(compute="_compute_counters", digits=(16, 3))
    amount_total = fields.Monetary(compute="_compute_counters", string="Total")
    previous_amount = fields.Monetary(compute="_compute_counters", string="Last period")

    _ends_after_start = models.Constraint(
        "CHECK (date_to >= date_from)", "The period must end after it starts."
    )

    @api.model
    def _default_month(self):
        """First and last day of the last full month."""
        today = fields.Date.context_today(self)
        last = fields.Date.subtract(today.replace(day=1), days=1)
        return last.replace(day=1), last

    @api.depends("date_from", "site_id")
    def _compute_name(self):
        for run in self:
            parts = [f"{run.date_from:%Y/%m}" if run.date_from else "", run.site_id.name or ""]
            run.name = " · ".join(filter(None, parts))

    @api.depends("date_from", "date_to", "site_id", "tariff_ids", "subscription_ids")
    def _compute_subscription_count(self):
        for run in self:
            ready = run.company_id and run.date_from and run.date_to
            run.subscription_count = (
                self.env["actwin.subscription"].search_count(run._subscription_domain())
                if ready else 0
            )

    @api.depends("bill_ids.state", "bill_ids.severity", "bill_ids.amount_total")
    def _compute_counters(self):
        rows = {}
        for run, state, severity, *figures in self.env["actwin.bill"]._read_group(
            [("run_id", "in", self.ids), ("state", "not in", ("cancelled", "credited"))],
            ["run_id", "state", "severity"],
            ["__count", "consumption:sum", "amount_total:sum", "previous_amount:sum"],
        ):
            rows.setdefault(run.id, []).append((state, severity, figures))
        missing = dict(self.env["actwin.bill.check"]._read_group(
            [("run_id", "in", self.ids), ("code", "=", "V12")],
            ["run_id"], ["bill_id:count_distinct"],
        ))
        for run in self:
            run._set_counters(rows.get(run._origin.id, []), missing.get(run._origin, 0))

    def _set_counters(self, rows, missing):
        def total(position, *states, severity=None):
            return sum(
                figures[position] or 0 for state, level, figures in rows
                if (not states or state in states) and (not severity or level == severity)
            )

        self.bill_count = total(0)
        self.blocked_count = total(0, "blocked")
        self.checked_count = total(0, "checked")
        self.approved_count = total(0, "approved")
        self.posted_count = total(0, "posted")
        self.warning_count = total(0, *UNPOSTED, severity="warn")
        self.consumption = total(1)
        self.amount_total = total(2)
        self.previous_amount = total(3)
        count = self.bill_count
        self.complete_percent = (count - missing) * 100 / count if count else 0.0

    @api.constrains("company_id", "site_id", "date_from", "date_to")
    def _check_unchanged(self):
        for run in self:
            outside = run.bill_ids.filtered(
                lambda bill, run=run: bill.state != "cancelled"
                and (bill.date_from < run.date_from or bill.date_to > run.date_to)
            )
            if outside:
                raise ValidationError(
                    self.env._("The period of a run with control invoices cannot shrink.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        if self.bill_ids.filtered(lambda bill: bill.state in ("approved", "posted", "credited")):
            raise UserError(self.env._("A run with approved control invoices cannot be deleted."))
        self.bill_ids.sudo().unlink()  # sudo: bills go only with their run

    def _subscription_domain(self):
        """Subscriptions of the run: alive on at least one of its days."""
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("date_from", "<=", self.date_to),
            "|", ("date_to", "=", False), ("date_to", ">=", self.date_from),
        ]
        if self.site_id:
            domain.append(("site_id", "=", self.site_id.id))
        if self.tariff_ids:
            domain.append(("tariff_id", "in", self.tariff_ids.ids))
        if self.subscription_ids:
            domain.append(("id", "in", self.subscription_ids.ids))
        return domain

    def _open_bills(self, name, default):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "actwin.bill",
            "view_mode": "list,kanban,form,pivot,graph",
            "domain": [("run_id", "=", self.id)],
            "context": {f"search_default_{default}": 1},
        }

    def action_open_bills(self):
        return self._open_bills(self.env._("Control invoices"), "live")

    def action_open_review(self):
        """Control invoices a person has to look at."""
        return self._open_bills(self.env._("Control invoices"), "review")

    def action_open_moves(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoices"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("actwin_run_id", "=", self.id)],
        }

import json

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..const import ACTIVE, HISTORY_BILLS
from ..core.compare import compare


class ActwinBillReview(models.Model):
    """What a person looks at before approving: the last bill beside this one, indices, rules."""

    _inherit = "actwin.bill"

    previous_bill_id = fields.Many2one("actwin.bill", readonly=True, ondelete="set null")
    main_register = fields.Char(readonly=True, help="Register the consumption is of.")
    judged = fields.Char(readonly=True, help="Codes of the rules that were applied.")
    history = fields.Json(string="13 months", compute="_compute_history")
    review = fields.Json(string="Comparison", compute="_compute_review")

    @api.depends("main_register", "reading_ids", "date_from")
    def _compute_history(self):
        """[[first day of the month, consumption]…] of the 13 months up to the bill's own."""
        channels = {bill: bill._main_channels() for bill in self}
        months = {bill: bill._months() for bill in self if bill.date_from}
        used = {}
        if months:
            for channel, month, value in self.env["actwin.consumption.month"]._read_group(
                [("channel_id", "in", self.reading_ids.channel_id.ids),
                 ("month", ">=", min(span[0] for span in months.values())),
                 ("month", "<=", max(span[-1] for span in months.values()))],
                ["channel_id", "month:month"], ["consumption:sum"],
            ):
                used[channel, month] = value
        for bill in self:
            bill.history = [
                [str(month), sum(used.get((channel, month)) or 0 for channel in channels[bill])]
                for month in months.get(bill, ())
            ]

    def _months(self):
        first = self.date_from.replace(day=1)
        return [first - relativedelta(months=back) for back in reversed(range(HISTORY_BILLS))]

    def _main_channels(self):
        """Channel of the main register, or those of its bands when it has no total."""
        register = self.main_register or ACTIVE
        rows = self.reading_ids.filtered(lambda row: row.register == register)
        rows = rows or self.reading_ids.filtered(
            lambda row: row.register.startswith(f"{register}.")
        )
        return rows.channel_id

    @api.depends("snapshot", "previous_bill_id", "reading_ids", "check_ids.accepted")
    @api.depends_context("lang")
    def _compute_review(self):
        rules = self._rules()
        for bill in self:
            result, before = bill._result(), bill.previous_bill_id._result()
            bill.review = {
                "comparison": compare(result, before) if result else None,
                "indices": [row._shown() for row in bill.reading_ids],
                "findings": [check._shown() for check in bill.check_ids],
                "passed": bill._passed(rules),
            }

    def _result(self):
        """The priced result in the snapshot; None when nothing could be priced."""
        return json.loads(self.snapshot)["result"] if self.snapshot else None

    def _passed(self, rules):
        """[{code, name}] of the rules that were applied and found nothing."""
        codes = set((self.judged or "").split(",")) - set(self.check_ids.mapped("code"))
        return [
            {"code": code, "name": rules[code].name}
            for code in sorted(codes) if code in rules and rules[code].active
        ]

    def action_accept_findings(self):
        """Ask for the reason why the open findings of this bill are accepted."""
        self.ensure_one()
        checks = self.check_ids.filtered(lambda check: check._is_acceptable())
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accept findings"),
            "res_model": "actwin.bill.accept",
            "view_mode": "form",
            "target": "new",
            "context": {"default_check_ids": checks.ids},
        }

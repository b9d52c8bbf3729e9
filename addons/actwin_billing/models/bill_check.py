from odoo import api, fields, models
from odoo.exceptions import UserError


class ActwinBillCheck(models.Model):
    """A finding of the control invoice: rule code, severity, sentence and the numbers behind it.

    A person may accept some findings, with a reason that stays.
    """

    _name = "actwin.bill.check"
    _description = "Control Invoice Finding"
    _order = "bill_id, severity_rank desc, code, id"

    bill_id = fields.Many2one(
        "actwin.bill", required=True, readonly=True, ondelete="cascade", index=True
    )
    run_id = fields.Many2one(related="bill_id.run_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True, precompute=True)
    site_id = fields.Many2one(related="bill_id.site_id", store=True, precompute=True)
    point_id = fields.Many2one(related="bill_id.point_id", store=True, precompute=True)
    subscriber_id = fields.Many2one(related="bill_id.subscriber_id", store=True, precompute=True)
    code = fields.Char(required=True, readonly=True, index=True)
    rule_id = fields.Many2one("actwin.billing.rule", readonly=True, ondelete="set null")
    severity = fields.Selection(
        [("info", "Information"), ("warn", "Warning"), ("block", "Blocker")],
        required=True,
        readonly=True,
    )
    severity_rank = fields.Integer(compute="_compute_severity_rank", store=True, precompute=True)
    message = fields.Char(required=True, readonly=True)
    parameters = fields.Json(readonly=True)
    reason = fields.Char(help="Why the finding is accepted.")
    accepted = fields.Boolean(readonly=True)
    accepted_by_id = fields.Many2one("res.users", readonly=True)
    accepted_on = fields.Datetime(readonly=True)

    @api.depends("severity")
    def _compute_severity_rank(self):
        for check in self:
            check.severity_rank = ("info", "warn", "block").index(check.severity)

    def write(self, vals):
        if not self.env.su and not set(vals) <= {"reason"}:
            raise UserError(self.env._("A finding is accepted with a reason, not edited."))
        self.bill_id._check_not_frozen(("approved", "posted", "credited"))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self.bill_id._check_not_frozen(("approved", "posted", "credited"))

    def _is_acceptable(self):
        """Whether a person may still accept this finding."""
        return not self.accepted and self.severity != "info" and self.rule_id.can_accept

    def _shown(self):
        """JSON object for the review panel."""
        return {
            "id": self.id, "code": self.code, "severity": self.severity, "message": self.message,
            "accepted": self.accepted, "reason": self.reason or "",
            "acceptable": self._is_acceptable(),
        }

    def action_accept(self, reason=None):
        """Accept findings with a reason (argument, or the field's text). Returns True."""
        for check in self:
            text = (reason or check.reason or "").strip()
            if not text:
                raise UserError(self.env._("Say why the finding %s is accepted.", check.code))
            if not check.rule_id.can_accept:
                raise UserError(
                    self.env._("A finding of rule %s cannot be accepted.", check.code)
                )
            check.check_access("write")
            check.sudo().write({  # sudo: accepted is set here alone, never by hand
                "reason": text,
                "accepted": True,
                "accepted_by_id": self.env.uid,
                "accepted_on": fields.Datetime.now(),
            })
            check.bill_id.message_post(
                body=self.env._("%(code)s accepted: %(reason)s", code=check.code, reason=text)
            )
        self.bill_id._settle_state()
        return True

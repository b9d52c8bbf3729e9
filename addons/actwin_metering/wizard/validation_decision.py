from odoo import fields, models


class ActwinValidationDecision(models.TransientModel):
    """Why exceptions are closed, and how."""

    _name = "actwin.validation.decision"
    _description = "Decision on Validation Exceptions"

    exception_ids = fields.Many2many("actwin.validation.exception", required=True)
    decision = fields.Selection(
        [("accepted", "The readings are right"), ("rejected", "The readings are wrong")],
        required=True,
        default="accepted",
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        self.ensure_one()
        self.exception_ids._close(self.decision, self.reason)
        return {"type": "ir.actions.act_window_close"}

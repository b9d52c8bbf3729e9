from odoo import fields, models


class ActwinBillAccept(models.TransientModel):
    """Accepts findings of control invoices with one reason."""

    _name = "actwin.bill.accept"
    _description = "Accept Findings"

    check_ids = fields.Many2many("actwin.bill.check", string="Findings", required=True)
    reason = fields.Char(required=True, help="Why the findings are accepted; it stays.")

    def action_accept(self):
        """Accept the chosen findings and close."""
        self.check_ids.action_accept(self.reason)
        return {"type": "ir.actions.act_window_close"}

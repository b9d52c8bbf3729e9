from odoo import fields, models


class ActwinLineStop(models.TransientModel):
    """Asks why a line is to be stopped."""

    _name = "actwin.line.stop"
    _description = "Stop Line"

    line_ids = fields.Many2many("actwin.line", string="Lines", required=True)
    reason = fields.Char(required=True)
    device_count = fields.Integer(compute="_compute_device_count")

    def _compute_device_count(self):
        for wizard in self:
            wizard.device_count = len(wizard.line_ids.device_ids)

    def action_stop(self):
        """Stop the lines; whoever may not is refused there."""
        self.line_ids.stop(self.reason)
        return {"type": "ir.actions.act_window_close"}

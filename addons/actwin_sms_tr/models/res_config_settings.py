from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    actwin_sms_gateway_id = fields.Many2one(
        related="company_id.actwin_sms_gateway_id",
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    actwin_sms_balance = fields.Char(related="company_id.actwin_sms_gateway_id.balance_words")
    actwin_sms_problem = fields.Char(related="company_id.actwin_sms_gateway_id.problem")

    def action_actwin_sms_test(self):
        """Send a message through the gateway that is chosen."""
        return self.company_id.actwin_sms_gateway_id.action_test()

    def action_actwin_sms_balance(self):
        """Ask the gateway what is left."""
        return self.company_id.actwin_sms_gateway_id.action_balance()

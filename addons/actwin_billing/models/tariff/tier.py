from odoo import fields, models


class ActwinTariffTier(models.Model):
    """A step of a tiered price: up to so many units at this price; the last step is open."""

    _name = "actwin.tariff.tier"
    _description = "Tier"
    _order = "component_id, sequence, id"

    component_id = fields.Many2one(
        "actwin.tariff.component", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="component_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Label", translate=True)
    up_to = fields.Float(
        digits=(16, 3), help="Per day, month or bill as the component says; zero: no limit."
    )
    price = fields.Float(digits=(16, 8))
    parameter_id = fields.Many2one("actwin.tariff.parameter", ondelete="restrict")
    factor = fields.Float(digits=(16, 8), default=1.0)

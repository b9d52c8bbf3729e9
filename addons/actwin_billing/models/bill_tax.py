from odoo import fields, models


class ActwinBillTax(models.Model):
    """A tax of a control invoice: its base and its amount, rounded once on the whole base."""

    _name = "actwin.bill.tax"
    _description = "Control Invoice Tax"
    _inherit = ["actwin.bill.part"]
    _order = "bill_id, sequence, id"

    sequence = fields.Integer(readonly=True)
    key = fields.Char(required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    tax_id = fields.Many2one("account.tax", readonly=True)
    rate = fields.Float(string="Rate (%)", digits=(16, 4), readonly=True, aggregator=None)
    base = fields.Monetary(readonly=True)
    amount = fields.Monetary(readonly=True)
    formula = fields.Char(readonly=True)
    site_id = fields.Many2one(related="bill_id.site_id", store=True, precompute=True)

from odoo import fields, models


class ActwinCostShare(models.Model):
    """What one payer owes of one cost for one unit, with the way there (``trace``).

    Only a settlement writes shares.
    """

    _name = "actwin.cost.share"
    _description = "Share of a Cost"
    _order = "settlement_id, point_id, sequence, id"
    _rec_name = "name"

    settlement_id = fields.Many2one(
        "actwin.cost.settlement", required=True, readonly=True, index=True, ondelete="cascade"
    )
    cost_id = fields.Many2one(
        "actwin.cost.settlement.cost", readonly=True, ondelete="cascade",
        help="Empty: a share of all costs together.",
    )
    sequence = fields.Integer(readonly=True)
    name = fields.Char("Label", readonly=True, required=True)
    pool_id = fields.Many2one(related="settlement_id.pool_id", store=True, index=True)
    site_id = fields.Many2one(related="settlement_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="settlement_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(related="settlement_id.date_from", store=True)
    state = fields.Selection(related="settlement_id.state", store=True)
    point_id = fields.Many2one("actwin.point", "Unit", readonly=True, required=True, index=True)
    subscriber_id = fields.Many2one("actwin.subscriber", readonly=True, index="btree_not_null")
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True, required=True, index=True)
    vacant = fields.Boolean(readonly=True)
    amount = fields.Monetary(readonly=True)
    consumption = fields.Float(readonly=True, digits=(20, 3))
    weight = fields.Float(readonly=True, digits=(20, 6), aggregator=None)
    total_weight = fields.Float("Of", readonly=True, digits=(20, 6), aggregator=None)
    trace = fields.Json(readonly=True)
    formula = fields.Char("How", readonly=True)
    adjustment_id = fields.Many2one(
        "actwin.adjustment", "Billed As", readonly=True, ondelete="set null",
        index="btree_not_null",
    )
    move_id = fields.Many2one(
        "account.move", "Invoice", readonly=True, ondelete="set null", index="btree_not_null"
    )

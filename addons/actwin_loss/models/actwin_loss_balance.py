from odoo import fields, models

from ..const import PARTS, STATES


class ActwinLossBalance(models.Model):
    """Energy balance of one node on one site-local day.

    Written only by SQL from the consumption rollups, never by hand. ``signature`` is a hash of
    everything the figures were made from: a day is computed again exactly when it differs.
    """

    _name = "actwin.loss.balance"
    _description = "Daily balance"
    _order = "day DESC, node_id"
    _rec_name = "day"

    node_id = fields.Many2one(
        "actwin.loss.node", required=True, index=True, ondelete="cascade", readonly=True
    )
    site_id = fields.Many2one("actwin.site", index=True, readonly=True)
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    main_kwh = fields.Float("Main (kWh)", digits=(20, 6), readonly=True)
    children_kwh = fields.Float("Children (kWh)", digits=(20, 6), readonly=True)
    common_kwh = fields.Float("Common (kWh)", digits=(20, 6), readonly=True)
    technical_kwh = fields.Float("Technical loss (kWh)", digits=(20, 6), readonly=True)
    unexplained_kwh = fields.Float("Unexplained (kWh)", digits=(20, 6), readonly=True)
    unexplained_pct = fields.Float(
        "Unexplained (%)", digits=(16, 6), readonly=True, aggregator=None
    )
    uncertainty_kwh = fields.Float(
        "Meter uncertainty (kWh)", digits=(20, 6), readonly=True, aggregator=None
    )
    band_kwh = fields.Float(
        "Band (kWh)",
        digits=(20, 6),
        readonly=True,
        help="Missing energy up to this is explained by the meters' own accuracy.",
    )
    state = fields.Selection(STATES, required=True, index=True, readonly=True)
    missing = fields.Char("Without data", readonly=True)
    signature = fields.Char(readonly=True, groups="base.group_no_one")
    line_ids = fields.One2many(
        "actwin.loss.balance.line", "balance_id", string="Meters", readonly=True
    )

    _node_day_uniq = models.Constraint(
        "UNIQUE (node_id, day)", "A node has one balance a day."
    )


class ActwinLossBalanceLine(models.Model):
    """What one point contributed to a daily balance; empty when it lacked data that day."""

    _name = "actwin.loss.balance.line"
    _description = "Point in a daily balance"
    _order = "balance_id, part DESC, point_id"
    _rec_name = "point_id"

    balance_id = fields.Many2one(
        "actwin.loss.balance", required=True, index=True, ondelete="cascade", readonly=True
    )
    node_id = fields.Many2one(related="balance_id.node_id")
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    site_id = fields.Many2one("actwin.site", index=True, readonly=True)
    point_id = fields.Many2one(
        "actwin.point", required=True, index=True, ondelete="cascade", readonly=True
    )
    part = fields.Selection(PARTS, required=True, readonly=True)
    consumption_kwh = fields.Float("Energy (kWh)", digits=(20, 6), readonly=True)
    missing = fields.Boolean("No data", readonly=True)

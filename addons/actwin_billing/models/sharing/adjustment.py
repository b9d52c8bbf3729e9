from odoo import fields, models


class ActwinAdjustment(models.Model):
    """Shares of common costs come onto the next bill as adjustments of their own kind."""

    _inherit = "actwin.adjustment"

    kind = fields.Selection(selection_add=[("share", "Shared cost")],
                            ondelete={"share": "set default"})
    share_ids = fields.One2many("actwin.cost.share", "adjustment_id", "Shares")

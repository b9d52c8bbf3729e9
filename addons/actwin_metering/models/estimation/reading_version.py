from odoo import fields, models


class ActwinReadingVersion(models.Model):
    """An estimated value knows the estimate it belongs to."""

    _inherit = "actwin.reading.version"

    estimate_id = fields.Many2one(
        "actwin.estimate", readonly=True, index="btree_not_null", ondelete="restrict"
    )

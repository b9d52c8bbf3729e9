from odoo import fields, models


class ActwinShareKeyPart(models.Model):
    """A unit's fixed share of a key, or another key's weight in a mix."""

    _name = "actwin.share.key.part"
    _description = "Part of an Allocation Key"
    _order = "sequence, id"
    _check_company_auto = True

    key_id = fields.Many2one("actwin.share.key", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="key_id.company_id", store=True)
    kind = fields.Selection(related="key_id.kind")
    sequence = fields.Integer(default=10)
    point_id = fields.Many2one(
        "actwin.point", "Unit", index="btree_not_null", ondelete="restrict", check_company=True
    )
    part_key_id = fields.Many2one(
        "actwin.share.key", "Mixed In", ondelete="restrict", check_company=True,
        domain="[('kind', '!=', 'weighted')]",
    )
    share = fields.Float(required=True, default=1, digits=(16, 6), aggregator=None)

    _share_check = models.Constraint("CHECK (share >= 0)", "A share is not negative.")

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinCostPoolMember(models.Model):
    """A unit that shares a pool, on days of the site's calendar, both ends included."""

    _name = "actwin.cost.pool.member"
    _description = "Unit of a Cost Pool"
    _order = "pool_id, point_id, date_from"
    _rec_name = "point_id"
    _check_company_auto = True

    pool_id = fields.Many2one("actwin.cost.pool", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="pool_id.site_id", store=True)
    company_id = fields.Many2one(related="pool_id.company_id", store=True)
    point_id = fields.Many2one(
        "actwin.point", "Unit", required=True, index=True, ondelete="restrict", check_company=True,
        domain="[('site_id', '=', site_id)]",
    )
    subscriber_id = fields.Many2one(related="point_id.subscriber_id")
    area_m2 = fields.Float(related="point_id.area_m2")
    date_from = fields.Date("From")
    date_to = fields.Date("To")
    reason = fields.Char(help="Why it shares for some time only.")

    _order_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "The end comes after the start.",
    )

    @api.constrains("pool_id", "point_id", "date_from", "date_to")
    def _check_overlap(self):
        for item in self:
            others = item.pool_id.member_ids.filtered(
                lambda other, item=item: other != item and other.point_id == item.point_id)
            for other in others:
                if (not other.date_to or not item.date_from or other.date_to >= item.date_from) \
                        and (not item.date_to or not other.date_from
                             or item.date_to >= other.date_from):
                    raise ValidationError(self.env._(
                        "%s shares the pool in that time already.", item.point_id.display_name))

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinOccupancy(models.Model):
    """A subscriber at a point over days of the site's calendar, both ends included."""

    _name = "actwin.occupancy"
    _description = "Occupancy"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    point_id = fields.Many2one(
        "actwin.point", required=True, index=True, ondelete="restrict", check_company=True
    )
    subscriber_id = fields.Many2one(
        "actwin.subscriber", required=True, index=True, ondelete="restrict", check_company=True
    )
    partner_id = fields.Many2one(related="subscriber_id.partner_id")
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To")

    _order_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "The end comes after the start."
    )

    @api.depends("subscriber_id", "point_id")
    def _compute_display_name(self):
        for item in self:
            item.display_name = f"{item.subscriber_id.display_name} @ {item.point_id.code}"

    @api.constrains("point_id", "date_from", "date_to")
    def _check_overlap(self):
        for item in self:
            domain = [
                ("id", "!=", item.id),
                ("point_id", "=", item.point_id.id),
                "|", ("date_to", "=", False), ("date_to", ">=", item.date_from),
            ]  # fmt: skip
            if item.date_to:
                domain.append(("date_from", "<=", item.date_to))
            if self.sudo().search_count(domain, limit=1):
                raise ValidationError(
                    self.env._("%s is occupied in that time already.", item.point_id.display_name)
                )

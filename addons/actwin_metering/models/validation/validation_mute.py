from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinValidationMute(models.Model):
    """Hits of a rule on a point that are known and of no interest until a date."""

    _name = "actwin.validation.mute"
    _description = "Muted Validation"
    _order = "until desc"
    _rec_name = "point_id"
    _check_company_auto = True

    point_id = fields.Many2one(
        "actwin.point", required=True, index=True, ondelete="cascade", check_company=True
    )
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    code = fields.Char(
        "Rule", help="Code of the rule, e.g. V04. Empty: every rule that only tells."
    )
    until = fields.Date(
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=30),
    )
    reason = fields.Char(required=True)
    user_id = fields.Many2one("res.users", "By", default=lambda self: self.env.user, readonly=True)

    @api.constrains("until")
    def _check_until(self):
        longest = fields.Date.add(fields.Date.context_today(self), years=1)
        for mute in self:
            if mute.until > longest:
                raise ValidationError(self.env._("A mute ends within a year."))

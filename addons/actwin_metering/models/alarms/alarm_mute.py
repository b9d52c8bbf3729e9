from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinAlarmMute(models.Model):
    """Alarms that are known and of no interest until a date: kept, but nobody is told."""

    _name = "actwin.alarm.mute"
    _description = "Muted Alarms"
    _order = "until desc"
    _rec_name = "reason"
    _check_company_auto = True

    site_id = fields.Many2one("actwin.site", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    point_id = fields.Many2one(
        "actwin.point",
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('site_id', '=', site_id)]",
        help="Empty: the whole site.",
    )
    rule_id = fields.Many2one(
        "actwin.alarm.rule", ondelete="cascade", help="Empty: every rule below critical."
    )
    until = fields.Datetime(
        required=True, default=lambda self: fields.Datetime.add(fields.Datetime.now(), days=7)
    )
    reason = fields.Char(required=True)
    user_id = fields.Many2one("res.users", "By", default=lambda self: self.env.user, readonly=True)

    @api.constrains("until")
    def _check_until(self):
        longest = fields.Datetime.add(fields.Datetime.now(), years=1)
        for mute in self:
            if mute.until > longest:
                raise ValidationError(self.env._("A mute ends within a year."))

    @api.constrains("point_id", "site_id")
    def _check_point(self):
        for mute in self:
            if mute.point_id and mute.point_id.site_id != mute.site_id:
                raise ValidationError(
                    self.env._("%s belongs to another site.", mute.point_id.display_name)
                )

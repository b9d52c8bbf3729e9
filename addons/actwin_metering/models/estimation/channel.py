from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinChannel(models.Model):
    """What is particular to the estimation of a channel."""

    _inherit = "actwin.channel"

    extrapolate = fields.Boolean(
        "Go On Without Readings",
        groups="actwin_metering.group_reader",
        help="While no reading arrives, estimate up to the end of yesterday, so that a bill need "
        "not wait. The first reading that arrives takes the place of all these estimates.",
    )
    extrapolated_from = fields.Datetime(
        readonly=True, copy=False, groups="actwin_metering.group_reader"
    )
    profile_id = fields.Many2one(
        "actwin.channel",
        check_company=True,
        groups="actwin_metering.group_reader",
        domain="[('site_id', '=', site_id), ('unit', '=', unit), ('id', '!=', id)]",
        help="A channel whose course this one follows when days alike are not known, e.g. a load "
        "profile imported for a class of customers.",
    )

    @api.constrains("profile_id")
    def _check_profile(self):
        for channel in self.filtered("profile_id"):
            if channel.profile_id == channel:
                raise ValidationError(self.env._("A channel is no profile of its own."))

from odoo import fields, models
from odoo.fields import Domain

_OWN = ["actwin_by_push", "actwin_by_mail", "actwin_by_sms", "actwin_quiet_from", "actwin_quiet_to"]


class ResUsers(models.Model):
    """How a member of staff wants to be told, within what the routes allow."""

    _inherit = "res.users"

    actwin_by_push = fields.Boolean("Notices in the Browser", default=True)
    actwin_by_mail = fields.Boolean("Notices by E-mail", default=True)
    actwin_by_sms = fields.Boolean("Notices by SMS", default=True)
    actwin_quiet_from = fields.Float(
        "Own Quiet Hours",
        help="By your own clock. What may not wait comes all the same.",
    )
    actwin_quiet_to = fields.Float("Own Quiet Hours End")

    _actwin_quiet_range = models.Constraint(
        "CHECK (coalesce(actwin_quiet_from, 0) >= 0 AND coalesce(actwin_quiet_from, 0) < 24"
        " AND coalesce(actwin_quiet_to, 0) >= 0 AND coalesce(actwin_quiet_to, 0) < 24)",
        "Quiet hours lie between 00:00 and 23:59.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + _OWN

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + _OWN

    def _actwin_told(self):
        """Condition on messages: sent to this user, about whatever they are."""
        return Domain("partner_id", "=", self.partner_id.id)

from odoo import fields, models


class ActwinSubscriber(models.Model):
    """What a subscriber is billed for."""

    _inherit = "actwin.subscriber"

    subscription_ids = fields.One2many(
        "actwin.subscription", "subscriber_id", groups="actwin_metering.group_reader"
    )

from odoo import fields, models

from ..const import STAFF


class ActwinSubscriber(models.Model):
    """What staff keeps about a subscriber is not for the subscriber's own eyes."""

    _inherit = "actwin.subscriber"

    authorised_partner_id = fields.Many2one(groups=STAFF)
    properties = fields.Properties(groups=STAFF)

from odoo import fields, models

READER = "actwin_metering.group_reader"


class ResPartner(models.Model):
    """What a contact is to the sites: by this a tenant out of a user's sight is recognised."""

    _inherit = "res.partner"

    actwin_subscriber_ids = fields.One2many(
        "actwin.subscriber", "partner_id", "Subscribers", groups=READER
    )
    actwin_authorised_ids = fields.One2many(
        "actwin.subscriber", "authorised_partner_id", "Authorised At", groups=READER
    )

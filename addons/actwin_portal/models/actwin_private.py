"""Fields of records a tenant may read that speak of somebody else: staff only.

A former tenant keeps reading its own past, but the point itself now belongs to the next one:
a many2one would tell that one's name, because Odoo shows the name of a relation unchecked.
"""

from odoo import fields, models

STAFF = "actwin_metering.group_technician"


class ActwinPoint(models.Model):
    _inherit = "actwin.point"

    subscriber_id = fields.Many2one(groups=STAFF)
    meter_id = fields.Many2one(groups=STAFF)
    contract_power_kw = fields.Float(groups=STAFF)
    properties = fields.Properties(groups=STAFF)


class ActwinSubscriber(models.Model):
    _inherit = "actwin.subscriber"

    authorised_partner_id = fields.Many2one(groups=STAFF)
    properties = fields.Properties(groups=STAFF)

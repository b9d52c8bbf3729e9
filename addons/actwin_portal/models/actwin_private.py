"""Fields of records a tenant may read that speak of somebody else: staff only.

A former tenant keeps reading its own past, but the point and its registers now show the next
tenant's newest value; and what staff noted about a subscriber is not for the subscriber.
"""

from odoo import fields, models

STAFF = "base.group_user"


class ActwinChannel(models.Model):
    _inherit = "actwin.channel"

    last_ts = fields.Datetime(groups=STAFF)
    last_value = fields.Float(groups=STAFF)
    last_quality = fields.Selection(groups=STAFF)
    last_quality_code = fields.Integer(groups=STAFF)


class ActwinPoint(models.Model):
    _inherit = "actwin.point"

    last_reading = fields.Datetime(groups=STAFF)
    subscriber_id = fields.Many2one(groups=STAFF)
    meter_id = fields.Many2one(groups=STAFF)
    contract_power_kw = fields.Float(groups=STAFF)
    properties = fields.Properties(groups=STAFF)


class ActwinSubscriber(models.Model):
    _inherit = "actwin.subscriber"

    note = fields.Html(groups=STAFF)
    properties = fields.Properties(groups=STAFF)

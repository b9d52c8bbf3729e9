from odoo import fields, models


class ActwinBillReading(models.Model):
    """First and last index of one register on one meter, as they went into the bill.

    A replaced meter gives one record for each meter. Exact figures stand in the snapshot.
    """

    _name = "actwin.bill.reading"
    _description = "Control Invoice Reading"
    _inherit = ["actwin.bill.part"]
    _order = "bill_id, register, id"

    channel_id = fields.Many2one("actwin.channel", readonly=True, ondelete="restrict")
    register = fields.Char(required=True, readonly=True)
    obis = fields.Char(string="OBIS", readonly=True)
    meter_serial = fields.Char(readonly=True)
    first_index = fields.Float(digits=(16, 6), readonly=True, aggregator=None)
    last_index = fields.Float(digits=(16, 6), readonly=True, aggregator=None)
    first_ts = fields.Datetime(string="First reading", readonly=True)
    last_ts = fields.Datetime(string="Last reading", readonly=True)
    multiplier = fields.Float(digits=(16, 6), readonly=True, aggregator=None)
    consumption = fields.Float(digits=(16, 3), readonly=True)
    unit = fields.Char(readonly=True)
    site_id = fields.Many2one(related="bill_id.site_id", store=True)

from odoo import api, fields, models
from odoo.tools import format_datetime


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
    count = fields.Integer(string="Readings", readonly=True, aggregator=None)
    expected = fields.Integer(
        string="Expected readings", readonly=True, aggregator=None,
        help="Intervals of the period, when the channel is read at a fixed interval.",
    )
    name = fields.Char(compute="_compute_name", string="Index of")
    site_id = fields.Many2one(related="bill_id.site_id", store=True, precompute=True)

    @api.depends("register", "channel_id.quantity")
    @api.depends_context("lang")
    def _compute_name(self):
        quantities = dict(
            self.env["actwin.channel"]._fields["quantity"]._description_selection(self.env)
        )
        for reading in self:
            register, _dot, band = reading.register.partition(".")
            reading.name = " ".join(filter(None, (quantities.get(register), band.upper())))

    def _local(self, stamp):
        """Text of a reading's time by the clock of the site, in the reader's language."""
        return format_datetime(self.env, stamp, tz=self.site_id.tz, dt_format="short")

    def _shown(self):
        """JSON object for the review panel."""
        return {
            "name": self.name, "meter": self.meter_serial or "", "unit": self.unit or "",
            "first": self.first_index, "last": self.last_index, "multiplier": self.multiplier,
            "first_ts": self._local(self.first_ts), "last_ts": self._local(self.last_ts),
            "consumption": self.consumption, "count": self.count, "expected": self.expected,
        }

from odoo import api, fields, models


class BenchReading(models.Model):
    """A reading as an ordinary Odoo model would keep it, and deliveries without our store."""

    _name = "bench.reading"
    _description = "Ordinary Reading"

    channel_id = fields.Many2one("actwin.channel", required=True, index=True)
    ts = fields.Datetime(required=True, index=True)
    value = fields.Float(digits=(20, 3), required=True)
    quality = fields.Integer()
    source = fields.Integer()

    @api.model
    def receive(self, _delivery, _payload=""):
        """The transport alone: whatever comes is thrown away. Returns True."""
        return True

    @api.model
    def ingest_dicts(self, header, rows):
        """A delivery as a list of mappings, the form most programs would send."""
        names = ("channel", "ts", "value", "status")
        points = {name: [row[name] for row in rows] for name in names}
        return self.env["actwin.reading"].ingest(header | {"points": points})

from odoo import fields, models


class ActwinLine(models.Model):
    """A way to devices: a TCP address, a serial port. One dialogue runs on it at a time."""

    _name = "actwin.line"
    _description = "Communication Line"
    _inherit = ["actwin.config.mixin"]
    _order = "collector_id, key"
    _rec_name = "key"

    collector_id = fields.Many2one(
        "actwin.collector", required=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one(related="collector_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="collector_id.company_id", store=True, index=True)
    key = fields.Char(required=True)
    kind = fields.Selection(
        [("tcp", "TCP"), ("serial", "Serial port"), ("rtu_tcp", "Serial over TCP"), ("udp", "UDP")],
        required=True,
        default="tcp",
    )
    host = fields.Char()
    port = fields.Integer(aggregator=None)
    device_path = fields.Char("Serial Port", help="For example /dev/ttyUSB0.")
    baudrate = fields.Integer(default=9600, aggregator=None)
    bytesize = fields.Integer(default=8, aggregator=None)
    parity = fields.Selection([("N", "None"), ("E", "Even"), ("O", "Odd")], default="N")
    stopbits = fields.Integer(default=1, aggregator=None)
    timeout_s = fields.Float("Timeout (s)", default=3, digits=(8, 3), aggregator=None)
    retries = fields.Integer(default=2, aggregator=None)
    device_ids = fields.One2many("actwin.device", "line_id", string="Devices")

    _key_uniq = models.Constraint(
        "UNIQUE (collector_id, key)", "The collector has a line with this key."
    )
    _port_range = models.Constraint(
        "CHECK (port IS NULL OR port BETWEEN 0 AND 65535)", "A port lies between 0 and 65535."
    )

    def _prepare_config(self):
        """What the collector is told of the line."""
        return {
            "key": self.key,
            "kind": self.kind,
            "host": self.host or "",
            "port": self.port,
            "device_path": self.device_path or "",
            "baudrate": self.baudrate,
            "bytesize": self.bytesize,
            "parity": self.parity or "N",
            "stopbits": self.stopbits,
            "timeout_s": self.timeout_s,
            "retries": self.retries,
        }

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .device import without_none
from .known_settings import check_settings, settings_help

_NETWORK = ("tcp", "rtu_tcp", "mqtt")
"""Kinds that connect to a host; the others open a port or a listening socket of their own."""

_PORTS = ("tcp", "rtu_tcp", "udp", "dialin", "mqtt", "http")


class ActwinLine(models.Model):
    """A way to devices: a TCP address, a serial port. One dialogue runs on it at a time."""

    _name = "actwin.line"
    _description = "Communication Line"
    _inherit = ["mail.thread", "mail.activity.mixin", "actwin.config.mixin", "actwin.secret.mixin"]
    _order = "collector_id, key"
    _rec_name = "key"

    collector_id = fields.Many2one(
        "actwin.collector", required=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one(related="collector_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="collector_id.company_id", store=True, index=True)
    key = fields.Char(required=True)
    kind = fields.Selection(
        [
            ("tcp", "TCP"),
            ("serial", "Serial port"),
            ("rtu_tcp", "Serial over TCP"),
            ("udp", "UDP"),
            ("dialin", "Modems that dial in"),
            ("mqtt", "MQTT broker"),
            ("http", "HTTP receiver"),
        ],
        required=True,
        default="tcp",
    )
    host = fields.Char(
        help="Address to connect to; of a kind that listens, the address to listen at."
    )
    port = fields.Integer(aggregator=None)
    device_path = fields.Char("Serial Port", help="For example /dev/ttyUSB0.")
    baudrate = fields.Integer(default=9600, aggregator=None)
    bytesize = fields.Integer(default=8, aggregator=None)
    parity = fields.Selection([("N", "None"), ("E", "Even"), ("O", "Odd")], default="N")
    stopbits = fields.Integer(default=1, aggregator=None)
    software_7e1 = fields.Boolean(
        "7E1 over 8N1",
        help="For converters that are fixed to 8N1 before meters that speak 7 bits with parity.",
    )
    timeout_s = fields.Float("Timeout (s)", default=3, digits=(8, 3), aggregator=None)
    retries = fields.Integer(default=2, aggregator=None)
    settings = fields.Json(default=dict)
    settings_help = fields.Json(compute="_compute_settings_help")
    device_ids = fields.One2many("actwin.device", "line_id", string="Devices")

    _key_uniq = models.Constraint(
        "UNIQUE (collector_id, key)", "The collector has a line with this key."
    )
    _port_range = models.Constraint(
        "CHECK (port IS NULL OR port BETWEEN 0 AND 65535)", "A port lies between 0 and 65535."
    )

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_settings_help(self):
        for line in self:
            line.settings_help = settings_help(self.env, "line", line.kind)

    @api.constrains("settings", "kind")
    def _check_settings(self):
        for line in self:
            check_settings(self.env, "line", line.kind, line.settings)

    @api.constrains("kind", "host", "port", "device_path")
    def _check_reach(self):
        # An incomplete line would make the collector refuse the whole configuration.
        for line in self:
            if line.kind == "serial" and not line.device_path:
                raise ValidationError(
                    self.env._(
                        "Line %s: a serial line needs its port, such as /dev/ttyUSB0.", line.key
                    )
                )
            if line.kind in _NETWORK and not line.host:
                raise ValidationError(
                    self.env._("Line %s: enter the host to connect to.", line.key)
                )
            if line.kind in _PORTS and not line.port:
                raise ValidationError(self.env._("Line %s: enter the port.", line.key))

    def _prepare_config(self, with_secret=False):
        """What the collector is told of the line; the secret in clear only when asked for."""
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
            "software_7e1": self.software_7e1,
            "timeout_s": self.timeout_s,
            "retries": self.retries,
            "enabled": self.enabled,
            "settings": without_none(self.settings or {}),
            "secret": self._clear_secret() if with_secret else "",
        }

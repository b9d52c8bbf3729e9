from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

_DRIVERS = [
    ("modbus", "Modbus"),
    ("mbus", "M-Bus"),
    ("iec62056-21", "IEC 62056-21"),
    ("dlms", "DLMS/COSEM"),
]


class ActwinCommandAsk(models.TransientModel):
    """What a command has to know before it is sent."""

    _name = "actwin.command.ask"
    _description = "Command Details"

    kind = fields.Selection(
        [("scan", "Search the line"), ("read_profile", "Read load profile")], required=True
    )
    line_id = fields.Many2one("actwin.line")
    device_id = fields.Many2one("actwin.device")
    driver = fields.Selection(_DRIVERS, "Protocol", default="modbus")
    like_id = fields.Many2one(
        "actwin.device",
        "Like Device",
        domain="[('collector_id', '=', collector_id), ('driver', '=', driver)]",
        help="Takes settings and registers from a device that is set up already.",
    )
    collector_id = fields.Many2one(related="line_id.collector_id")
    addresses = fields.Char(
        help="Such as 1-20,99. Empty: the protocol's own search, or every address it has."
    )
    timeout = fields.Float("Seconds an Address", default=0.5)
    date_from = fields.Datetime(
        "From", default=lambda self: fields.Datetime.now() - timedelta(days=1)
    )
    date_to = fields.Datetime("To", default=fields.Datetime.now)

    @api.model
    def _open(self, kind, **context):
        names = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": names[kind],
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {"default_kind": kind, **context},
        }

    @api.onchange("line_id")
    def _onchange_line_id(self):
        for device in self.line_id.device_ids[:1]:
            if device.driver in dict(_DRIVERS):
                self.driver = device.driver

    def action_send(self):
        """Queue the command and show it."""
        self.ensure_one()
        commands = self.env["actwin.collector.command"]
        if self.kind == "scan":
            return commands._request("scan", self.line_id, self._scan_args())._open()
        if not self.date_from or not self.date_to or self.date_from >= self.date_to:
            raise UserError(self.env._("The time ends before it begins."))
        args = {"start": _utc(self.date_from), "end": _utc(self.date_to)}
        return commands._request("read_profile", self.device_id, args)._open()

    def _scan_args(self):
        if not 0.05 <= self.timeout <= 10:
            raise UserError(self.env._("Wait between 0.05 and 10 seconds for an address."))
        return {
            "driver": self.driver,
            "like": self.like_id.key or "",
            "addresses": self.addresses or "",
            "timeout": str(self.timeout),
        }


def _utc(moment):
    return moment.isoformat() + "+00:00"

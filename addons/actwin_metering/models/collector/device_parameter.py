from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinDeviceParameter(models.Model):
    """A register of a device and the channel its value goes to."""

    _name = "actwin.device.parameter"
    _description = "Device Parameter"
    _inherit = ["actwin.config.mixin"]
    _order = "device_id, register, id"
    _rec_name = "register"

    device_id = fields.Many2one("actwin.device", required=True, index=True, ondelete="cascade")
    collector_id = fields.Many2one(related="device_id.collector_id")
    site_id = fields.Many2one(related="device_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="device_id.company_id", store=True, index=True)
    register = fields.Char(required=True, help="Name of the register as the driver knows it.")
    channel_id = fields.Many2one(
        "actwin.channel",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('site_id', '=', site_id)]",
    )
    scale = fields.Char(default="1", required=True, help="Exact decimal factor.")
    profile = fields.Char(
        "Profile Column",
        help="Column of the meter's load profile that holds the same value; gaps are filled from "
        "it. Empty: named as the register.",
    )
    mode = fields.Selection(
        [("last", "Last"), ("mean", "Mean"), ("max", "Highest"), ("min", "Lowest")],
        "Stored As",
        help="Which of the polled values is stored. Empty: as the schedule says.",
    )

    _register_uniq = models.Constraint(
        "UNIQUE (device_id, register, channel_id)", "The register is listed already."
    )

    @api.constrains("scale")
    def _check_scale(self):
        for parameter in self:
            try:
                valid = Decimal(parameter.scale).is_finite() and Decimal(parameter.scale) != 0
            except InvalidOperation:
                valid = False
            if not valid:
                raise ValidationError(self.env._("%s is no decimal factor.", parameter.scale))

    @api.constrains("channel_id", "device_id")
    def _check_site(self):
        for parameter in self:
            if parameter.channel_id.site_id != parameter.device_id.site_id:
                raise ValidationError(
                    self.env._("Channel %s is at another site.", parameter.channel_id.key)
                )

    @api.constrains("channel_id", "device_id")
    def _check_single_feed(self):
        for parameter in self:
            other = self.search(
                [
                    ("id", "!=", parameter.id),
                    ("channel_id", "=", parameter.channel_id.id),
                    ("device_id.collector_id", "=", parameter.device_id.collector_id.id),
                    ("device_id.active", "=", True),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "Channel %(channel)s already gets register %(register)s of %(device)s.",
                        channel=parameter.channel_id.key,
                        register=other.register,
                        device=other.device_id.key,
                    )
                )

    def _prepare_config(self):
        """What the collector is told of the register."""
        return {
            "register": self.register,
            "channel": self.channel_id.key,
            "unit": self.channel_id.unit,
            "scale": self.scale,
            "profile": self.profile or "",
            "mode": self.mode or "",
        }

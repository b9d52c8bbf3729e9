from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..core.registers import CUMULATIVE, channel_values, short_code


class ActwinTemplateApply(models.TransientModel):
    """Sets a device up as a template says, with the channels its values go to."""

    _name = "actwin.template.apply"
    _description = "Apply Template"

    template_id = fields.Many2one("actwin.device.template", required=True)
    device_id = fields.Many2one("actwin.device", required=True)
    site_id = fields.Many2one(related="device_id.site_id")
    point_id = fields.Many2one(
        "actwin.point",
        domain="[('site_id', '=', site_id)]",
        help="Where the channels are made that do not exist yet.",
    )
    line_ids = fields.One2many(
        "actwin.template.apply.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def _open(self, **context):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply Template"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    @api.onchange("device_id")
    def _onchange_device_id(self):
        device = self.device_id
        known = device.parameter_ids.channel_id.point_id[:1]
        installed = self.env["actwin.meter.installation"].search(
            [("meter_id", "=", device.meter_id.id), ("date_to", "=", False)], limit=1
        )
        self.point_id = known or (device.meter_id and installed.point_id) or False

    @api.depends("template_id", "device_id")
    def _compute_line_ids(self):
        for wizard in self:
            taken = set(wizard.device_id.parameter_ids.mapped("register"))
            rows = [
                Command.create(
                    {
                        "register_id": register.id,
                        "selected": not taken and register.unit in CUMULATIVE,
                    }
                )
                for register in wizard.template_id.register_ids
                if not taken & {register.name, register.obis or register.name}
            ]
            wizard.line_ids = [Command.clear(), *rows]

    def action_apply(self):
        """Write driver and settings, make missing channels, and list the chosen registers."""
        self.ensure_one()
        chosen = self.line_ids.filtered("selected")
        if chosen and not self.point_id:
            raise UserError(self.env._("Choose the point whose channels take the values."))
        template, device = self.template_id, self.device_id
        settings = (device.settings or {}) | template._device_settings()
        parameters = [
            Command.create({"register": line.register_id.name, "channel_id": line._channel().id})
            for line in chosen
        ]
        device.write({"driver": template.driver, "settings": settings, "parameter_ids": parameters})
        return {
            "type": "ir.actions.act_window",
            "res_model": device._name,
            "res_id": device.id,
            "view_mode": "form",
        }


class ActwinTemplateApplyLine(models.TransientModel):
    """A register that is offered to a device."""

    _name = "actwin.template.apply.line"
    _description = "Register to Apply"

    wizard_id = fields.Many2one("actwin.template.apply", required=True, ondelete="cascade")
    register_id = fields.Many2one("actwin.device.template.register", required=True)
    selected = fields.Boolean("Read")
    obis = fields.Char(related="register_id.obis")
    unit = fields.Char(related="register_id.unit")
    channel_key = fields.Char("Channel", compute="_compute_channel_key")

    @api.depends("wizard_id.point_id", "register_id")
    def _compute_channel_key(self):
        for line in self:
            point = line.wizard_id.point_id
            key = f"{point.site_id.code}/{point.code}:{line._short()}" if point else ""
            line.channel_key = key

    def _short(self):
        """The register's code as channels use it: 1.8.0 for 1-0:1.8.0."""
        return short_code(self.register_id.obis or self.register_id.name)

    def _channel(self):
        """The point's channel for the register, made when it is missing."""
        register, point = self.register_id, self.wizard_id.point_id
        channels = self.env["actwin.channel"]
        known = channels.search([("point_id", "=", point.id), ("obis", "=", self._short())])
        if known:
            return known[:1]
        values = channel_values(self._short(), register.unit or "")
        return channels.create({"point_id": point.id, "name": register.name, **values})

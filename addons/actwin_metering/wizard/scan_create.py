import re

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

_ERROR = re.compile(r"[a-z_]+: ")
"""How an answer begins that is no name but an error."""


def _name_of(item):
    told = item.get("meter") or ""
    return "" if _ERROR.match(told) else told


class ActwinScanCreate(models.TransientModel):
    """Makes devices of what a search of a line has found."""

    _name = "actwin.scan.create"
    _description = "Create Found Devices"

    command_id = fields.Many2one("actwin.collector.command", required=True, readonly=True)
    line_id = fields.Many2one(related="command_id.line_id")
    driver = fields.Char(required=True)
    template_id = fields.Many2one(
        "actwin.device.template",
        domain="[('driver', '=', driver)]",
        help="Settings of this type are given to each device; registers are chosen afterwards.",
    )
    schedule_id = fields.Many2one(
        "actwin.schedule",
        required=True,
        default=lambda self: self.env["actwin.schedule"].search([], limit=1),
    )
    line_ids = fields.One2many("actwin.scan.create.line", "wizard_id", "Found")

    @api.model
    def _open(self, command):
        line = command.line_id
        taken = set(line.device_ids.mapped("address"))
        found = [
            item
            for item in (command.data or {}).get("found") or []
            if isinstance(item, dict) and item.get("address")
        ]
        wizard = self.create(
            {
                "command_id": command.id,
                "driver": (command.args or {}).get("driver") or "modbus",
                "line_ids": [
                    Command.create(
                        {
                            "address": item["address"],
                            "told": item.get("meter") or "",
                            "key": f"{line.key}-{item['address']}",
                            "name": _name_of(item) or f"{line.key} {item['address']}",
                            "known": item["address"] in taken,
                            "selected": item["address"] not in taken,
                        }
                    )
                    for item in found
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Create Found Devices"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_create(self):
        """Make the chosen devices and list them."""
        self.ensure_one()
        chosen = self.line_ids.filtered("selected")
        if not chosen:
            raise UserError(self.env._("Choose at least one device."))
        settings = self.template_id._device_settings() if self.template_id else {}
        devices = self.env["actwin.device"].create(
            [
                {
                    "key": item.key,
                    "name": item.name,
                    "collector_id": self.line_id.collector_id.id,
                    "line_id": self.line_id.id,
                    "driver": self.driver,
                    "address": item.address,
                    "settings": settings,
                    "schedule_id": self.schedule_id.id,
                    # without registers the collector has nothing to read from it
                    "active": True,
                }
                for item in chosen
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Devices"),
            "res_model": "actwin.device",
            "view_mode": "list,form",
            "domain": [("id", "in", devices.ids)],
        }


class ActwinScanCreateLine(models.TransientModel):
    """An address that answered."""

    _name = "actwin.scan.create.line"
    _description = "Found Device"

    wizard_id = fields.Many2one("actwin.scan.create", required=True, ondelete="cascade")
    selected = fields.Boolean("Create")
    address = fields.Char(readonly=True)
    told = fields.Char("Answer", readonly=True)
    known = fields.Boolean("Known Already", readonly=True)
    key = fields.Char(required=True)
    name = fields.Char(required=True)

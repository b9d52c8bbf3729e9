import base64
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import file_open

from ...core import register_map
from .known_settings import check_settings, settings_help

_SHIPPED = ("device_templates.json", "device_templates_other.json")
_COLUMNS = ("name", "address", "type", "unit", "scale", "obis")
"""Properties of a register that have a field of their own; the others stand in ``extra``."""


class ActwinDeviceTemplate(models.Model):
    """A type of device: its driver, settings and registers, ready to be applied to a device.

    A template of a map that the collector ships names it; another one carries its registers' places
    and sends them along with the device.
    """

    _name = "actwin.device.template"
    _description = "Device Template"
    _order = "manufacturer, name"
    _rec_names_search = ["name", "manufacturer", "code"]

    name = fields.Char(required=True)
    manufacturer = fields.Char()
    code = fields.Char(copy=False, help="Name of the map the collector ships.")
    shipped = fields.Boolean(
        readonly=True, copy=False, help="Comes with Actwin; duplicate it to change it."
    )
    driver = fields.Char(required=True, default="modbus")
    settings = fields.Json(default=dict)
    settings_help = fields.Json(compute="_compute_settings_help")
    head = fields.Json("Map Properties", default=dict)
    source = fields.Char(help="Where the registers were found.")
    note = fields.Text()
    register_ids = fields.One2many(
        "actwin.device.template.register", "template_id", "Registers", copy=True
    )
    register_count = fields.Integer(compute="_compute_register_count")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another template has this code.")

    @api.depends("register_ids")
    def _compute_register_count(self):
        for template in self:
            template.register_count = len(template.register_ids)

    @api.depends("driver")
    @api.depends_context("lang")
    def _compute_settings_help(self):
        for template in self:
            template.settings_help = settings_help(self.env, "driver", template.driver)

    @api.depends("name", "manufacturer")
    def _compute_display_name(self):
        for template in self:
            maker, name = template.manufacturer or "", template.name or ""
            template.display_name = name if name.startswith(maker) else f"{maker} {name}"

    @api.constrains("settings", "driver")
    def _check_settings(self):
        for template in self:
            check_settings(self.env, "driver", template.driver, template.settings)

    def write(self, vals):
        if vals.keys() - {"active"}:
            self._refuse_shipped()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        self._refuse_shipped()

    def _refuse_shipped(self):
        if not self.env.su and any(template.shipped for template in self):
            raise UserError(
                self.env._("This template comes with Actwin. Duplicate it and change the copy.")
            )

    def copy_data(self, default=None):
        return [
            dict(values, name=self.env._("%s (copy)", template.name))
            for template, values in zip(self, super().copy_data(default), strict=True)
        ]

    def _device_settings(self):
        """Settings a device of this type needs; with the whole map unless the collector has it."""
        self.ensure_one()
        settings = dict(self.settings or {})
        if self.driver == "modbus" and "map" not in settings:
            settings["map"] = (self.head or {}) | {
                "name": self.name,
                "manufacturer": self.manufacturer or "",
                "register": [register._as_row() for register in self.register_ids],
            }
        return settings

    def action_apply(self):
        """Choose the device that is of this type."""
        self.ensure_one()
        return self.env["actwin.template.apply"]._open(default_template_id=self.id)

    def action_export_toml(self):
        """Download the register map as the collector keeps it."""
        return self._download("toml", register_map.to_toml(*self._as_map()))

    def action_export_csv(self):
        """Download the registers for a spreadsheet."""
        return self._download("csv", register_map.to_csv(self._as_map()[1]))

    def _download(self, suffix, text):
        name = "".join(char if char.isalnum() else "_" for char in self.name.lower())
        file = self.env["actwin.template.file"].create(
            {
                "template_id": self.id,
                "file": base64.b64encode(text.encode()),
                "filename": f"{name}.{suffix}",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{file._name}/{file.id}/file/{file.filename}?download=true",
            "target": "download",
        }

    @api.model
    def _from_map(self, head, rows):
        """Values of a template for a register map."""
        head = dict(head)
        return {
            "name": head.pop("name", ""),
            "manufacturer": head.pop("manufacturer", ""),
            "source": head.pop("source", ""),
            "note": head.pop("note", ""),
            "head": head,
            "register_ids": [
                (0, 0, self.env["actwin.device.template.register"]._from_row(row, at))
                for at, row in enumerate(rows)
            ],
        }

    def _as_map(self):
        """(properties, rows) of the register map."""
        self.ensure_one()
        head = (self.head or {}) | {
            name: self[name] for name in ("name", "manufacturer", "source", "note") if self[name]
        }
        return head, [register._as_row() for register in self.register_ids]

    @api.model
    def _load_shipped(self):
        """Bring the templates that come with Actwin up to date; run at every update."""
        shipped = {}
        for name in _SHIPPED:
            with file_open(f"actwin_metering/data/{name}") as file:
                shipped |= json.load(file)
        known = self.with_context(active_test=False).search([("code", "!=", False)])
        by_code = {template.code: template for template in known}
        for code, item in shipped.items():
            values = self._from_map(item["head"], item["registers"]) | {
                "code": code,
                "driver": item["driver"],
                "settings": item["settings"],
                "shipped": True,
            }
            template = by_code.get(code)
            if template:
                template.register_ids.unlink()
                template.write(values)
            else:
                self.create(values)


class ActwinDeviceTemplateRegister(models.Model):
    """A value that devices of a type offer, and where it lies in their memory."""

    _name = "actwin.device.template.register"
    _description = "Template Register"
    _order = "template_id, sequence, id"

    template_id = fields.Many2one(
        "actwin.device.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    obis = fields.Char("OBIS")
    address = fields.Integer(aggregator=None)
    type = fields.Char(help="How the value lies in memory, such as uint32 or float32.")
    unit = fields.Char(help="Unit without prefix: Wh, not kWh.")
    scale = fields.Char(default="1", help="Exact decimal factor from the raw value to the unit.")
    extra = fields.Json("Further Properties", default=dict)

    _address_range = models.Constraint(
        "CHECK (address BETWEEN 0 AND 65535)", "An address lies between 0 and 65535."
    )

    @api.constrains("scale")
    def _check_scale(self):
        for register in self:
            if register.scale and not register_map.is_decimal(register.scale):
                raise UserError(self.env._("%s is no decimal factor.", register.scale))

    @api.model_create_multi
    def create(self, vals_list):
        registers = super().create(vals_list)
        registers.template_id._refuse_shipped()
        return registers

    def write(self, vals):
        self.template_id._refuse_shipped()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        self.template_id._refuse_shipped()

    @api.model
    def _from_row(self, row, sequence):
        values = {key: row[key] for key in _COLUMNS if key in row}
        extra = {key: value for key, value in row.items() if key not in _COLUMNS}
        return values | {"sequence": sequence, "extra": extra}

    def _as_row(self):
        self.ensure_one()
        row = {key: self[key] for key in _COLUMNS if self[key]} | (self.extra or {})
        if self.type:
            row["address"] = self.address
        if row.get("scale") == "1":
            del row["scale"]
        return row

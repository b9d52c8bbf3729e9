import base64

from odoo import fields, models
from odoo.exceptions import UserError

from ..core import register_map


class ActwinTemplateFile(models.TransientModel):
    """Takes a register map from a file, or gives one out."""

    _name = "actwin.template.file"
    _description = "Register Map File"

    template_id = fields.Many2one("actwin.device.template")
    file = fields.Binary()
    filename = fields.Char()
    name = fields.Char("Type of Device", help="Where the file does not tell it.")

    def action_import(self):
        """Make a template of the file and open it."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        try:
            text = base64.b64decode(self.file).decode("utf-8-sig")
            head, rows = register_map.read(text, self.filename or "")
        except UnicodeDecodeError as error:
            raise UserError(self.env._("The file is no text in UTF-8.")) from error
        except register_map.MapError as error:
            raise UserError(self._mistake(error)) from error
        templates = self.env["actwin.device.template"]
        values = templates._from_map(head, rows) | {"driver": "modbus"}
        values["name"] = values["name"] or self.name or (self.filename or "").rpartition(".")[0]
        template = templates.create(values)
        return {
            "type": "ir.actions.act_window",
            "res_model": template._name,
            "res_id": template.id,
            "view_mode": "form",
        }

    def _mistake(self, error):
        reasons = {
            "too_big": self.env._("the file is larger than 1 MB"),
            "too_many": self.env._("a map holds at most %s registers", register_map.MAX_REGISTERS),
            "no_toml": self.env._("this is no valid TOML: %s", error.value),
            "no_csv": self.env._(
                "the first line of a CSV file names the columns, one of them is name"
            ),
            "no_list": self.env._("registers are a list of tables: [[register]]"),
            "no_table": self.env._("this is no table"),
            "no_name": self.env._("the register has no name"),
            "bad_address": self.env._("%s is no address between 0 and 65535", error.value),
            "no_number": self.env._("%s is no decimal number", error.value),
            "wrong_kind": self.env._(
                "%s is not the kind of value that is expected here", error.value
            ),
        }
        reason = reasons[error.code]
        return f"{error.place}: {reason}" if error.place else reason

import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.actwin_metering.core.imports.faults import TableFault
from odoo.addons.actwin_metering.core.imports.headers import recognise
from odoo.addons.actwin_metering.core.imports.judge import judge
from odoo.addons.actwin_metering.core.imports.sheet import read_file
from odoo.addons.actwin_metering.models.imports.import_words import (
    CELL_FAULTS,
    TABLE_FAULTS,
    say,
)

SHOWN = 100


class ActwinTableImport(models.AbstractModel):
    """A CSV or XLSX file read, checked row by row, and put in once a person has seen the faults.

    What inherits it says which columns it knows and what becomes of the good rows.
    """

    _name = "actwin.table.import"
    _description = "Import of a Table"

    file = fields.Binary(string="CSV or XLSX", required=True, attachment=False)
    file_name = fields.Char()
    columns_help = fields.Text(string="Columns", compute="_compute_columns_help")
    checked = fields.Boolean()
    good_count = fields.Integer(string="Good Rows")
    faulty_count = fields.Integer(string="Faulty Rows")
    faults = fields.Text(readonly=True)

    _file_columns = ()
    _labels = {}
    _limit = 100_000

    @api.depends_context("lang")
    def _compute_columns_help(self):
        for item in self:
            item.columns_help = ", ".join(
                f"{self.env._(self._labels[column.name])}{'' if column.required else ' ?'}"
                for column in self._file_columns
            )

    @api.onchange("file")
    def _onchange_file(self):
        self.checked = False

    def action_check(self):
        """Read the file and show what is wrong with it; nothing is stored yet."""
        self.ensure_one()
        rows = self._rows()
        faulty = [row for row in rows if row.faults]
        self.write({
            "checked": True,
            "good_count": len(rows) - len(faulty),
            "faulty_count": len(faulty),
            "faults": "\n".join(self._row_text(row) for row in faulty[:SHOWN]) or False,
        })
        return self._reopen()

    def action_import(self):
        """Put the good rows in. Returns the action that tells what became of them."""
        self.ensure_one()
        message = self._apply([row for row in self._rows() if not row.faults])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success", "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _apply(self, rows):
        """Store what ``rows`` describe. :return: a sentence that tells what was done"""
        raise NotImplementedError

    def _judge_more(self, rows):
        """Note further faults in the rows, such as names that nothing bears."""

    def _rows(self):
        """Every row of the file with its values and faults."""
        try:
            table = read_file(base64.b64decode(self.file or b""), self._limit)
        except TableFault as fault:
            raise UserError(say(self.env, TABLE_FAULTS, fault.code, fault.figures)) from None
        found = recognise(table, self._file_columns)
        if found.at is None:
            raise UserError(self.env._(
                "No row with headers was found. The columns are: %s", self.columns_help))
        body = table[found.at + 1 :]
        if not body:
            raise UserError(self.env._("There are headers, but no rows below them."))
        rows = judge(body, list(found.names), self._file_columns, None)
        self._judge_more(rows)
        return rows

    def _row_text(self, row):
        words = [
            ": ".join(filter(None, (name and self.env._(self._labels[name]),
                                    self._fault_text(code, figures))))
            for name, code, figures in row.faults
        ]
        return self.env._("Row %(number)s: %(faults)s", number=row.number,
                          faults="; ".join(words))

    def _fault_text(self, code, figures):
        return say(self.env, CELL_FAULTS, code, figures)

    def _reopen(self):
        return {
            "type": "ir.actions.act_window", "res_model": self._name, "res_id": self.id,
            "view_mode": "form", "target": "new",
        }

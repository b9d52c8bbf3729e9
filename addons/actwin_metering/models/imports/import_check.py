import json
from datetime import date, datetime
from decimal import Decimal

from odoo import models

from ...core.imports.judge import judge
from .import_line import OPEN


class ActwinImport(models.Model):
    """The check: every open row against its columns, the other rows and the database."""

    _inherit = "actwin.import"

    def _check(self):
        """Judge all open rows anew; a few queries whatever their number."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, number, cells, values, faults, state, depth FROM actwin_import_line"
            " WHERE import_id = %s AND state IN %s ORDER BY number, id",
            [self.id, OPEN],
        )
        lines = self.env.cr.fetchall()
        kind = self._kind()
        sign = self._decimal_sign()
        rows = judge([line[1:3] for line in lines], self.names, kind._columns(), sign)
        kind._resolve(self, rows)
        changed = []
        for (id_, _number, _cells, *before), row in zip(lines, rows, strict=True):
            state = "faulty" if row.faults else self._good_state(row)
            after = [_to_json(row.values), _to_json(row.faults), state, row.depth]
            if before != after:
                changed.append((id_, *after))
        if changed:
            # sudo: the judgement of rows whose import was checked
            self.env["actwin.import.line"].sudo()._judged(changed)

    def _good_state(self, row):
        return "present" if row.present and self.policy == "skip" else "good"

    def _decimal_sign(self):
        """What 1.234 means to the user, when nothing in the table decides it."""
        lang = self.env["res.lang"]._get_data(code=self.env.user.lang or "en_US")
        return lang.decimal_point or "."


def _to_json(content):
    """The content as it comes back from a JSON column: exact texts for figures and moments."""
    return json.loads(json.dumps(content, default=_as_text))


def _as_text(value):
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be kept")

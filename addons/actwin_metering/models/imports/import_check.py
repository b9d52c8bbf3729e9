import json
from datetime import date, datetime, timedelta
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
            "SELECT id, number, cells, accepted, values, faults, doubts, state, depth"
            "  FROM actwin_import_line WHERE import_id = %s AND state IN %s ORDER BY number, id",
            [self.id, OPEN],
        )
        lines = self.env.cr.fetchall()
        kind = self._kind()
        sign = self._decimal_sign()
        rows = judge([line[1:3] for line in lines], self.names, self._columns(), sign)
        kind._resolve(self, rows)
        changed = []
        for (id_, _number, _cells, accepted, *before), row in zip(lines, rows, strict=True):
            state = self._state_of(kind, row, accepted)
            texts = [_to_json(content) for content in (row.values, row.faults, row.doubts)]
            if before[0] is None or before != [*map(json.loads, texts), state, row.depth]:
                changed.append((id_, *texts, state, row.depth))
        if changed:
            # sudo: the judgement of rows whose import was checked
            self.env["actwin.import.line"].sudo()._judged(changed)

    def _state_of(self, kind, row, accepted):
        if row.faults:
            return "faulty"
        state = kind._good_state(self, row)
        return "doubtful" if state == "good" and row.doubts and not accepted else state

    def _decimal_sign(self):
        """What 1.234 means to the user, when nothing in the table decides it."""
        lang = self.env["res.lang"]._get_data(code=self.env.user.lang or "en_US")
        return lang.decimal_point or "."


def _to_json(content):
    """JSON text with exact texts for figures and moments."""
    return json.dumps(content, default=_as_text)


def _as_text(value):
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")

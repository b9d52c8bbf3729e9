from odoo import models
from odoo.exceptions import UserError

from ...core.imports.table import MAX_CELL
from ...core.imports.text import clean
from .import_line import OPEN
from .import_words import say_of_any

_PAGE = 100
_MAX_CHANGES = 2_000


class ActwinImport(models.Model):
    """What the grid shows of an import, and what may be changed in it."""

    _inherit = "actwin.import"

    def page(self, state="", offset=0, reason=None):
        """Some rows and the figures of all.

        :param state: only rows of that state, all when empty
        :param reason: [column name, code] to see the rows with that fault only
        :return: ``{'id', 'kind', 'name', 'site_id', 'policy', 'state', 'columns', 'counts',
            'options', 'reasons', 'total', 'offset', 'size', 'lines', 'can_undo'}``
        """
        self.ensure_one()
        self._check_may_import()
        self.check_access("read")
        domain = [("import_id", "=", self.id)]
        if state:
            domain.append(("state", "=", state))
        lines = self.env["actwin.import.line"]
        ids = self._ids_with(reason) if reason else None
        if ids is not None:
            domain.append(("id", "in", ids))
        found = lines.search(domain, offset=int(offset), limit=_PAGE)
        counts = self._counts()
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "site_id": self.site_id.id,
            "site": self.site_id.display_name,
            "policy": self.policy,
            "state": self.state,
            "labels": dict(lines._fields["state"]._description_selection(self.env)),
            "columns": self._shown_columns(),
            "options": [
                {"name": column.name, "label": self._kind()._label(column.name)}
                for column in self._columns()
            ],
            "counts": counts,
            "reasons": self._reasons(),
            "total": lines.search_count(domain),
            "offset": int(offset),
            "size": _PAGE,
            "lines": [self._shown_line(line) for line in found],
            "can_undo": bool(counts.get("done") or counts.get("kept")),
        }

    def edit(self, changes):
        """Change cells and check everything again.

        :param changes: [[line id, index of the column, text]…]
        """
        self._lock()
        if len(changes) > _MAX_CHANGES:
            raise UserError(
                self.env._("At most %s cells are changed at once.", f"{_MAX_CHANGES:,}")
            )
        lines = self.env["actwin.import.line"].search(
            [
                ("import_id", "=", self.id),
                ("id", "in", [int(change[0]) for change in changes]),
                ("state", "in", OPEN),
            ]
        )
        cells = {line.id: list(line.cells) for line in lines}
        for id_, at, text in changes:
            if id_ in cells and 0 <= int(at) < len(cells[id_]):
                cells[id_][int(at)] = clean(str(text or ""))[:MAX_CELL]
        for line in lines:
            # sudo: cells of a row whose import was checked, written through here only
            line.sudo().write({"cells": cells[line.id], "accepted": False})
        self._check()
        return True

    def accept(self, line_ids=None):
        """Confirm rows in spite of what speaks against them, all doubtful ones when none are named.

        Who confirmed is who imports; validation judges the readings once more when they are in.
        """
        self._lock()
        domain = [("import_id", "=", self.id), ("state", "=", "doubtful")]
        if line_ids:
            domain.append(("id", "in", [int(id_) for id_ in line_ids]))
        # sudo: rows of an import that was checked, written through here only
        self.env["actwin.import.line"].search(domain).sudo().accepted = True
        self._check()
        return True

    def map_column(self, at, name):
        """Say what a column holds; empty to ignore it. Another column of that name loses it."""
        self._lock()
        known = {item.name for item in self._columns()}
        if name and name not in known or not 0 <= int(at) < len(self.names):
            raise UserError(self.env._("There is no such column."))
        names = [None if name and held == name else held for held in self.names]
        names[int(at)] = name or None
        # sudo: an import is written through its methods only
        self.sudo().names = names
        self._check()
        return True

    def set_policy(self, policy):
        """Leave rows that exist as they are, or update them with what is given."""
        self._lock()
        # sudo: as in map_column
        self.sudo().policy = "update" if policy == "update" else "skip"
        self._check()
        return True

    def action_open_grid(self):
        self.ensure_one()
        actions = self.env["ir.actions.client"]
        action = actions._for_xml_id("actwin_metering.actwin_import_grid_action")
        return action | {"params": {"import_id": self.id}}

    def _counts(self):
        groups = self.env["actwin.import.line"]._read_group(
            [("import_id", "=", self.id)], ["state"], ["__count"]
        )
        return dict(groups)

    def _reasons(self):
        """[{'column', 'code', 'text', 'count'}…], the most frequent first."""
        self.env.cr.execute(
            """
            SELECT f->>0, f->>1, count(DISTINCT l.id)
              FROM actwin_import_line l, jsonb_array_elements(l.faults || l.doubts) f
             WHERE l.import_id = %s AND l.state IN ('faulty', 'doubtful')
             GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """,
            [self.id],
        )
        kind = self._kind()
        return [
            {
                "column": name,
                "code": code,
                "text": kind._with_column(name, say_of_any(self.env, code)),
                "count": count,
            }
            for name, code, count in self.env.cr.fetchall()
        ]

    def _ids_with(self, reason):
        self.env.cr.execute(
            """
            SELECT l.id FROM actwin_import_line l
             WHERE l.import_id = %s AND l.state IN ('faulty', 'doubtful') AND EXISTS (
                   SELECT FROM jsonb_array_elements(l.faults || l.doubts) f
                    WHERE f->>0 = %s AND f->>1 = %s)
            """,
            [self.id, str(reason[0]), str(reason[1])],
        )
        return [id_ for (id_,) in self.env.cr.fetchall()]

    def _shown_columns(self):
        kind = self._kind()
        return [
            {"header": header, "name": name or "", "label": kind._label(name) if name else ""}
            for header, name in zip(self.headers, self.names, strict=True)
        ]

    def _shown_line(self, line):
        kind = self._kind()
        states = dict(line._fields["state"]._description_selection(self.env))
        marks, rest = {}, []
        for name, code, figures in line._findings():
            if name in self.names:
                marks[self.names.index(name)] = kind._say("", code, figures)
            else:
                rest.append(kind._say(name, code, figures))
        return {
            "id": line.id,
            "number": line.number,
            "cells": line.cells,
            "state": line.state,
            "state_label": states[line.state],
            "marks": marks,
            "reason": " · ".join([*rest, *marks.values()]),
            "open": line.state in OPEN,
        }

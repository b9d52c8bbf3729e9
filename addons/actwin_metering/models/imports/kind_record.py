from odoo import api, models

from ...core.imports.judge import mark_repeats


class ActwinImportKindRecord(models.AbstractModel):
    """Kinds of imports whose rows become records that undo removes again.

    A kind brings two methods more: ``_create(item, lines)`` creates what lines describe and
    answers [(line id, record)…] in the order of creation; ``_update(item, lines)`` writes what
    lines give to the records that exist. The id of an existing one stands in
    ``line.values[_import_kind]``.
    """

    _name = "actwin.import.kind.record"
    _description = "Kind of Import That Makes Records"
    _inherit = "actwin.import.kind"

    @api.model
    def _apply(self, item, lines):
        old = lines.filtered(lambda line: line.values.get(self._import_kind))
        new = lines - old
        if new:
            # sudo: what is undone later is noted by nobody but here
            self.env["actwin.import.record"].sudo()._log(item, self._create(item, new))
            new.sudo().state = "done"
        if old:
            self._update(item, old)
            old.sudo().state = "updated"

    @api.model
    def _undo(self, item, partial):
        return item._undo_records(partial)

    @api.model
    def _resolve_points(self, item, rows):
        """``row.values["point_id"]`` of rows that name a point; each point is named once.

        :return: [(row, point)…]
        """
        named = [row for row in rows if "point" in row.values]
        known = self._points_at(item.site_id, self._column_values(named, "point"))
        mark_repeats(named, lambda row: row.values["point"], "point")
        found = []
        for row in named:
            point = known.get(row.values["point"])
            if point:
                row.values["point_id"] = point.id
                found.append((row, point))
            else:
                row.fault("point", "unknown_point")
        return found

    @api.model
    def _points_of(self, lines):
        """{line id: point} of lines that name one."""
        points = self.env["actwin.point"]
        named = [line for line in lines if "point_id" in line.values]
        return {line.id: points.browse(line.values["point_id"]) for line in named}

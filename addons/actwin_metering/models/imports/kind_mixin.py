from odoo import api, models

from ...core.imports.kinds import KINDS
from ...core.imports.text import fold
from .import_words import CELL_FAULTS, COLUMNS, say


class ActwinImportKind(models.AbstractModel):
    """What kinds of imports have in common: columns, their words, and the site of the rows.

    A kind of import inherits this, names its ``_import_kind`` and brings three methods:

    - ``_resolve(item, rows)`` finds what the values of ``rows`` refer to, in few queries, and
      notes faults and doubts in the rows; it extends the one here.
    - ``_apply(item, lines)`` makes of good lines what they describe, and sets their state.
    - ``_undo(item, partial)`` takes that back, a bounded part of it at a call; see
      ``actwin.import.undo`` for the answer.

    Kinds whose rows become records inherit ``actwin.import.kind.record``, which has the latter two.
    """

    _name = "actwin.import.kind"
    _description = "Kind of Import"
    _import_kind = None
    """Key of ``core.imports.kinds.KINDS``"""
    _chunk = 100
    """Rows taken at once: a faulty one among them costs the others a second try."""

    @api.model
    def _columns(self, site, headers=()):
        """Columns a table of the kind may have at ``site``; ``headers`` are those of the table."""
        return KINDS[self._import_kind][0]

    @api.model
    def _note(self):
        """What people should know of the kind before they bring a table."""
        return ""

    @api.model
    def _label(self, name):
        """What people call a column; of those with a prefix, what stands behind it."""
        return self.env._(COLUMNS[name]) if name in COLUMNS else name.partition(":")[2]

    def _say(self, name, code, figures):
        """What is wrong, with the column it is wrong in."""
        return self._with_column(name, say(self.env, CELL_FAULTS, code, figures))

    def _with_column(self, name, text):
        return f"{self._label(name)}: {text}" if name else text

    @api.model
    def _resolve(self, item, rows):
        site = item.site_id
        names = {fold(site.code), fold(site.name), fold(site.display_name)}
        for row in rows:
            if row.values.get("site") and fold(row.values["site"]) not in names:
                row.fault("site", "other_site", site=site.display_name)

    @api.model
    def _good_state(self, item, row):
        """State of a row that has neither faults nor open doubts."""
        return "present" if row.present and item.policy == "skip" else "good"

    @api.model
    def _column_values(self, rows, name):
        return list(dict.fromkeys(row.values[name] for row in rows if name in row.values))

    @api.model
    def _points_at(self, site, codes):
        """{code: point} of those the user sees at ``site``."""
        points = self.env["actwin.point"].search([("site_id", "=", site.id), ("code", "in", codes)])
        return {point.code: point for point in points}

    @api.model
    def _known(self, model, domain, key):
        """{value of field ``key``: record as anyone sees it} of records, archived ones included.

        Records hidden from the user are found too: their keys are taken. ``_mine`` tells.
        """
        # sudo: only to know that a key is taken and where
        found = self.env[model].sudo().with_context(active_test=False).search(domain)
        return {record[key]: record for record in found}

    @api.model
    def _mine(self, records):
        """Ids of those among ``records`` (found with sudo) that the user sees."""
        own = self.env[records._name].with_context(active_test=False)
        return set(own.search([("id", "in", records.ids)]).ids)

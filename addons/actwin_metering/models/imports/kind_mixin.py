from odoo import api, models

from ...core.imports.kinds import KINDS
from ...core.imports.text import fold
from .import_words import CELL_FAULTS, COLUMNS, say


class ActwinImportKind(models.AbstractModel):
    """What kinds of imports have in common: columns, their words, and the site of the rows."""

    _name = "actwin.import.kind"
    _description = "Kind of Import"
    _import_kind = None
    """Key of ``core.imports.kinds.KINDS``"""

    @api.model
    def _columns(self):
        return KINDS[self._import_kind][0]

    @api.model
    def _label(self, name):
        return self.env._(COLUMNS[name])

    def _say(self, name, code, figures):
        """What is wrong, with the column it is wrong in."""
        return self._with_column(name, say(self.env, CELL_FAULTS, code, figures))

    def _with_column(self, name, text):
        return f"{self._label(name)}: {text}" if name else text

    @api.model
    def _resolve(self, item, rows):
        """Find what the values of ``rows`` refer to, in few queries; note faults in the rows."""
        site = item.site_id
        names = {fold(site.code), fold(site.name), fold(site.display_name)}
        for row in rows:
            if row.values.get("site") and fold(row.values["site"]) not in names:
                row.fault("site", "other_site", site=site.display_name)

    @api.model
    def _create(self, item, lines):
        """Create what ``lines`` describe. :return: [(line id, record)…] in order of creation"""
        raise NotImplementedError

    @api.model
    def _update(self, item, lines):
        """Write what ``lines`` give to the records that exist."""
        raise NotImplementedError

    @api.model
    def _column_values(self, rows, name):
        return list(dict.fromkeys(row.values[name] for row in rows if name in row.values))

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

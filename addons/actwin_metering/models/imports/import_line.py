import json

from odoo import api, fields, models

STATES = [
    ("good", "Good"),
    ("doubtful", "To confirm"),
    ("faulty", "Faulty"),
    ("present", "Already there"),
    ("done", "Imported"),
    ("updated", "Updated"),
    ("undone", "Undone"),
    ("kept", "Kept"),
]
OPEN = ("good", "doubtful", "faulty", "present")
"""Rows that are still checked; the others became something."""


class ActwinImportLine(models.Model):
    """One row of an import, as it was pasted and corrected, with what is wrong with it."""

    _name = "actwin.import.line"
    _description = "Imported Row"
    _order = "import_id desc, number, id"
    _rec_name = "number"
    _log_access = False

    import_id = fields.Many2one(
        "actwin.import", required=True, readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one("actwin.site", readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    kind = fields.Selection(related="import_id.kind")
    number = fields.Integer("Row", readonly=True, aggregator=None)
    cells = fields.Json(readonly=True)
    values = fields.Json(readonly=True)
    faults = fields.Json(readonly=True)
    doubts = fields.Json(readonly=True, help="What somebody has to confirm before it is taken.")
    accepted = fields.Boolean(readonly=True, help="Somebody confirmed it in spite of doubts.")
    state = fields.Selection(STATES, readonly=True, index=True)
    depth = fields.Integer(
        readonly=True, aggregator=None, help="Rows that others refer to are created before them."
    )
    text = fields.Char("Row as Pasted", compute="_compute_text")
    reason = fields.Char(compute="_compute_reason")

    @api.depends("cells")
    def _compute_text(self):
        for line in self:
            line.text = " · ".join(cell for cell in line.cells or [] if cell)

    @api.depends("faults", "doubts", "state")
    @api.depends_context("lang")
    def _compute_reason(self):
        for line in self:
            kind = line.import_id._kind()
            line.reason = " · ".join(
                kind._say(name, code, figures) for name, code, figures in line._findings()
            )

    def _findings(self):
        """[[column, code, figures]…] of what keeps the row from being taken."""
        doubts = self.doubts if self.state == "doubtful" else None
        return [*(self.faults or []), *(doubts or [])]

    @api.model
    def _store(self, item, rows):
        """Keep ``rows`` [(number, cells)…] of the import ``item`` as they came."""
        self.env.flush_all()
        self.env.cr.execute_values(
            """
            INSERT INTO actwin_import_line
                (import_id, site_id, company_id, number, cells, state, depth)
            VALUES %s
            """,
            [
                (
                    item.id,
                    item.site_id.id,
                    item.company_id.id,
                    number,
                    json.dumps(cells),
                    "faulty",
                    0,
                )
                for number, cells in rows
            ],
            page_size=1000,
        )
        self.invalidate_model()

    @api.model
    def _judged(self, rows):
        """Write what was found of lines: [(id, values, faults, doubts, state, depth)…], the first
        three as JSON texts.
        """
        self.env.cr.execute_values(
            """
            UPDATE actwin_import_line l
               SET values = v.values::jsonb, faults = v.faults::jsonb, doubts = v.doubts::jsonb,
                   state = v.state, depth = v.depth
              FROM (VALUES %s) AS v (id, values, faults, doubts, state, depth)
             WHERE l.id = v.id
            """,
            rows,
            page_size=1000,
        )
        self.invalidate_model()

    @api.model
    def _became(self, outcomes):
        """Write what imported lines became: {line id: (values, state)}."""
        self.env.cr.execute_values(
            """
            UPDATE actwin_import_line l SET values = v.values::jsonb, state = v.state
              FROM (VALUES %s) AS v (id, values, state) WHERE l.id = v.id
            """,
            [(id_, json.dumps(values), state) for id_, (values, state) in outcomes.items()],
            page_size=1000,
        )
        self.invalidate_model()

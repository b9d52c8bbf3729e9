from odoo import api, fields, models


class ActwinImportRecord(models.Model):
    """A record that a row of an import created: what undo removes, and nothing else.

    Nobody has a right on it; imports write and read it themselves.
    """

    _name = "actwin.import.record"
    _description = "Record Made by an Import"
    _order = "id"
    _log_access = False

    import_id = fields.Many2one("actwin.import", required=True, index=True, ondelete="cascade")
    line_id = fields.Many2one("actwin.import.line", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one("actwin.site", index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", index=True)
    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True, aggregator=None)
    kept = fields.Boolean(help="Undo left it, because something relies on it.")

    @api.model
    def _log(self, item, made):
        """Note ``made`` [(line id, record)…] in the order of creation."""
        if made:
            self.env.cr.execute_values(
                """
                INSERT INTO actwin_import_record
                    (import_id, line_id, site_id, company_id, res_model, res_id)
                VALUES %s
                """,
                [
                    (item.id, line_id, item.site_id.id, item.company_id.id, record._name, record.id)
                    for line_id, record in made
                ],
                page_size=1000,
            )
            self.invalidate_model()

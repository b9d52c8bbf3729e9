"""A relation without a foreign key, for tables that only set-based SQL fills."""

from odoo import fields


class LooseMany2one(fields.Many2one):
    """Many2one without a database constraint: checking four keys a row halves bulk rollups."""

    def update_db_foreign_key(self, model, column):
        """Leave the column unconstrained."""

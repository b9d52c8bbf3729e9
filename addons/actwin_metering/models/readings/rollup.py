from odoo import api, models


class ActwinRollup(models.AbstractModel):
    _name = "actwin.rollup"
    _description = "Consumption Rollup"

    @api.model
    def _mark(self, channel_ids, start=None, end=None):
        """Placeholder until the store is in."""

    @api.model
    def _reset(self, channel_ids):
        """Placeholder until the store is in."""

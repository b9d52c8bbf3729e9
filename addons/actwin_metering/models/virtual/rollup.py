from odoo import api, models

from ..readings.rollup import EVER, literals
from . import formula_sql


class ActwinRollup(models.AbstractModel):
    """Virtual channels are rolled up after what they read, and again whenever that changes."""

    _inherit = "actwin.rollup"

    @api.model
    def _process_dirty(self, limit=None, channel_ids=None):
        if channel_ids is not None:
            # what a virtual channel is made of comes first, else its figures are of yesterday
            # sudo: only marks are worked off, of channels the caller may not see
            channels = self.env["actwin.channel"].sudo().browse(channel_ids)
            channel_ids = list({*channel_ids, *channels._computed_of().ids})
        return super()._process_dirty(limit, channel_ids)

    @api.model
    def _mark(self, channel_ids, start=None, end=None):
        result = super()._mark(channel_ids, start, end)
        if channel_ids:
            span = {"start": start or EVER[0], "end": end or EVER[1]}
            self.env.cr.execute(formula_sql.MARK, {"channels": list(channel_ids), **span})
        return result

    def _roll_days(self, days):
        computed = self._virtual_among({channel for channel, _day in days})
        virtual = [item for item in days if item[0] in computed]
        touched = [item for item in days if item[0] not in computed]
        if touched:
            touched = super()._roll_days(touched)
        if virtual:
            self.env["actwin.formula"].sudo()._roll(virtual)  # sudo: as the whole rollup
        touched = [*touched, *virtual]
        self.env.cr.execute(formula_sql.DEPENDENTS, literals(touched))
        return touched

    def _virtual_among(self, channel_ids):
        self.env.cr.execute(
            "SELECT id FROM actwin_channel WHERE id = ANY(%s) AND kind = 'virtual'",
            [list(channel_ids)],
        )
        return {row[0] for row in self.env.cr.fetchall()}

from odoo import models

from ..readings.rollup import literals


class ActwinRollup(models.AbstractModel):
    """Estimates beyond the last reading give way before what came is judged by them."""

    _inherit = "actwin.rollup"

    def _roll_days(self, days):
        # sudo: as the whole rollup; estimates are written by nobody else
        self.env["actwin.estimation"].sudo()._give_way(literals(days))
        return super()._roll_days(days)

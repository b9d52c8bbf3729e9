from odoo import api, fields, models

from . import gaps_sql, store_sql
from .gap import Gap


class ActwinEstimation(models.AbstractModel):
    """Channels that are gone on with beyond their last reading, until one arrives."""

    _inherit = "actwin.estimation"

    @api.model
    def _cron_extrapolate(self):
        self._extrapolate()

    @api.model
    def _extrapolate(self, now=None):
        """Estimate switched channels up to the site's last midnight; how many readings it were.

        :param now: UTC moment without zone, the present when not given
        """
        self.env.flush_all()
        self.env.cr.execute(gaps_sql.BEYOND, {"now": now or fields.Datetime.now()})
        gaps = [Gap(*row, beyond=True) for row in self.env.cr.fetchall()]
        gaps = [gap for gap in gaps if gap.possible]
        stored = self._estimate(gaps)
        if stored:
            self.env.cr.execute(store_sql.GONE_ON, [[gap.channel_id for gap in gaps]])
            self.env["actwin.channel"].invalidate_model(["extrapolated_from"])
        return stored

    @api.model
    def _give_way(self, parameters):
        """Take back what channels were gone on with, where a real reading has come."""
        self.env.cr.execute(store_sql.GIVE_WAY, parameters)
        taken_back = self.env.cr.fetchall()
        if taken_back:
            self.env["actwin.channel"].invalidate_model(["extrapolated_from"])
        return self._mark(taken_back)

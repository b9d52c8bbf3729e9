from odoo import models


class ActwinChannel(models.Model):
    _inherit = "actwin.channel"

    def _consumption_between(self, start_utc, end_utc):
        raise NotImplementedError

    def _day_series(self, date_from, date_to):
        raise NotImplementedError

    def _hour_series(self, start_utc, end_utc):
        raise NotImplementedError

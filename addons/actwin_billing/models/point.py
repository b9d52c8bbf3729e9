from odoo import models


class ActwinPoint(models.Model):
    """Up to when a point is invoiced."""

    _inherit = "actwin.point"

    # EXTENDS actwin_metering
    def _billed_until(self):
        super()._billed_until()
        # sudo: a technician sees no bills; only the moment leaves this method
        bills = self.env["actwin.bill"].sudo()
        ends = bills.search(
            [("point_id", "=", self.id), ("state", "in", ("approved", "posted"))],
            order="period_end desc",
            limit=1,
        )
        return ends.period_end

from odoo import models
from odoo.fields import Domain


class ResUsers(models.Model):
    """Invoices and payments lie within the same sight as the bills and their tenants."""

    _inherit = "res.users"

    # EXTENDS actwin_metering
    def _actwin_subscriber_points(self):
        return (*super()._actwin_subscriber_points(), "subscription_ids.point_id")

    def _actwin_invoice_scope(self, bill):
        """Condition on invoices: those of bills in sight; of no bill, those to whom is in sight.

        :param bill: path to the bill on a model that names its contact as ``partner_id``
        """
        scope = self._actwin_scope(f"{bill}.point_id", f"{bill}.site_id")
        if scope.is_true():
            return scope
        return scope | Domain(bill, "=", False) & self._actwin_partner_scope("partner_id")

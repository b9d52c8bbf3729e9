from odoo import models
from odoo.fields import Domain


class ResUsers(models.Model):
    """Invoices made from bills lie within the same sight as the bills."""

    _inherit = "res.users"

    def _actwin_invoice_scope(self, bill):
        """Condition on invoices: those of bills in sight, and those that are of no bill."""
        scope = self._actwin_scope(f"{bill}.point_id", f"{bill}.site_id")
        return scope if scope.is_true() else scope | Domain(bill, "=", False)

from odoo import fields, models
from odoo.fields import Domain


class ActwinSubscription(models.Model):
    """A main meter's subscription at the supplier: we are the customer, so nobody is billed."""

    _inherit = "actwin.subscription"

    supply = fields.Boolean(
        "Of the Supplier", tracking=True,
        help="We are the customer of a supplier by this tariff. It is never billed; the supplier's "
        "bills are checked with it.",
    )


class ActwinBillingRun(models.Model):
    _inherit = "actwin.billing.run"

    def _subscription_domain(self):
        return list(Domain(super()._subscription_domain()) & Domain("supply", "=", False))

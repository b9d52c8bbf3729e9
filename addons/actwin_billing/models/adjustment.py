from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.money import text


class ActwinAdjustment(models.Model):
    """An amount that a person puts on the next bill of a subscription, with the reason why.

    The bill that carries it is made by the run; once that is approved the adjustment stays as it
    is. A bill that is cancelled or credited gives it back to the next one.
    """

    _name = "actwin.adjustment"
    _description = "Bill Adjustment"
    _order = "subscription_id, id"

    subscription_id = fields.Many2one(
        "actwin.subscription", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    site_id = fields.Many2one(related="subscription_id.site_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("correction", "Correction"), ("late_fee", "Late fee"), ("other", "Other")],
        required=True, default="correction",
    )
    name = fields.Char(string="Label", required=True, help="Printed on the bill.")
    amount = fields.Monetary(required=True, help="Before taxes; negative in the payer's favour.")
    levy = fields.Boolean(string="Energy levy", help="The energy levy is due on it.")
    vat = fields.Boolean(string="VAT", default=True, help="VAT is due on it.")
    reason = fields.Char(required=True)
    bill_id = fields.Many2one(
        "actwin.bill", string="Billed with", readonly=True, copy=False, ondelete="set null",
        index="btree_not_null",
    )

    _not_zero = models.Constraint("CHECK (amount <> 0)", "An adjustment needs an amount.")

    def write(self, vals):
        self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_open()

    def _check_open(self):
        billed = self.filtered(lambda item: item.bill_id.state in ("approved", "posted"))
        if billed:
            raise UserError(self.env._(
                "%(adjustment)s stands on the approved %(bill)s and cannot change.",
                adjustment=billed[0].name, bill=billed[0].bill_id.name,
            ))

    def _facts(self):
        """JSON object of this adjustment for the core."""
        tariff = self.subscription_id.tariff_id
        flags = (
            ("levy", self.levy and tariff.levy_tax_id), ("vat", self.vat and tariff.vat_tax_id),
        )
        digits = self.currency_id.decimal_places
        return {
            "key": f"adjustment_{self.id}",
            "label": self.name,
            "amount": text(self.env["actwin.bill.facts"]._decimal(self.amount, digits)),
            "taxes": [key for key, wanted in flags if wanted],
            "reason": self.reason,
        }

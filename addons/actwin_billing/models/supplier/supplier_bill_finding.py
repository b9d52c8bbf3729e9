from odoo import api, fields, models

from ...core.supplier.reconcile import PLACES
from .supplier_bill_line import GROUPS

PLACE_NAMES = ["Tenants' bills", "Shared costs", "Vacant units", "Common areas", "Losses",
               "Not explained"]


class ActwinSupplierBillPart(models.AbstractModel):
    """What stands below a supplier's bill; only its check writes it."""

    _name = "actwin.supplier.bill.part"
    _description = "Part of a Supplier Bill"
    _order = "bill_id, id"

    bill_id = fields.Many2one(
        "actwin.supplier.bill", required=True, readonly=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="bill_id.site_id", store=True)
    point_id = fields.Many2one(related="bill_id.point_id", store=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")


class ActwinSupplierBillFinding(models.Model):
    """One check of a supplier's bill, S01 to S15, and how it came out."""

    _name = "actwin.supplier.bill.finding"
    _description = "Check of a Supplier Bill"
    _inherit = ["actwin.supplier.bill.part"]
    _rec_name = "code"

    code = fields.Char(readonly=True, required=True)
    name = fields.Char("Check", compute="_compute_name")
    subject = fields.Char(readonly=True)
    ok = fields.Boolean("Holds", readonly=True)
    found = fields.Char("On the Bill", readonly=True)
    expected = fields.Char(readonly=True)
    tolerance = fields.Char(readonly=True)

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_name(self):
        names = self._names()
        for finding in self:
            finding.name = names.get(finding.code, finding.code)

    def _names(self):
        return {
            "S01": self.env._("Indices × multiplier = billed energy"),
            "S02": self.env._("Bands add up to the total register"),
            "S03": self.env._("Quantity × price = amount"),
            "S04": self.env._("Energy × distribution price = distribution"),
            "S05": self.env._("Levy at its rate of the energy"),
            "S06": self.env._("Base of VAT = all lines and the levy"),
            "S07": self.env._("VAT at its rate of the base"),
            "S08": self.env._("Base + VAT = total"),
            "S09": self.env._("Total and roundings = payable"),
            "S10": self.env._("First index = last index of the bill before"),
            "S11": self.env._("Billed energy = our own readings"),
            "S12": self.env._("Price = price of the tariff"),
            "S13": self.env._("Reactive energy as we judge it"),
            "S14": self.env._("Excess demand as we judge it"),
            "S15": self.env._("No day twice and none left out"),
        }


class ActwinSupplierBillCompare(models.Model):
    """A group of lines on the supplier's bill beside our own recomputation of it."""

    _name = "actwin.supplier.bill.compare"
    _description = "Supplier Bill Beside Our Own"
    _inherit = ["actwin.supplier.bill.part"]
    _rec_name = "group"

    group = fields.Selection(GROUPS + [("levy", "Energy levy"), ("vat", "VAT"),
                                       ("total", "Total")], readonly=True, required=True)
    theirs = fields.Monetary("Supplier", readonly=True)
    ours = fields.Monetary("Our Own", readonly=True)
    difference = fields.Monetary(readonly=True)


class ActwinSupplierBillPlace(models.Model):
    """Where the money and the energy of a supplier's bill went; Σ = the bill."""

    _name = "actwin.supplier.bill.place"
    _description = "Place of a Supplier Bill's Money"
    _inherit = ["actwin.supplier.bill.part"]
    _rec_name = "place"

    place = fields.Selection(
        list(zip(PLACES, PLACE_NAMES, strict=True)), readonly=True, required=True)
    quantity = fields.Float("Energy", readonly=True, digits=(20, 3))
    amount = fields.Monetary(readonly=True)
    percent = fields.Float("Of the Bill (%)", readonly=True, digits=(8, 2), aggregator=None)

from odoo import api, fields, models

GROUPS = [("energy", "Energy"), ("distribution", "Distribution"), ("capacity", "Capacity"),
          ("excess", "Excess demand"), ("reactive", "Reactive"), ("other", "Other")]
REGISTERS = [
    ("active_import", "Active energy"), ("active_import.t1", "Active T1"),
    ("active_import.t2", "Active T2"), ("active_import.t3", "Active T3"),
    ("reactive_inductive", "Inductive"), ("reactive_capacitive", "Capacitive"),
    ("active_export", "Exported energy"), ("demand", "Demand"), ("volume", "Volume"),
    ("heat", "Heat"),
]


class ActwinSupplierBillLine(models.Model):
    """A line of a supplier's bill before taxes."""

    _name = "actwin.supplier.bill.line"
    _description = "Supplier Bill Line"
    _order = "bill_id, sequence, id"

    bill_id = fields.Many2one(
        "actwin.supplier.bill", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="bill_id.site_id", store=True)
    point_id = fields.Many2one(related="bill_id.point_id", store=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char("Label", required=True)
    group = fields.Selection(GROUPS, required=True, default="energy")
    band = fields.Selection([("t1", "T1"), ("t2", "T2"), ("t3", "T3")])
    quantity = fields.Float(digits=(20, 3), aggregator=None)
    unit = fields.Char(default="kWh")
    price = fields.Float("Unit Price", digits=(16, 8), aggregator=None)
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True, required=True)

    @api.depends("quantity", "price")
    def _compute_amount(self):
        for line in self:
            line.amount = line.amount or line.quantity * line.price


class ActwinSupplierBillIndex(models.Model):
    """A register as the supplier read it."""

    _name = "actwin.supplier.bill.index"
    _description = "Supplier Bill Index"
    _order = "bill_id, id"
    _rec_name = "register"

    bill_id = fields.Many2one(
        "actwin.supplier.bill", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="bill_id.site_id", store=True)
    point_id = fields.Many2one(related="bill_id.point_id", store=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True)
    register = fields.Selection(REGISTERS, required=True, default="active_import")
    first = fields.Float("First Index", digits=(20, 3), aggregator=None)
    last = fields.Float("Last Index", digits=(20, 3), aggregator=None)
    multiplier = fields.Float(default=1, digits=(16, 4), aggregator=None)
    billed = fields.Float(
        digits=(20, 3), compute="_compute_billed", store=True, readonly=False, precompute=True)
    our_first = fields.Float("Our First Index", readonly=True, digits=(20, 3), aggregator=None)
    our_last = fields.Float("Our Last Index", readonly=True, digits=(20, 3), aggregator=None)
    our_used = fields.Float("Our Consumption", readonly=True, digits=(20, 3))

    _register_uniq = models.Constraint(
        "UNIQUE (bill_id, register)", "A register stands on the bill once."
    )

    @api.depends("first", "last", "multiplier")
    def _compute_billed(self):
        for item in self:
            item.billed = (item.last - item.first) * item.multiplier if item.last else 0

from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.money import text

LEVIED = ("energy",)
UNITS = {
    "capacity": "kW",
    "excess_demand": "kW",
    "fixed_month": "month",
    "fixed_day": "day",
    "reactive_inductive": "kVArh",
    "reactive_capacitive": "kVArh",
}
NUMBERS = ("price", "threshold_kva", "ratio_below", "ratio_above", "exempt_up_to_kva")
REACTIVE = ("reactive_inductive", "reactive_capacitive")
ADJUSTMENT = "actwin_billing.product_adjustment"
PRODUCTS = {
    "energy": "actwin_billing.product_energy",
    "distribution": "actwin_billing.product_distribution",
    "capacity": "actwin_billing.product_capacity",
    "excess_demand": "actwin_billing.product_excess",
    "fixed_month": "actwin_billing.product_fixed",
    "fixed_day": "actwin_billing.product_fixed",
    "reactive_inductive": "actwin_billing.product_reactive",
    "reactive_capacitive": "actwin_billing.product_reactive",
}


class ActwinTariffComponent(models.Model):
    """One price of a tariff version, chosen from the palette of the calculation core."""

    _name = "actwin.tariff.component"
    _description = "Tariff Component"
    _order = "version_id, sequence, id"

    version_id = fields.Many2one(
        "actwin.tariff.version", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Label", required=True, translate=True)
    key = fields.Char(
        compute="_compute_key", store=True, readonly=False, precompute=True, required=True
    )
    kind = fields.Selection(
        [
            ("energy", "Energy"),
            ("distribution", "Distribution"),
            ("capacity", "Capacity per contract kW"),
            ("excess_demand", "Excess demand"),
            ("fixed_month", "Fixed per month"),
            ("fixed_day", "Fixed per day"),
            ("reactive_inductive", "Reactive, inductive"),
            ("reactive_capacitive", "Reactive, capacitive"),
        ],
        required=True,
        default="energy",
    )
    register = fields.Selection(
        [
            ("active_import", "Active energy"),
            ("active_export", "Exported energy"),
            ("volume", "Volume"),
            ("heat", "Heat"),
        ],
        required=True,
        default="active_import",
    )
    band = fields.Selection([("t1", "T1"), ("t2", "T2"), ("t3", "T3"), ("t4", "T4")])
    price = fields.Float(digits=(16, 8), required=True)
    unit = fields.Char(
        compute="_compute_unit", store=True, readonly=False, precompute=True, required=True
    )
    levy = fields.Boolean(
        compute="_compute_levy", store=True, readonly=False, precompute=True
    )
    vat = fields.Boolean(string="VAT", default=True)
    proration = fields.Selection(
        [
            ("days_in_month", "By days of each month"),
            ("days30", "By days / 30"),
            ("none", "Whole per bill"),
        ],
        required=True,
        default="days_in_month",
    )
    threshold_kva = fields.Float(string="Power threshold (kVA)", digits=(16, 3), default=50)
    ratio_below = fields.Float(string="Limit below threshold", digits=(16, 4))
    ratio_above = fields.Float(string="Limit from threshold", digits=(16, 4))
    exempt_up_to_kva = fields.Float(string="Exempt up to (kVA)", digits=(16, 3))
    missing_rule = fields.Selection(
        [("none", "No charge"), ("ninety_percent", "90 % of active energy")],
        string="Register does not run",
        required=True,
        default="none",
    )
    product_id = fields.Many2one(
        "product.product", help="Product of the invoice line; empty takes the kind's own."
    )

    _key_uniq = models.UniqueIndex(
        "(version_id, key)", "Two components of a version have the same key."
    )

    @api.depends("kind", "band")
    def _compute_key(self):
        for component in self:
            parts = [component.kind or "component", component.band or ""]
            component.key = "_".join(filter(None, parts))

    @api.depends("kind", "register")
    def _compute_unit(self):
        for component in self:
            fallback = "m³" if component.register == "volume" else "kWh"
            component.unit = UNITS.get(component.kind, fallback)

    @api.depends("kind")
    def _compute_levy(self):
        for component in self:
            component.levy = component.kind in LEVIED

    @api.model
    def _exact(self, records, *columns):
        """{id: {column: Decimal}} of numeric columns, past the cursor that makes them floats."""
        records.flush_recordset(columns)
        rows = self.env.execute_query(
            SQL(
                "SELECT id, %s FROM %s WHERE id IN %s",
                SQL(", ").join(SQL("%s::text", SQL.identifier(column)) for column in columns),
                SQL.identifier(records._table),
                tuple(records.ids) or (0,),
            )
        )
        return {
            row_id: {
                column: Decimal(value or 0) for column, value in zip(columns, values, strict=True)
            }
            for row_id, *values in rows
        }

    def _facts(self, numbers):
        """JSON object of this component for the core."""
        facts = {
            "key": self.key,
            "kind": self.kind,
            "label": self.name,
            "price": text(numbers["price"].normalize()),
            "unit": self.unit,
            "quantity": self.register,
            "band": self.band or "",
            "taxes": self._tax_keys(),
            "proration": self.proration,
        }
        if self.kind in REACTIVE:
            facts["limits"] = [
                {"below_kva": text(numbers["threshold_kva"]),
                 "ratio": text(numbers["ratio_below"])},
                {"ratio": text(numbers["ratio_above"])},
            ]
            facts["missing_rule"] = self.missing_rule
            if numbers["exempt_up_to_kva"]:
                facts["exempt_up_to_kva"] = text(numbers["exempt_up_to_kva"])
        return facts

    def _tax_keys(self):
        """Keys of the tariff's taxes on this component."""
        tariff = self.version_id.tariff_id
        return [
            key
            for key, wanted in (
                ("levy", self.levy and tariff.levy_tax_id),
                ("vat", self.vat and tariff.vat_tax_id),
            )
            if wanted
        ]

    def _invoice_product_id(self):
        """Id of the product of the invoice line; without a component that of adjustments."""
        if self.product_id:
            return self.product_id.id
        xmlid = PRODUCTS[self.kind] if self else ADJUSTMENT
        # unlike env.ref this is cached: one look-up for all lines of a run
        return self.env["ir.model.data"]._xmlid_to_res_id(xmlid, raise_if_not_found=True)

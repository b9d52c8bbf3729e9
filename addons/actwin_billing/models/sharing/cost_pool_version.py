from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.sharing.heat import Rule

MODES = [
    ("mirror", "Each cost by a key"),
    ("unit_cost", "One price: costs divided by consumption"),
    ("fixed", "An agreed price"),
    ("tariff", "By each subscriber's tariff"),
    ("heat", "Central heating by the by-law"),
]


class ActwinCostPoolVersion(models.Model):
    """How a pool is shared from a day on.

    Heating follows the by-law RG 14.4.2008/26847 (Merkezi Isıtma ve Sıhhi Sıcak Su Sistemlerinde
    Isınma ve Sıhhi Sıcak Su Giderlerinin Paylaştırılmasına İlişkin Yönetmelik); its shares are
    kept here as dated parameters.
    """

    _name = "actwin.cost.pool.version"
    _description = "Version of a Cost Pool"
    _order = "pool_id, date_from desc"
    _rec_name = "date_from"
    _check_company_auto = True

    pool_id = fields.Many2one("actwin.cost.pool", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="pool_id.site_id", store=True)
    company_id = fields.Many2one(related="pool_id.company_id", store=True)
    date_from = fields.Date("From", required=True, default="2000-01-01")
    mode = fields.Selection(MODES, required=True, default="mirror")
    key_id = fields.Many2one(
        "actwin.share.key", check_company=True, ondelete="restrict",
        help="The key of costs that have none of their own.",
    )
    price = fields.Float("Agreed Price", digits=(16, 6), aggregator=None)
    warn_percent = fields.Float(
        "Warn Above (%)", default=3, digits=(6, 2), aggregator=None,
        help="Missing energy beyond this share of the main meter is worth a warning.",
    )
    heat_metered = fields.Float(
        "By Consumption (%)", default=70, digits=(6, 2), aggregator=None,
        help="The rest goes by closed usable area.",
    )
    heat_minimum_factor = fields.Float(
        "Least Consumption Factor", digits=(6, 4), aggregator=None,
        help="A unit counts at the least for this part of the building's mean per square metre; "
        "0 switches the rule off.",
    )
    heat_unit_digits = fields.Selection(
        [("exact", "Exact"), ("3", "3 decimals"), ("4", "4 decimals")],
        "Price of a Unit", required=True, default="exact",
    )
    heat_estimated_percent = fields.Float(
        "By Area Alone Above (%)", default=25, digits=(6, 2), aggregator=None,
        help="With more of the area estimated, everything goes by area.",
    )
    water_formula = fields.Selection(
        [
            ("practice", "Practice: 1.2 × 1000 × (T − 10) kcal"),
            ("thermodynamic", "Without losses"),
            ("heizkosten", "2.5 kWh for each m³ and kelvin"),
        ],
        "Hot Water Energy", required=True, default="practice",
    )
    source = fields.Char(help="Management plan, contract or law that says so.")

    _day_uniq = models.Constraint(
        "UNIQUE (pool_id, date_from)", "The pool has a version of that day already."
    )
    _percent_check = models.Constraint(
        "CHECK (heat_metered BETWEEN 0 AND 100 AND heat_estimated_percent BETWEEN 0 AND 100"
        " AND warn_percent BETWEEN 0 AND 100 AND heat_minimum_factor BETWEEN 0 AND 1)",
        "Percentages lie between 0 and 100, the factor between 0 and 1.",
    )

    @api.constrains("mode", "price")
    def _check_price(self):
        for version in self:
            if version.mode == "fixed" and version.price <= 0:
                raise ValidationError(self.env._("An agreed price is more than nothing."))

    def _heat_rule(self):
        exact = self.env["actwin.bill.facts"]._decimal
        digits = self.heat_unit_digits
        return Rule(
            metered=exact(self.heat_metered, 2) / 100,
            minimum_factor=exact(self.heat_minimum_factor, 4),
            unit_digits=None if digits == "exact" else int(digits),
            estimated_limit=exact(self.heat_estimated_percent, 2) / 100,
        )

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .exact import exact_columns


class ActwinTariff(models.Model):
    """A price list that users make themselves: dated versions of components and two taxes.

    The levy is a percent tax on energy-like lines that is part of the base of VAT. Drafts among
    the versions serve previews only.
    """

    _name = "actwin.tariff"
    _description = "Tariff"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    commodity = fields.Selection(
        [
            ("electricity", "Electricity"),
            ("water", "Water"),
            ("gas", "Natural gas"),
            ("heat", "Heat"),
            ("cooling", "Cooling"),
        ],
        required=True,
        default="electricity",
    )
    levy_tax_id = fields.Many2one(
        "account.tax",
        string="Energy levy",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('amount_type', '=', 'percent')]",
        help="Percent tax on energy lines that enters the base of VAT, such as a consumption tax.",
    )
    vat_tax_id = fields.Many2one(
        "account.tax",
        string="VAT",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('amount_type', '=', 'percent')]",
    )
    kind_ids = fields.Many2many(
        "actwin.subscriber.kind", string="For Subscriber Kinds",
        help="Who may have this tariff; empty: everybody. Comparisons offer only what fits.",
    )
    market_id = fields.Many2one(
        "actwin.market", check_company=True,
        help="Whose hourly prices the market-indexed components follow.",
    )
    rounding_mode = fields.Selection(
        [("half_up", "Half up"), ("half_even", "Half to even")], required=True, default="half_up"
    )
    price_split = fields.Selection(
        [
            ("prices", "A line for each price"),
            ("lines", "A line for each version"),
            ("weighted", "One line at the mean price"),
        ],
        string="On the Bill", required=True, default="prices",
        help="How a bill shows what was used when prices change inside its period.",
    )
    split_method = fields.Selection(
        [
            ("index", "By the index of that moment"),
            ("profile", "By the load profile"),
            ("days", "By days"),
        ],
        string="Price Change Splits", required=True, default="index",
        help="How the energy of a period is divided where prices change inside it.",
    )
    payable_step = fields.Monetary(
        string="Round Payable To",
        help="The amount to be paid is rounded to this step, e.g. 5 or 1; what the rounding left"
        " over is carried to the next bill. Zero: no rounding.",
    )
    version_ids = fields.One2many("actwin.tariff.version", "tariff_id", copy=True)
    current_version_id = fields.Many2one(
        "actwin.tariff.version", compute="_compute_current_version_id", string="Version in force"
    )
    subscription_ids = fields.One2many("actwin.subscription", "tariff_id")
    subscription_count = fields.Integer(compute="_compute_subscription_count")
    note = fields.Html()

    _code_uniq = models.UniqueIndex("(company_id, code)", "This tariff code is already in use.")

    _step_not_negative = models.Constraint(
        "CHECK (payable_step >= 0)", "The step of rounding cannot be negative."
    )

    @api.depends("version_ids.valid_from", "version_ids.valid_to", "version_ids.draft")
    def _compute_current_version_id(self):
        now = fields.Datetime.now()
        for tariff in self:
            tariff.current_version_id = tariff.version_ids.filtered(
                lambda version: not version.draft
                and version.valid_from
                and version.valid_from <= now
                and (not version.valid_to or version.valid_to > now)
            ).sorted("valid_from")[-1:]

    @api.depends("subscription_ids")
    def _compute_subscription_count(self):
        counts = dict(
            self.env["actwin.subscription"]._read_group(
                [("tariff_id", "in", self.ids)], ["tariff_id"], ["__count"]
            )
        )
        for tariff in self:
            tariff.subscription_count = counts.get(tariff, 0)

    @api.constrains("levy_tax_id", "vat_tax_id")
    def _check_taxes(self):
        for tariff in self:
            levy, vat = tariff.levy_tax_id, tariff.vat_tax_id
            for tax in levy | vat:
                if tax.amount_type != "percent" or tax.price_include:
                    raise ValidationError(
                        self.env._("%s must be a percent tax on top of the price.", tax.name)
                    )
            if levy and not levy.include_base_amount:
                raise ValidationError(
                    self.env._("The levy %s must affect the base of later taxes.", levy.name)
                )
            if levy and vat and (levy.sequence, levy.id) >= (vat.sequence, vat.id):
                raise ValidationError(
                    self.env._("The levy %s must come before VAT in sequence.", levy.name)
                )

    def _tax_facts(self):
        """Taxes in order, as the calculation core takes them."""
        self.ensure_one()
        facts = []
        for key, tax in (("levy", self.levy_tax_id), ("vat", self.vat_tax_id)):
            if tax:
                rate = exact_columns(tax, "amount")
                facts.append({
                    "key": key,
                    "label": tax.name,
                    "rate": format(rate[tax.id]["amount"] / 100, "f"),
                    "include_in_base": key == "levy",
                })
        return facts

    def action_open_subscriptions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Subscriptions"),
            "res_model": "actwin.subscription",
            "view_mode": "list,form",
            "domain": [("tariff_id", "=", self.id)],
            "context": {"default_tariff_id": self.id},
        }

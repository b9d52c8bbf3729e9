from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .calendar import BANDS
from .exact import exact_columns
from .kinds import (
    ADJUSTMENT,
    BASED,
    LEVIED,
    METERED,
    PRODUCTS,
    REGISTER_UNITS,
    UNITS,
)

NUMBERS = (
    "price", "factor", "levy_less", "levy_less_factor", "threshold_kva", "ratio_below",
    "ratio_above", "exempt_up_to_kva", "ptf_factor", "yekdem_factor",
)


class ActwinTariffComponent(models.Model):
    """One price of a tariff version, chosen from the palette of the calculation core."""

    _name = "actwin.tariff.component"
    _description = "Tariff Component"
    _order = "version_id, sequence, id"
    _check_company_auto = True

    version_id = fields.Many2one(
        "actwin.tariff.version", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="version_id.currency_id")
    calendar_id = fields.Many2one(related="version_id.calendar_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Label", required=True, translate=True)
    key = fields.Char(
        compute="_compute_key", store=True, readonly=False, precompute=True, required=True,
        help="How formulas and other components of the version call it.",
    )
    kind = fields.Selection(
        [
            ("energy", "Energy"),
            ("market", "Energy at the market's price"),
            ("distribution", "Distribution"),
            ("pass_through", "Pass-through per unit"),
            ("netting", "Own production set off"),
            ("feed_in", "Surplus fed in"),
            ("capacity", "Capacity per contract kW"),
            ("excess_demand", "Excess demand"),
            ("fixed_month", "Fixed per month"),
            ("fixed_day", "Fixed per day"),
            ("minimum", "Minimum per month"),
            ("reactive_inductive", "Reactive, inductive"),
            ("reactive_capacitive", "Reactive, capacitive"),
            ("session_energy", "Charging, per kWh"),
            ("session_idle", "Charging, per idle minute"),
            ("session_fee", "Charging, per session"),
            ("discount", "Discount"),
            ("surcharge", "Surcharge"),
            ("formula", "Formula"),
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
        compute="_compute_register", store=True, readonly=False, precompute=True, required=True,
    )
    band = fields.Selection(BANDS, help="Empty: the whole register.")
    season_id = fields.Many2one(
        "actwin.calendar.season", ondelete="restrict",
        domain="[('calendar_id', '=', calendar_id)]", help="Empty: all year.",
    )
    price = fields.Float(digits=(16, 8))
    percent = fields.Float(
        string="Share", compute="_compute_percent", inverse="_inverse_percent", digits=(16, 6),
    )
    parameter_id = fields.Many2one(
        "actwin.tariff.parameter", string="Price From", ondelete="restrict", check_company=True,
        help="The price follows this published figure instead of being typed here.",
    )
    factor = fields.Float(
        string="× Factor", digits=(16, 8), default=1.0,
        help="E.g. 2 for an excess at twice the capacity price, 0.95 for 5 % below a list price.",
    )
    price_text = fields.Char(string="Priced At", compute="_compute_price_text")
    unit = fields.Char(compute="_compute_unit", store=True, readonly=False, precompute=True)
    levy = fields.Boolean(
        compute="_compute_levy", store=True, readonly=False, precompute=True
    )
    vat = fields.Boolean(string="VAT", default=True)
    levy_less = fields.Float(
        string="Outside the Levy", digits=(16, 8),
        help="What of the price per unit does not enter the base of the levy, e.g. distribution"
        " that a last-resort price includes.",
    )
    levy_less_parameter_id = fields.Many2one(
        "actwin.tariff.parameter", string="Outside the Levy From", ondelete="restrict",
        check_company=True,
    )
    levy_less_factor = fields.Float(string="Outside × Factor", digits=(16, 8), default=1.0)
    proration = fields.Selection(
        [
            ("days_in_month", "By days of each month"),
            ("days30", "By days / 30"),
            ("none", "Whole per bill"),
        ],
        required=True,
        default="days_in_month",
    )
    tiered = fields.Boolean(string="In Tiers")
    tier_ids = fields.One2many("actwin.tariff.tier", "component_id", copy=True)
    tier_period = fields.Selection(
        [
            ("day", "Per day"),
            ("days30", "Per 30 days"),
            ("days_in_month", "Per month"),
            ("period", "Per bill"),
        ],
        string="Limits", required=True, default="day",
    )
    tier_per_unit = fields.Boolean(
        string="Times Flats", help="The limits are each flat's: a meter of ten has ten times them."
    )
    market_by = fields.Selection(
        [("hour", "By the hour"), ("mean", "By the mean of the period")],
        string="Market Price", required=True, default="hour",
        help="By the hour weights each hour's price with what was used in it.",
    )
    ptf_factor = fields.Float(string="× Market Price", digits=(16, 8), default=1.0)
    yekdem_factor = fields.Float(string="× Support Cost", digits=(16, 8), default=1.0)
    netting_by = fields.Selection(
        [("period", "Totals of the bill"), ("interval", "Hour by hour")],
        string="Set Off", required=True, default="period",
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
    base = fields.Selection(
        [
            ("energy", "Energy"),
            ("energy_distribution", "Energy and distribution"),
            ("all", "All lines"),
            ("chosen", "Chosen components"),
        ],
        string="Taken Of", required=True, default="energy",
    )
    of_keys = fields.Char(
        string="Components", help="Keys of components of this version, separated by commas."
    )
    formula = fields.Char()
    product_id = fields.Many2one(
        "product.product", check_company=True,
        help="Product of the invoice line; empty takes the kind's own.",
    )

    _key_uniq = models.UniqueIndex(
        "(version_id, key)", "Two components of a version have the same key."
    )

    @api.depends("kind", "band", "season_id")
    def _compute_key(self):
        for component in self:
            season = component.season_id.name or ""
            parts = [component.kind or "component", component.band or "",
                     self.env["ir.http"]._slugify(season).replace("-", "_") if season else ""]
            component.key = "_".join(filter(None, parts))

    @api.depends("version_id.commodity")
    def _compute_register(self):
        usual = {"water": "volume", "gas": "volume", "heat": "heat", "cooling": "heat"}
        for component in self:
            component.register = component.register or usual.get(
                component.version_id.commodity, "active_import")

    @api.depends("kind", "register")
    def _compute_unit(self):
        for component in self:
            fallback = REGISTER_UNITS.get(component.register, "kWh")
            component.unit = UNITS.get(component.kind, fallback)

    @api.depends("kind")
    def _compute_levy(self):
        for component in self:
            component.levy = component.kind in LEVIED

    @api.depends("price")
    def _compute_percent(self):
        for component in self:
            component.percent = component.price

    def _inverse_percent(self):
        for component in self:
            component.price = component.percent

    @api.depends("kind", "price", "unit", "parameter_id", "factor", "tiered", "tier_ids.price",
                 "formula", "ptf_factor", "yekdem_factor", "currency_id")
    @api.depends_context("lang")
    def _compute_price_text(self):
        for component in self:
            component.price_text = component._priced_as()

    @api.constrains("tiered", "tier_ids")
    def _check_tiers(self):
        for component in self.filtered("tiered"):
            limits = [tier.up_to for tier in component.tier_ids.sorted("sequence")]
            closed = limits[:-1]
            if not limits or limits[-1] or not all(closed) or closed != sorted(set(closed)):
                raise ValidationError(self.env._(
                    "The tiers of %s need limits that rise, and a last one without a limit:"
                    " otherwise what is above has no price.", component.name))

    @api.constrains("season_id", "version_id")
    def _check_season(self):
        for component in self:
            season = component.season_id
            if season and season.calendar_id != component.version_id.calendar_id:
                raise ValidationError(self.env._(
                    "%(component)s: season %(season)s belongs to another calendar.",
                    component=component.name, season=season.name))

    @api.constrains("base", "of_keys", "kind")
    def _check_base(self):
        for component in self:
            if component.kind in BASED and component.base == "chosen":
                keys = component._chosen_keys()
                known = set((component.version_id.component_ids - component).mapped("key"))
                unknown = [key for key in keys if key not in known]
                if not keys or unknown:
                    raise ValidationError(self.env._(
                        "%(component)s is taken of components of this version: %(known)s. Not"
                        " known: %(unknown)s.", component=component.name,
                        known=", ".join(sorted(known)), unknown=", ".join(unknown) or "–"))

    def _chosen_keys(self):
        return [key.strip() for key in (self.of_keys or "").split(",") if key.strip()]

    def _numbers(self):
        """{id: {column: Decimal}} of the components' stored numbers."""
        return exact_columns(self, *NUMBERS)

    def _parameters(self):
        """Every parameter that a price of the components follows."""
        return (self.parameter_id | self.levy_less_parameter_id
                | self.tier_ids.parameter_id)

    def _lacking(self, book, day):
        """Parameters without a value on a day."""
        return self._parameters().filtered(lambda item: book.value(item, day) is None)

    def _need_bands(self):
        """Whether a component reads a band of a metered register."""
        return any(component.kind in METERED and component.band for component in self)

    def _invoice_product_id(self):
        """Id of the product of the invoice line; without a component that of adjustments."""
        if self.product_id:
            return self.product_id.id
        name = PRODUCTS[self.kind] if self else ADJUSTMENT
        # unlike env.ref this is cached: one look-up for all lines of a run
        return self.env["ir.model.data"]._xmlid_to_res_id(
            f"actwin_billing.{name}", raise_if_not_found=True)

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..core.money import text


class ActwinSubscription(models.Model):
    """Who pays for a metering point, by which tariff, from when to when.

    One point has at most one subscription on any day.
    """

    _name = "actwin.subscription"
    _description = "Subscription"
    _inherit = ["mail.thread", "properties.base.definition.mixin"]
    _order = "point_id, date_from desc, id"

    subscriber_id = fields.Many2one("actwin.subscriber", required=True, index=True, tracking=True)
    point_id = fields.Many2one("actwin.point", required=True, index=True, tracking=True)
    tariff_id = fields.Many2one("actwin.tariff", required=True, index=True, tracking=True)
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Invoice to",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
    )
    date_from = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date(help="Last day, included. Empty while the subscription runs.")
    active = fields.Boolean(default=True)
    contract_kw = fields.Float(
        string="Contract power (kW)",
        digits=(16, 3),
        compute="_compute_contract_kw",
        store=True,
        readonly=False,
        precompute=True,
    )
    connection_kva = fields.Float(string="Connection power (kVA)", digits=(16, 3))
    reactive_exempt = fields.Boolean(string="Exempt from reactive charges")
    reactive_waiver = fields.Char(help="Reason why an excess of this period is disregarded.")
    transformer_mode = fields.Selection(
        [
            ("none", "None"),
            ("no_load", "No-load loss"),
            ("full", "No-load and load loss"),
            ("fixed_percent", "Fixed percentage"),
        ],
        required=True,
        default="none",
    )
    transformer_no_load_kw = fields.Float(string="No-load loss (kW)", digits=(16, 4))
    transformer_load_kw = fields.Float(string="Load loss (kW)", digits=(16, 4))
    transformer_kva = fields.Float(string="Rated power (kVA)", digits=(16, 3))
    transformer_percent = fields.Float(string="Loss (%)", digits=(16, 4))
    payable_step = fields.Monetary(related="tariff_id.payable_step")
    carry = fields.Monetary(
        string="Rounding Brought In",
        help="What roundings of the amount payable left over before the first bill made here.",
    )
    payment_term_id = fields.Many2one("account.payment.term")
    adjustment_ids = fields.One2many("actwin.adjustment", "subscription_id")
    bill_ids = fields.One2many("actwin.bill", "subscription_id")
    bill_count = fields.Integer(compute="_compute_bill_count")

    _ends_after_start = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A subscription must end after it starts.",
    )

    @api.depends("subscriber_id.number", "point_id.code")
    def _compute_display_name(self):
        for subscription in self:
            parts = (subscription.point_id.code, subscription.subscriber_id.number)
            subscription.display_name = " · ".join(filter(None, parts))

    @api.depends("subscriber_id")
    def _compute_partner_id(self):
        for subscription in self:
            subscription.partner_id = (
                subscription.partner_id or subscription.subscriber_id.partner_id
            )

    @api.depends("point_id")
    def _compute_contract_kw(self):
        for subscription in self:
            subscription.contract_kw = (
                subscription.contract_kw or subscription.point_id.contract_power_kw
            )

    @api.depends("bill_ids")
    def _compute_bill_count(self):
        counts = dict(
            self.env["actwin.bill"]._read_group(
                [("subscription_id", "in", self.ids)], ["subscription_id"], ["__count"]
            )
        )
        for subscription in self:
            subscription.bill_count = counts.get(subscription, 0)

    @api.constrains("point_id", "date_from", "date_to", "active")
    def _check_overlap(self):
        for subscription in self.filtered("active"):
            domain = Domain("id", "!=", subscription.id) & Domain(
                "point_id", "=", subscription.point_id.id
            )
            domain &= Domain("date_to", "=", False) | Domain(
                "date_to", ">=", subscription.date_from
            )
            if subscription.date_to:
                domain &= Domain("date_from", "<=", subscription.date_to)
            if self.search(domain, limit=1):
                raise ValidationError(
                    self.env._(
                        "Point %s already has a subscription in this time.",
                        subscription.point_id.display_name,
                    )
                )

    @api.constrains("tariff_id", "point_id")
    def _check_tariff_company(self):
        for subscription in self:
            if subscription.tariff_id.company_id != subscription.company_id:
                raise ValidationError(
                    self.env._("Tariff and metering point belong to different companies.")
                )

    def _facts(self, figures=()):
        """Subscriber facts for the core. A power of zero means that it is not known.

        :param figures: names of own figures that the tariff's formulas read
        """
        self.ensure_one()

        def number(value, digits):
            return text(self.env["actwin.bill.facts"]._decimal(value, digits))

        return {
            "contract_kw": number(self.contract_kw, 3) if self.contract_kw else None,
            "connection_kva": number(self.connection_kva, 3) if self.connection_kva else None,
            "reactive_exempt": self.reactive_exempt,
            "reactive_waiver": self.reactive_waiver or "",
            "units": str(self.flat_count),
            "facts": {
                name: value for name, value in self._figures().items() if name in figures
            } if figures else {},
            "transformer": {
                "mode": self.transformer_mode,
                "no_load_kw": number(self.transformer_no_load_kw, 4),
                "load_kw": number(self.transformer_load_kw, 4),
                "rated_kva": number(self.transformer_kva, 3),
                "percent": number(self.transformer_percent, 4),
            },
        }

    def action_compare_tariffs(self):
        """The last year of this subscriber by every tariff that fits."""
        self.ensure_one()
        return self.env["actwin.tariff.comparison"].create(
            {"subscription_id": self.id})._reopen()

    def action_open_bills(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Control invoices"),
            "res_model": "actwin.bill",
            "view_mode": "list,form",
            "domain": [("subscription_id", "=", self.id)],
        }

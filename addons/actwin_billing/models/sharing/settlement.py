from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..facts.period import Period
from .cost_pool_version import MODES


class ActwinCostSettlement(models.Model):
    """One period of a pool: what it cost, who owes what of it, and what is left over.

    Invariant: Σ shares + difference = Σ costs, to the kuruş. What is approved stays as it is.
    """

    _name = "actwin.cost.settlement"
    _description = "Cost Settlement"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    pool_id = fields.Many2one(
        "actwin.cost.pool", required=True, index=True, ondelete="restrict", check_company=True,
        tracking=True,
    )
    site_id = fields.Many2one(related="pool_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="pool_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(
        required=True, default=lambda self: self.env["actwin.billing.run"]._default_month()[0]
    )
    date_to = fields.Date(
        required=True, default=lambda self: self.env["actwin.billing.run"]._default_month()[1],
        help="Last day, included.",
    )
    state = fields.Selection(
        [("draft", "Costs"), ("computed", "Computed"), ("approved", "Approved"),
         ("cancelled", "Cancelled")],
        required=True, default="draft", readonly=True, copy=False, tracking=True, index=True,
    )
    version_id = fields.Many2one("actwin.cost.pool.version", readonly=True, ondelete="restrict")
    mode = fields.Selection(MODES, readonly=True)
    heated = fields.Boolean(compute="_compute_heated")
    cost_ids = fields.One2many("actwin.cost.settlement.cost", "settlement_id", "Costs", copy=True)
    share_ids = fields.One2many("actwin.cost.share", "settlement_id", "Shares", readonly=True)
    hot_water_m3 = fields.Float("Hot Water (m³)", digits=(16, 3), aggregator=None)
    hot_water_celsius = fields.Float("Hot Water (°C)", default=60, digits=(5, 1), aggregator=None)
    fuel_kwh = fields.Float("Fuel (kWh)", digits=(16, 3), aggregator=None)
    amount_cost = fields.Monetary("Cost in All", compute="_compute_amounts", store=True)
    amount_shared = fields.Monetary("Shared", compute="_compute_amounts", store=True)
    amount_vacant = fields.Monetary("Vacant", compute="_compute_amounts", store=True)
    difference = fields.Monetary(compute="_compute_amounts", store=True)
    main_quantity = fields.Float("Main Meters", readonly=True, digits=(20, 3))
    units_quantity = fields.Float("Units", readonly=True, digits=(20, 3))
    missing_quantity = fields.Float("Missing Energy", readonly=True, digits=(20, 3))
    missing_percent = fields.Float("Missing (%)", readonly=True, digits=(8, 2), aggregator=None)
    hot_water_amount = fields.Monetary("Of It Hot Water", readonly=True)
    notes = fields.Text("Worth Knowing", readonly=True)
    warning = fields.Boolean(readonly=True)

    _ends_after_start = models.Constraint(
        "CHECK (date_to >= date_from)", "The period must end after it starts."
    )

    @api.depends("pool_id.name", "date_from")
    def _compute_name(self):
        for item in self:
            month = f"{item.date_from:%Y/%m}" if item.date_from else ""
            item.name = " · ".join(filter(None, [month, item.pool_id.name]))

    @api.depends("pool_id.version_ids.mode", "pool_id.version_ids.date_from", "date_from")
    def _compute_heated(self):
        """Whether the pool is a central heating on that day: only then hot water is asked for."""
        for item in self:
            known = item.pool_id.version_ids.filtered(
                lambda version, day=item.date_from: day and version.date_from <= day)
            item.heated = known.sorted("date_from")[-1:].mode == "heat"

    @api.depends("cost_ids.amount", "share_ids.amount", "share_ids.vacant", "state")
    def _compute_amounts(self):
        for item in self:
            shares = item.share_ids
            item.amount_cost = sum(item.cost_ids.mapped("amount"))
            item.amount_shared = sum(shares.mapped("amount"))
            item.amount_vacant = sum(shares.filtered("vacant").mapped("amount"))
            item.difference = (
                item.amount_cost - item.amount_shared
                if item.state in ("computed", "approved") else 0
            )

    @api.constrains("pool_id", "date_from", "date_to", "state")
    def _check_overlap(self):
        for item in self.filtered(lambda item: item.state != "cancelled"):
            if self.search_count([
                ("id", "!=", item.id), ("pool_id", "=", item.pool_id.id),
                ("state", "!=", "cancelled"), ("date_from", "<=", item.date_to),
                ("date_to", ">=", item.date_from),
            ], limit=1):
                raise ValidationError(self.env._(
                    "%s is settled in that time already.", item.pool_id.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        if self.filtered(lambda item: item.state == "approved"):
            raise UserError(self.env._("An approved settlement cannot be deleted."))

    def _period(self):
        self.ensure_one()
        return Period(self.date_from, self.date_to, self.site_id.tz or "UTC")

    def _check_state(self, *states):
        for item in self:
            if item.state not in states:
                raise UserError(self.env._("%s is not at this stage.", item.name))

    def action_open_shares(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_billing.actwin_cost_share_action")
        return action | {"domain": [("settlement_id", "=", self.id)], "context": {}}

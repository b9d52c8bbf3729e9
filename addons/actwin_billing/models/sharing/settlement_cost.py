from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...core.money import rounded


class ActwinCostSettlementCost(models.Model):
    """One cost of a settlement: a line of a supplier's bill, or a common meter at a price."""

    _name = "actwin.cost.settlement.cost"
    _description = "Cost to Share"
    _order = "settlement_id, sequence, id"
    _check_company_auto = True

    settlement_id = fields.Many2one(
        "actwin.cost.settlement", required=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one(related="settlement_id.site_id", store=True)
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char("Label", required=True)
    source = fields.Selection(
        [("manual", "Entered"), ("bill", "Vendor bill"), ("meter", "Own meter")],
        required=True, default="manual",
    )
    move_line_id = fields.Many2one(
        "account.move.line", "Bill Line", check_company=True, ondelete="restrict",
        domain="[('move_type', '=', 'in_invoice'), ('parent_state', '=', 'posted'), "
        "('display_type', '=', 'product')]",
    )
    gross = fields.Boolean(
        "With Taxes", help="Share what the bill line cost with its taxes, as a manager does who "
        "is no taxpayer.",
    )
    point_id = fields.Many2one(
        "actwin.point", "Meter", check_company=True, ondelete="restrict",
        domain="[('site_id', '=', site_id)]", help="For instance of the common areas.",
    )
    price = fields.Float("Unit Price", digits=(16, 6), aggregator=None)
    consumption = fields.Float(readonly=True, digits=(20, 3))
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True, required=True
    )
    key_id = fields.Many2one(
        "actwin.share.key", check_company=True, ondelete="restrict",
        help="Empty: the key of the pool.",
    )
    excluded_ids = fields.Many2many(
        "actwin.point", "actwin_settlement_cost_excluded_rel", "cost_id", "point_id",
        "Without", check_company=True, domain="[('site_id', '=', site_id)]",
        help="Units that do not share this cost.",
    )

    @api.depends("move_line_id", "gross", "source")
    def _compute_amount(self):
        for cost in self:
            line = cost.move_line_id
            if cost.source == "bill" and line:
                cost.amount = line.price_total if cost.gross else line.price_subtotal
            else:
                cost.amount = cost.amount or 0

    @api.onchange("move_line_id")
    def _onchange_move_line_id(self):
        if self.move_line_id:
            self.source, self.name = "bill", self.move_line_id.name or self.move_line_id.move_name

    @api.constrains("move_line_id")
    def _check_once(self):
        for cost in self.filtered("move_line_id"):
            if self.search_count([
                ("id", "!=", cost.id), ("move_line_id", "=", cost.move_line_id.id),
                ("settlement_id.state", "!=", "cancelled"),
            ], limit=1):
                raise ValidationError(self.env._("%s is shared already.", cost.name))

    def _measure(self):
        """Price what own meters of the costs measured in the period."""
        facts = self.env["actwin.settlement.facts"]
        for cost in self.filtered(lambda cost: cost.source == "meter"):
            if not cost.point_id:
                raise UserError(self.env._("%s: choose the meter.", cost.name))
            used = facts._of_point(cost.settlement_id, cost.point_id)
            if used is None:
                raise UserError(self.env._(
                    "%s was not read at both ends of the period.", cost.point_id.display_name))
            exact = self.env["actwin.bill.facts"]._decimal(cost.price, 6)
            digits = cost.currency_id.decimal_places
            cost.write({
                "consumption": float(used), "amount": float(rounded(used * exact, digits))})

    @api.model_create_multi
    def create(self, vals_list):
        costs = super().create(vals_list)
        costs._check_open()
        return costs

    def write(self, vals):
        if set(vals) - {"consumption"}:
            self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        self._check_open()

    def _check_open(self):
        if self.settlement_id.filtered(lambda item: item.state == "approved"):
            raise UserError(self.env._("The costs of an approved settlement do not change."))

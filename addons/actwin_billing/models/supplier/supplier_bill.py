from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [("draft", "Entered"), ("checked", "Checked"), ("accepted", "Accepted"),
          ("disputed", "Disputed")]


class ActwinSupplierBill(models.Model):
    """What a utility billed for a main meter, checked like a control invoice (kontrol faturası).

    It is compared with itself, with our own readings and with the prices of our supply
    subscription, and its money is followed to tenants, common areas, vacancy and losses.
    """

    _name = "actwin.supplier.bill"
    _description = "Supplier Bill"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char("Number", required=True, tracking=True)
    subscription_id = fields.Many2one(
        "actwin.subscription", required=True, index=True, ondelete="restrict",
        domain="[('supply', '=', True)]", tracking=True,
        help="The main meter's subscription at the supplier, with its tariff.",
    )
    point_id = fields.Many2one(related="subscription_id.point_id", store=True, index=True)
    site_id = fields.Many2one(related="subscription_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        related="subscription_id.partner_id", string="Supplier", store=True
    )
    move_id = fields.Many2one(
        "account.move", "Vendor Bill", check_company=True, index="btree_not_null",
        domain="[('move_type', '=', 'in_invoice')]",
    )
    date_from = fields.Date(required=True, tracking=True)
    date_to = fields.Date(required=True, tracking=True, help="Last day, included.")
    date_issued = fields.Date("Issued On")
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False,
                             tracking=True, index=True)
    line_ids = fields.One2many("actwin.supplier.bill.line", "bill_id", "Lines", copy=True)
    index_ids = fields.One2many("actwin.supplier.bill.index", "bill_id", "Indices", copy=True)
    levy = fields.Monetary("Energy Levy")
    levy_percent = fields.Float("Levy (%)", digits=(6, 3), aggregator=None)
    base = fields.Monetary("Base of VAT")
    vat = fields.Monetary("VAT")
    vat_percent = fields.Float("VAT (%)", default=20, digits=(6, 3), aggregator=None)
    total = fields.Monetary()
    rounding = fields.Monetary(help="Roundings of this bill and carried from the one before.")
    payable = fields.Monetary()
    finding_ids = fields.One2many("actwin.supplier.bill.finding", "bill_id", readonly=True)
    compare_ids = fields.One2many("actwin.supplier.bill.compare", "bill_id", readonly=True)
    place_ids = fields.One2many("actwin.supplier.bill.place", "bill_id", readonly=True)
    untaxed = fields.Monetary("Before Taxes", compute="_compute_untaxed", store=True)
    difference = fields.Monetary("Against Our Own", readonly=True)
    failed_count = fields.Integer("Findings", readonly=True)
    gross = fields.Boolean(
        "Follow With Taxes",
        help="Follow the total with its taxes, as a manager does who is no taxpayer.",
    )
    remainder = fields.Monetary(readonly=True, help="What neither tenants, common areas, vacancy "
                                "nor losses explain.")
    remainder_account_id = fields.Many2one(
        "account.account", "Account of the Remainder", check_company=True)
    problem = fields.Text("Our Own Figures", readonly=True)
    note = fields.Text("What Was Disputed")

    _number_uniq = models.Constraint(
        "UNIQUE (subscription_id, name)", "This bill of the supplier is here already."
    )
    _ends_after_start = models.Constraint(
        "CHECK (date_to >= date_from)", "The period must end after it starts."
    )

    @api.depends("line_ids.amount")
    def _compute_untaxed(self):
        for bill in self:
            bill.untaxed = sum(bill.line_ids.mapped("amount"))

    @api.onchange("subscription_id")
    def _onchange_subscription_id(self):
        """A new bill begins where the last one ended and has a place for every register."""
        before = self._before()
        if before and not self.date_from:
            self.date_from = fields.Date.add(before.date_to, days=1)
            self.date_to = fields.Date.end_of(self.date_from, "month")
        if not self.index_ids and self.subscription_id:
            self.index_ids = [fields.Command.create(vals) for vals in self._default_indices()]

    def _default_indices(self):
        channels = self.env["actwin.bill.facts"]._channels(self.point_id)
        last = {item.register: item.last for item in self._before().index_ids}
        return [
            {"register": name, "first": last.get(name, 0), "multiplier": self._multiplier()}
            for name in channels
        ]

    def _multiplier(self):
        meter = self.env["actwin.meter.installation"].search(
            [("point_id", "=", self.point_id.id)], order="date_from desc", limit=1)
        return meter.multiplier or 1

    def _before(self):
        """The bill of the same meter that came before."""
        domain = [("subscription_id", "=", self.subscription_id.id)]
        if self._origin:
            domain.append(("id", "!=", self._origin.id))
        if self.date_from:
            domain.append(("date_to", "<=", self.date_from))
        return self.search(domain, order="date_to desc", limit=1)

    def action_accept(self):
        """Accept a checked bill; money that is left over needs an account."""
        for bill in self:
            if bill.state != "checked":
                raise UserError(self.env._("%s is not checked yet.", bill.name))
            if not bill.currency_id.is_zero(bill.remainder) and not bill.remainder_account_id:
                raise UserError(self.env._(
                    "%(amount)s of %(bill)s is not explained: name the account that bears it.",
                    amount=bill.currency_id.format(bill.remainder), bill=bill.name))
            bill.state = "accepted"
        return True

    def action_dispute(self):
        self.filtered(lambda bill: bill.state != "draft").state = "disputed"
        return True

    def action_draft(self):
        self.state = "draft"
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        if self.filtered(lambda bill: bill.state == "accepted"):
            raise UserError(self.env._("An accepted bill cannot be deleted."))

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import REGISTERS


class ActwinCostPool(models.Model):
    """A cost that many units share: a supplier's bill, a boiler's fuel, the common areas.

    What is shared, by which mode and key, stands in dated versions; who shares it in dated
    memberships.
    """

    _name = "actwin.cost.pool"
    _description = "Cost Pool"
    _inherit = ["mail.thread"]
    _order = "site_id, name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True, help="Printed on the bills.")
    site_id = fields.Many2one(
        "actwin.site", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(default=True)
    quantity = fields.Selection(
        lambda self: [
            item for item in self.env["actwin.channel"]._fields["quantity"]._description_selection(
                self.env) if item[0] in REGISTERS
        ],
        "Consumption", required=True, default="active_import", tracking=True,
        help="The register by which consumption is shared.",
    )
    main_point_ids = fields.Many2many(
        "actwin.point", "actwin_cost_pool_main_rel", "pool_id", "point_id", "Main Meters",
        check_company=True, domain="[('site_id', '=', site_id)]",
        help="What they measured beyond the units is shown as missing energy.",
    )
    owner_id = fields.Many2one(
        "res.partner", required=True, default=lambda self: self.env.company.partner_id,
        help="Pays for units while nobody stays there.",
    )
    difference_account_id = fields.Many2one(
        "account.account", "Account of Differences", check_company=True,
        help="What rounding, agreed prices or vacancy leave over is named on this account.",
    )
    levy = fields.Boolean("Energy Levy", help="The energy levy is due on the shares.")
    vat = fields.Boolean("VAT", default=True, help="VAT is due on the shares.")
    version_ids = fields.One2many("actwin.cost.pool.version", "pool_id", "Versions", copy=True)
    member_ids = fields.One2many("actwin.cost.pool.member", "pool_id", "Units", copy=True)
    settlement_ids = fields.One2many("actwin.cost.settlement", "pool_id")
    settlement_count = fields.Integer(compute="_compute_settlement_count")
    member_count = fields.Integer(compute="_compute_member_count")

    @api.depends("settlement_ids")
    def _compute_settlement_count(self):
        counts = dict(self.env["actwin.cost.settlement"]._read_group(
            [("pool_id", "in", self.ids)], ["pool_id"], ["__count"]))
        for pool in self:
            pool.settlement_count = counts.get(pool._origin, 0)

    @api.depends("member_ids.date_from", "member_ids.date_to")
    def _compute_member_count(self):
        today = fields.Date.context_today(self)
        for pool in self:
            pool.member_count = len(pool._members(today, today).point_id)

    def _members(self, date_from, date_to):
        """Memberships that hold on at least one of the days."""
        return self.member_ids.filtered(
            lambda item: (not item.date_from or item.date_from <= date_to)
            and (not item.date_to or item.date_to >= date_from)
        )

    def _version_on(self, day):
        """The version of a day. Raises UserError when there is none yet."""
        self.ensure_one()
        found = self.version_ids.filtered(lambda item: item.date_from <= day)
        if not found:
            raise UserError(self.env._(
                "%(pool)s has no version on %(day)s: say how it was shared then.",
                pool=self.name, day=day))
        return found.sorted("date_from")[-1]

    def action_add_units(self):
        """Take in every tenant's point of the site that measures this and is no member yet."""
        for pool in self:
            points = self.env["actwin.point"].search([
                ("site_id", "=", pool.site_id.id), ("role", "=", "sub"),
                ("channel_ids.quantity", "=", pool.quantity),
                ("id", "not in", pool.member_ids.point_id.ids),
            ])
            self.env["actwin.cost.pool.member"].create(
                [{"pool_id": pool.id, "point_id": point.id} for point in points])
        return True

    def action_open_settlements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_billing.actwin_cost_settlement_action")
        return action | {
            "domain": [("pool_id", "=", self.id)], "context": {"default_pool_id": self.id},
        }

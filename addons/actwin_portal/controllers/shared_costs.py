from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager

from . import words
from .figures import money
from .portal import EnergyPortal

PAGE = 12  # settlements a page: a year of a monthly one


class Statement:
    """One settlement through the eyes of a payer: what was shared, and its own shares of it."""

    def __init__(self, settlement, shares):
        self.env, self.shares = shares.env, shares
        # sudo: who shares a cost is shown what it was (RG 26.2.2016 for shopping malls asks for
        # it); name, days and costs of the settlement leave this class, nobody else's share does
        self.settlement = settlement.sudo()

    @property
    def title(self):
        return self.settlement.pool_id.name

    @property
    def period(self):
        return self.env._(
            "%(start)s – %(end)s",
            start=words.format_date(self.env, self.settlement.date_from),
            end=words.format_date(self.env, self.settlement.date_to))

    @property
    def whole(self):
        return money(self.env, self.settlement.amount_cost, self.settlement.currency_id)

    @property
    def own(self):
        return money(self.env, sum(self.shares.mapped("amount")), self.settlement.currency_id)

    @property
    def rows(self):
        """[(unit, label, formula, amount)], in the order of the settlement."""
        return [
            (share.sudo().point_id.name, share.name, share.formula,  # sudo: as above
             money(self.env, share.amount, share.currency_id))
            for share in self.shares.sorted(lambda share: (share.point_id.id, share.sequence))
        ]


class SharedCostsPortal(EnergyPortal):
    """A tenant's statements of shared costs; record rules decide which shares are its own."""

    def _prepare_home_portal_values(self, counters):
        # EXTENDS portal
        values = super()._prepare_home_portal_values(counters)
        if "shared_cost_count" in counters:
            shares = request.env["actwin.cost.share"]
            values["shared_cost_count"] = len(shares._read_group([], ["settlement_id"]))
        return values

    @http.route(
        ["/my/shared-costs", "/my/shared-costs/page/<int:page>"],
        type="http", auth="user", website=True, readonly=True,
    )
    def portal_shared_costs(self, page=1, **kwargs):
        shares = request.env["actwin.cost.share"]
        groups = shares._read_group(
            [], ["settlement_id"], ["id:recordset"], order="date_from:max desc, settlement_id desc")
        pages = pager(url="/my/shared-costs", total=len(groups), page=page, step=PAGE)
        start = pages["offset"]
        values = self._prepare_portal_layout_values()
        values.update(
            page_name="shared_costs",
            pager=pages,
            statements=[Statement(*group) for group in groups[start : start + PAGE]],
        )
        return request.render("actwin_portal.portal_shared_costs", values)

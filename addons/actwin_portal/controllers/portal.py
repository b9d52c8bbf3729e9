import json

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .figures import PointFigures, money

UNPAID = ("not_paid", "partial", "in_payment")


class EnergyPortal(CustomerPortal):
    """A tenant's energy pages. What is not the user's own does not exist: 404, never 403."""

    def _prepare_home_portal_values(self, counters):
        # EXTENDS portal
        values = super()._prepare_home_portal_values(counters)
        if "energy_point_count" in counters:
            values["energy_point_count"] = len(self._energy_occupancies().point_id)
        return values

    def _energy_occupancies(self, point_id=None):
        return request.env["actwin.occupancy"]._portal_occupancies(point_id)

    def _energy_figures(self, point_id, month=None):
        occupancies = self._energy_occupancies(point_id)
        if not occupancies:
            raise request.not_found()
        return PointFigures(occupancies, month)

    def _open_invoices(self):
        """{'amount', 'link'} of unpaid invoices, by the user's own rights; None without any."""
        moves = request.env["account.move"]
        if not moves.has_access("read"):
            return None
        domain = [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", UNPAID),
        ]
        invoices = moves.search(domain)
        currency = request.env.company.currency_id
        amount = sum(invoices.mapped("amount_residual_signed"))
        return {
            "amount": money(request.env, amount, currency),
            "link": request.env._("See %s open", len(invoices))
            if invoices
            else request.env._("See all invoices"),
        }

    @http.route("/my/energy", type="http", auth="user", website=True, readonly=True)
    def portal_energy(self, **kwargs):
        groups = self._energy_occupancies().grouped("point_id")
        values = self._prepare_portal_layout_values()
        values.update(
            page_name="energy",
            figures=[PointFigures(occupancies) for occupancies in groups.values()],
            invoices=self._open_invoices(),
        )
        return request.render("actwin_portal.portal_energy", values)

    @http.route("/my/energy/<int:point_id>", type="http", auth="user", website=True, readonly=True)
    def portal_energy_point(self, point_id, month=None, **kwargs):
        figures = self._energy_figures(point_id, month)
        chart = {
            "pointId": point_id,
            "month": f"{figures.first:%Y-%m}",
            "lang": (request.env.lang or "en_US").replace("_", "-"),
        }
        values = self._prepare_portal_layout_values()
        values.update(
            page_name="energy_point",
            figures=figures,
            chart_props=json.dumps(chart),
            invoices=self._open_invoices(),
        )
        return request.render("actwin_portal.portal_energy_point", values)

    @http.route("/my/energy/<int:point_id>/series", type="jsonrpc", auth="user", readonly=True)
    def energy_series(self, point_id, month=None, **kwargs):
        """Daily consumption of one month, see ``PointFigures.series``."""
        return self._energy_figures(point_id, month).series()

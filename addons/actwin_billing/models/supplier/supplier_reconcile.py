from datetime import timedelta

from odoo import Command, models

from ...core.money import ZERO, rounded
from ...core.supplier.reconcile import reconcile

BILLED = ("checked", "approved", "posted")


class ActwinSupplierBill(models.Model):
    """Follows the money of a bill to whoever bears it."""

    _inherit = "actwin.supplier.bill"

    def _prepare_places(self):
        """Rows of the reconciliation, and what is left over."""
        amount = self.total if self.gross else self.untaxed
        digits = self.currency_id.decimal_places
        amount = self._exact(amount, digits)
        tenants, shared, vacant = self._tenants(digits), *self._shared(digits)
        rows, _price = reconcile(
            amount, self._main_energy(), tenants, shared, vacant, self._common(), digits)
        return {
            "place_ids": [Command.clear(), *(Command.create({
                "place": row.place, "quantity": float(row.quantity or 0),
                "amount": float(row.amount),
                "percent": float(rounded(row.amount / amount * 100, 2)) if amount else 0,
            }) for row in rows)],
            "remainder": float(rows[-1].amount),
        }

    def _main_energy(self):
        """Energy the supplier billed, else what its indices say, else our own."""
        theirs = self._to_core().used()
        if theirs is not None:
            return theirs
        return self._energy_of(self.point_id)

    def _below(self, *roles):
        """Points that the main meter feeds."""
        # sudo: the whole tree below the meter is needed, whichever units the user may see
        return self.env["actwin.point"].sudo().search([
            ("id", "child_of", self.point_id.id), ("id", "!=", self.point_id.id),
            ("role", "in", roles)])

    def _tenants(self, digits):
        """(energy, amount) of the period's control invoices of units below the meter."""
        # sudo: as above
        bills = self.env["actwin.bill"].sudo().search([
            ("point_id", "in", self._below("sub", "feeder").ids), ("state", "in", BILLED),
            ("date_from", ">=", self.date_from), ("date_to", "<=", self.date_to)])
        lines = bills.line_ids
        shared = lines.filtered(lambda line: line.kind == "adjustment")
        energy = sum((self._exact(bill.consumption) for bill in bills), ZERO)
        untaxed = sum((self._exact(bill.amount_total if self.gross else bill.amount_untaxed,
                                   digits) for bill in bills), ZERO)
        if not self.gross:
            untaxed -= sum((self._exact(line.amount, digits) for line in shared), ZERO)
        return energy, untaxed

    def _shared(self, digits):
        """(amount on tenants, amount on owners) of settlements that share this vendor bill."""
        if not self.move_id:
            return ZERO, ZERO
        # sudo: as above
        costs = self.env["actwin.cost.settlement.cost"].sudo().search([
            ("move_line_id.move_id", "=", self.move_id.id),
            ("settlement_id.state", "=", "approved")])
        shares = self.env["actwin.cost.share"].sudo().search([
            ("settlement_id", "in", costs.settlement_id.ids)])
        of_tenants = shares.filtered(lambda share: not share.vacant)
        return tuple(
            sum((self._exact(share.amount, digits) for share in part), ZERO)
            for part in (of_tenants, shares - of_tenants))

    def _common(self):
        return self._energy_of(self._below("common")) or ZERO

    def _energy_of(self, points):
        """Σ consumption of points in the period by their own meters."""
        facts, period = self.env["actwin.settlement.facts"], self._period()
        first, after = self.date_from, self.date_to + timedelta(days=1)
        used = facts._consumption(
            [(point, first, after) for point in points], "active_import", period).values()
        return sum((value or ZERO for value in used), ZERO)

    def _period(self):
        return self.env["actwin.bill.facts"]._period(
            self.env["actwin.billing.run"].new(
                {"date_from": self.date_from, "date_to": self.date_to}), self.subscription_id)

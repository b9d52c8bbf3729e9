from odoo import Command, models
from odoo.exceptions import UserError


class ActwinCostSettlement(models.Model):
    """Approved shares come onto the next bills; who has no subscription gets an invoice."""

    _inherit = "actwin.cost.settlement"

    def action_approve(self):
        """Put the shares on the subscriptions' next bills.

        Nothing is left without a name: a difference needs the pool's account for it.
        """
        self._check_state("computed")
        for item in self:
            if not item.currency_id.is_zero(item.difference) \
                    and not item.pool_id.difference_account_id:
                raise UserError(self.env._(
                    "%(settlement)s leaves %(amount)s over: name an account of differences at the "
                    "pool, or share by a key that leaves nothing.",
                    settlement=item.name, amount=item.currency_id.format(item.difference)))
            item._create_adjustments()
            item.state = "approved"
        return True

    def action_reopen(self):
        """Take the shares back from the bills, as long as none of them is approved."""
        self._check_state("approved")
        for item in self:
            if item._invoices():
                raise UserError(self.env._("%s has invoices of its own.", item.name))
            item.share_ids.adjustment_id.unlink()  # refuses what stands on an approved bill
            item.state = "computed"
        return True

    def action_cancel(self):
        self._check_state("draft", "computed")
        self.state = "cancelled"
        return True

    def action_draft(self):
        self._check_state("cancelled", "computed")
        self.sudo().share_ids.unlink()  # sudo: only the settlement makes and drops shares
        self.write({"state": "draft", "notes": False, "warning": False})
        return True

    def _subscriptions(self, points):
        """Subscriptions of the points that are alive in the period, the latest last."""
        return self.env["actwin.subscription"].search([
            ("point_id", "in", points.ids), ("date_from", "<=", self.date_to),
            "|", ("date_to", "=", False), ("date_to", ">=", self.date_from),
        ], order="date_from, id")

    def _create_adjustments(self):
        """One adjustment a subscription and label, so that a bill stays short."""
        payers = {
            (item.point_id, item.subscriber_id): item
            for item in self._subscriptions(self.share_ids.point_id)
        }
        groups = {}
        for share in self.share_ids.filtered("subscriber_id"):
            subscription = payers.get((share.point_id, share.subscriber_id))
            if subscription:
                groups[subscription, share.name] = groups.get(
                    (subscription, share.name), self.env["actwin.cost.share"]) | share
        groups = {key: shares for key, shares in groups.items()
                  if not self.currency_id.is_zero(sum(shares.mapped("amount")))}
        made = self.env["actwin.adjustment"].create([
            self._prepare_adjustment_vals(subscription, name, shares)
            for (subscription, name), shares in groups.items()
        ])
        for adjustment, shares in zip(made, groups.values(), strict=True):
            # sudo: shares are written by their settlement only
            shares.sudo().adjustment_id = adjustment

    def _prepare_adjustment_vals(self, subscription, name, shares):
        return {
            "subscription_id": subscription.id,
            "kind": "share",
            "name": name if name == self.pool_id.name else f"{self.pool_id.name}: {name}",
            "amount": self.currency_id.round(sum(shares.mapped("amount"))),
            "levy": self.pool_id.levy,
            "vat": self.pool_id.vat,
            "reason": self.name,
        }

    def _unbilled(self):
        """Shares that no bill will carry: of stays without subscription, and of owners."""
        return self.share_ids.filtered(
            lambda share: not share.adjustment_id and not share.move_id
            and share.amount and share.partner_id != self.company_id.partner_id)

    def _invoices(self):
        return self.share_ids.move_id.filtered(lambda move: move.state != "cancel")

    def action_invoice_rest(self):
        """Draft invoices for whoever pays a share without a subscription; answers them."""
        self._check_state("approved")
        self.ensure_one()
        shares = self._unbilled()
        if not shares:
            raise UserError(self.env._("Every share is on a bill already."))
        for partner, mine in shares.grouped("partner_id").items():
            move = self.env["account.move"].create(self._prepare_move_vals(partner, mine))
            mine.sudo().move_id = move  # sudo: shares are written by their settlement only
        return {
            "type": "ir.actions.act_window", "res_model": "account.move",
            "name": self.env._("Invoices"), "view_mode": "list,form",
            "domain": [("id", "in", shares.move_id.ids)],
        }

    def _prepare_move_vals(self, partner, shares):
        taxes = self.company_id.account_sale_tax_id if self.pool_id.vat else \
            self.env["account.tax"]
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "company_id": self.company_id.id,
            "ref": self.name,
            "invoice_line_ids": [
                Command.create({
                    "name": f"{self.name} · {point.display_name}: {name}",
                    "quantity": 1,
                    "price_unit": self.currency_id.round(sum(rows.mapped("amount"))),
                    "tax_ids": [Command.set(taxes.ids)],
                })
                for point, of_point in shares.grouped("point_id").items()
                for name, rows in of_point.grouped("name").items()
            ],
        }

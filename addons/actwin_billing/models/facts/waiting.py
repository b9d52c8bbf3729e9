from odoo import models

from ...core.money import text


class ActwinBillFacts(models.AbstractModel):
    """What waits for the next bill: adjustments, charging sessions, the rest of a rounding."""

    _inherit = "actwin.bill.facts"

    def _add_waiting(self, facts, history):
        """Put it into the facts of the bills of a run: {subscription: facts}."""
        if not facts:
            return
        subscriptions = self.env["actwin.subscription"].union(*facts)
        adjustments = self._adjustments(subscriptions)
        latest = max(item["period"].end for item in facts.values())
        sessions = self.env["actwin.charging.session"]._open_for(subscriptions, latest)
        for subscription, item in facts.items():
            period, case = item["period"], item["case"]
            if subscription in adjustments:
                item["adjustments"] = adjustments[subscription]
                case["adjustments"] = [row._facts() for row in adjustments[subscription]]
            if subscription in sessions:
                item["sessions"] = sessions[subscription].filtered(
                    lambda row, period=period: row.end <= period.end)
                case["sessions"] = item["sessions"]._facts(period.local)
            if subscription.tariff_id.payable_step:
                case["payable"] = self._payable(subscription, history.get(subscription.id, []))

    def _adjustments(self, subscriptions):
        """{subscription: amounts that wait for its next bill}."""
        return self.env["actwin.adjustment"].search([
            ("subscription_id", "in", subscriptions.ids), ("bill_id", "=", False),
        ]).grouped("subscription_id")

    def _payable(self, subscription, history):
        """Step of rounding, and what the last bill's rounding left over."""
        digits = subscription.currency_id.decimal_places
        carry = -history[0].amount_rounding if history else subscription.carry
        return {
            "step": text(self._decimal(subscription.tariff_id.payable_step, digits)),
            "carry": text(self._decimal(carry, digits)),
        }

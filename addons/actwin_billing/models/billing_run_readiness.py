from collections import defaultdict

from odoo import api, fields, models


class ActwinBillingRun(models.Model):
    """Before anything is computed: whose readings a bill would be kept back for."""

    _inherit = "actwin.billing.run"

    ready_count = fields.Integer("Ready", compute="_compute_ready_count")
    point_count = fields.Integer("Points", compute="_compute_ready_count")

    @api.depends("state", "date_from", "date_to", "site_id", "tariff_ids", "subscription_ids")
    def _compute_ready_count(self):
        for run in self:
            points = not_ready = {}
            if run.state == "draft" and run.company_id and run.date_from and run.date_to:
                points, not_ready = run._readiness()
            run.point_count = len(points)
            run.ready_count = len(points) - len(not_ready)

    def _readiness(self):
        """(points of the run, {point: reasons} of those that are not ready): the registers that
        their tariffs read, over the days each subscription covers.
        """
        self.ensure_one()
        facts = self.env["actwin.bill.facts"]
        points = self.env["actwin.point"]
        spans = defaultdict(lambda: [points, self.env["actwin.channel"]])
        for plan in facts._plans(self, self.env["actwin.subscription"].search(
                self._subscription_domain())):
            span = spans[plan["period"].start, plan["period"].end]
            span[0] |= plan["request"].subscription.point_id
            span[1] |= self.env["actwin.channel"].union(
                *(plan["channels"][name] for name in facts._read_names(plan))
            )
        reasons = {}
        for (start, end), (found, channels) in spans.items():
            points |= found
            for point, texts in found._not_ready(start, end, channels).items():
                reasons[point] = reasons.get(point, []) + texts
        return points, reasons

    def action_open_not_ready(self):
        self.ensure_one()
        return self.env["actwin.readiness"]._action(self._readiness()[1])

from odoo import Command, api, fields, models

from ..models.simulation import Offer
from .tariff_preview import MONTHS


class ActwinTariffComparison(models.TransientModel):
    """A subscriber's past months by every tariff that fits, cheapest first."""

    _name = "actwin.tariff.comparison"
    _description = "Comparison of Tariffs"

    subscription_id = fields.Many2one("actwin.subscription", required=True, readonly=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    date_to = fields.Date(
        string="Until", required=True, help="The months up to the one of this day.",
        default=lambda self: self.env["actwin.tariff.simulation"]._last_full_month(),
    )
    month_count = fields.Integer(string="Months", required=True, default=MONTHS)
    basis = fields.Selection(
        [("dated", "As they were then"), ("now", "As they are now")],
        string="Prices", required=True, default="dated",
        help="As they were then gives what bills would have said; as they are now shows which"
        " tariff suits the same use from today on.",
    )
    line_ids = fields.One2many("actwin.tariff.comparison.line", "comparison_id", readonly=True)

    _months_sensible = models.Constraint(
        "CHECK (month_count BETWEEN 1 AND 36)", "A comparison covers 1 to 36 months."
    )

    @api.model_create_multi
    def create(self, vals_list):
        comparisons = super().create(vals_list)
        for comparison in comparisons:
            comparison._compute_lines()
        return comparisons

    def action_compute(self):
        """Price the months anew with what is chosen now."""
        self.ensure_one()
        self._compute_lines()
        return self._reopen()

    def _fitting(self):
        """Tariffs that the subscriber could have, the present one first."""
        subscription = self.subscription_id
        tariffs = self.env["actwin.tariff"].search([
            ("company_id", "=", subscription.company_id.id),
            ("commodity", "=", subscription.point_id.commodity),
            "|", ("kind_ids", "=", False),
            ("kind_ids", "in", subscription.subscriber_id.kind_id.ids),
        ])
        return subscription.tariff_id | tariffs

    def _compute_lines(self):
        subscription = self.subscription_id
        simulation = self.env["actwin.tariff.simulation"]
        periods = simulation._periods(subscription, self.date_to, self.month_count)
        offers = [
            Offer(tariff, tariff, tariff.current_version_id if self.basis == "now" else None)
            for tariff in self._fitting()
            if self.basis == "dated" or tariff.current_version_id
        ]
        found = simulation._simulate(subscription, offers, periods)
        rows = [self._line_vals(tariff, months) for tariff, months in found.items()]
        rows.sort(key=lambda row: (row["month_count"] < len(periods), row["amount"]))
        present = next((row for row in rows if row["tariff_id"] == subscription.tariff_id.id), None)
        complete = [row for row in rows if row["month_count"] == len(periods)]
        for rank, row in enumerate(complete, 1):
            row["rank"], row["cheapest"] = rank, rank == 1
            if present in complete:
                row["difference"] = row["amount"] - present["amount"]
                row["difference_percent"] = row["difference"] / present["amount"] * 100 \
                    if present["amount"] else 0.0
        self.line_ids = [Command.clear(), *(Command.create(row) for row in rows)]

    def _line_vals(self, tariff, months):
        priced = [month for month in months if month.total is not None]
        problems = list(dict.fromkeys(
            text for month in months if month.total is None for text in month.problems))
        return {
            "tariff_id": tariff.id,
            "present": tariff == self.subscription_id.tariff_id,
            "month_count": len(priced),
            "amount": float(sum(month.total for month in priced)),
            "note": "\n".join(problems[:3]) or False,
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window", "name": self.env._("Compare Tariffs"),
            "res_model": self._name, "res_id": self.id, "view_mode": "form", "target": "new",
            "context": {"dialog_size": "extra-large"},
        }


class ActwinTariffComparisonLine(models.TransientModel):
    """One tariff of a comparison; it has a rank when every month could be priced."""

    _name = "actwin.tariff.comparison.line"
    _description = "Tariff of a Comparison"
    _order = "id"

    comparison_id = fields.Many2one(
        "actwin.tariff.comparison", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="comparison_id.currency_id")
    rank = fields.Integer()
    tariff_id = fields.Many2one("actwin.tariff")
    present = fields.Boolean()
    cheapest = fields.Boolean()
    month_count = fields.Integer(string="Months")
    amount = fields.Monetary(string="Total")
    difference = fields.Monetary(string="Against Present")
    difference_percent = fields.Float(string="Against Present (%)", digits=(16, 1))
    note = fields.Text()

    def action_open_months(self):
        """The same months of this tariff, one by one."""
        self.ensure_one()
        comparison = self.comparison_id
        preview = self.env["actwin.tariff.preview"].create({
            "tariff_id": self.tariff_id.id,
            "version_id": self.tariff_id.current_version_id.id
            if comparison.basis == "now" else False,
            "subscription_id": comparison.subscription_id.id,
            "date_to": comparison.date_to, "month_count": comparison.month_count,
        })
        return preview._reopen()

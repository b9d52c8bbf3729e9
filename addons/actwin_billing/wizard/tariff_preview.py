from odoo import Command, api, fields, models

from ..models.simulation import Offer

MONTHS = 12


class ActwinTariffPreview(models.TransientModel):
    """What a version of a tariff would have cost a real subscriber, month by month.

    Beside it stands what the subscriber's present tariff says of the same months.
    """

    _name = "actwin.tariff.preview"
    _description = "Preview of a Tariff"

    tariff_id = fields.Many2one("actwin.tariff", required=True, readonly=True)
    version_id = fields.Many2one("actwin.tariff.version", readonly=True)
    company_id = fields.Many2one(related="tariff_id.company_id")
    currency_id = fields.Many2one(related="tariff_id.currency_id")
    commodity = fields.Selection(related="tariff_id.commodity")
    subscription_id = fields.Many2one(
        "actwin.subscription", required=True,
        domain="[('company_id', '=', company_id), ('point_id.commodity', '=', commodity)]",
    )
    present_id = fields.Many2one(related="subscription_id.tariff_id", string="Present Tariff")
    date_to = fields.Date(
        string="Until", required=True, help="The months up to the one of this day.",
        default=lambda self: self.env["actwin.tariff.simulation"]._last_full_month(),
    )
    month_count = fields.Integer(string="Months", required=True, default=MONTHS)
    line_ids = fields.One2many("actwin.tariff.preview.month", "preview_id", readonly=True)
    part_ids = fields.One2many("actwin.tariff.preview.part", "preview_id", readonly=True)
    amount_total = fields.Monetary(string="This Tariff", readonly=True)
    present_total = fields.Monetary(readonly=True)
    difference = fields.Monetary(readonly=True)
    difference_percent = fields.Float(string="Difference (%)", digits=(16, 1), readonly=True)

    _months_sensible = models.Constraint(
        "CHECK (month_count BETWEEN 1 AND 36)", "A preview covers 1 to 36 months."
    )

    @api.model_create_multi
    def create(self, vals_list):
        previews = super().create(vals_list)
        for preview in previews:
            preview._compute_months()
        return previews

    def action_compute(self):
        """Price the months anew with what is chosen now."""
        self.ensure_one()
        self._compute_months()
        return self._reopen()

    def _compute_months(self):
        simulation = self.env["actwin.tariff.simulation"]
        periods = simulation._periods(self.subscription_id, self.date_to, self.month_count)
        found = simulation._simulate(self.subscription_id, [
            Offer("new", self.tariff_id, self.version_id),
            Offer("present", self.present_id, None),
        ], periods)
        months, present = found["new"], found["present"]
        both = [(a, b) for a, b in zip(months, present, strict=True)
                if a.total is not None and b.total is not None]
        total = sum(month.total for month in months if month.total is not None)
        before = sum(other.total for _month, other in both)
        after = sum(month.total for month, _other in both)
        self.write({
            "line_ids": [Command.clear(), *(
                Command.create(self._month_vals(month, other))
                for month, other in zip(months, present, strict=True))],
            "part_ids": [Command.clear(), *(
                Command.create(self._part_vals(row, total))
                for row in simulation._by_component(months))],
            "amount_total": float(total),
            "present_total": float(before),
            "difference": float(after - before),
            "difference_percent": float((after - before) / before * 100) if before else 0.0,
        })

    def _month_vals(self, month, other):
        known = month.total is not None and other.total is not None
        notes = month.problems or [
            self.env._("Present tariff: %s", text) for text in other.problems]
        return {
            "date_from": month.period.date_from,
            "date_to": month.period.date_to,
            "priced": month.total is not None,
            "consumption": float(month.consumption or other.consumption),
            "unit": month.unit or other.unit,
            "amount": float(month.total or 0),
            "present_amount": float(other.total or 0),
            "difference": float(month.total - other.total) if known else 0.0,
            "note": "\n".join(notes) or False,
        }

    def _part_vals(self, row, total):
        return {
            "name": row["name"], "unit": row["unit"], "quantity": float(row["quantity"]),
            "amount": float(row["amount"]),
            "share": float(row["amount"] / total) if total else 0.0,
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window", "name": self.env._("Preview"),
            "res_model": self._name, "res_id": self.id, "view_mode": "form", "target": "new",
            "context": {"dialog_size": "extra-large"},
        }


class ActwinTariffPreviewMonth(models.TransientModel):
    """A month of a preview; without a price the note says why."""

    _name = "actwin.tariff.preview.month"
    _description = "Month of a Preview"
    _order = "date_from, id"

    preview_id = fields.Many2one("actwin.tariff.preview", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="preview_id.currency_id")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To")
    priced = fields.Boolean()
    consumption = fields.Float(digits=(16, 3))
    unit = fields.Char()
    amount = fields.Monetary(string="This Tariff")
    present_amount = fields.Monetary(string="Present Tariff")
    difference = fields.Monetary()
    note = fields.Text()


class ActwinTariffPreviewPart(models.TransientModel):
    """What one price of the tariff makes up of the previewed months."""

    _name = "actwin.tariff.preview.part"
    _description = "Part of a Preview"
    _order = "id"

    preview_id = fields.Many2one("actwin.tariff.preview", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="preview_id.currency_id")
    name = fields.Char()
    quantity = fields.Float(digits=(16, 3))
    unit = fields.Char()
    amount = fields.Monetary(string="Before Taxes")
    share = fields.Float(digits=(16, 4))

from bisect import bisect_right
from decimal import Decimal

from odoo import api, fields, models

from .exact import exact_columns


class ActwinTariffParameter(models.Model):
    """A figure that an authority or a contract publishes again and again, each time since a day.

    Prices of components may follow it: a new value changes every tariff from its day on, and a
    bill that crosses the day is split there. What was billed before stays as it was.
    """

    _name = "actwin.tariff.parameter"
    _description = "Price Parameter"
    _inherit = ["mail.thread"]
    _order = "code, id"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, tracking=True)
    name = fields.Char(required=True, translate=True)
    unit = fields.Char(help="What the figure is given in, e.g. TRY/kWh.")
    company_id = fields.Many2one(
        "res.company", index=True, default=lambda self: self.env.company,
        help="Empty: all companies.",
    )
    value_ids = fields.One2many("actwin.tariff.parameter.value", "parameter_id", copy=True)
    value = fields.Float("Value in Force", compute="_compute_value", digits=(16, 8))
    date_from = fields.Date("Since", compute="_compute_value")
    component_count = fields.Integer(compute="_compute_component_count", string="Prices")
    note = fields.Text()

    _code_uniq = models.UniqueIndex(
        "(company_id, code) NULLS NOT DISTINCT", "Another parameter has this code."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for parameter in self:
            parameter.display_name = " · ".join(filter(None, (parameter.code, parameter.name)))

    @api.depends("value_ids.value", "value_ids.date_from")
    def _compute_value(self):
        today = fields.Date.context_today(self)
        for parameter in self:
            begun = parameter.value_ids.filtered(
                lambda item: item.date_from and item.date_from <= today
            ).sorted("date_from")[-1:]
            parameter.value = begun.value
            parameter.date_from = begun.date_from

    def _compute_component_count(self):
        counts = dict(self.env["actwin.tariff.component"]._read_group(
            [("parameter_id", "in", self.ids)], ["parameter_id"], ["__count"]))
        for parameter in self:
            parameter.component_count = counts.get(parameter, 0)

    def _book(self):
        """``Book`` of the parameters' values."""
        values = self.value_ids
        numbers = exact_columns(values, "value")
        return Book({
            parameter.id: sorted(
                (item.date_from, numbers[item.id]["value"]) for item in parameter.value_ids)
            for parameter in self
        })

    def action_open_components(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Prices"),
            "res_model": "actwin.tariff.component",
            "view_mode": "list,form",
            "domain": [("parameter_id", "=", self.id)],
        }


class ActwinTariffParameterValue(models.Model):
    """The value of a parameter from a day on, and who says so."""

    _name = "actwin.tariff.parameter.value"
    _description = "Value of a Price Parameter"
    _order = "parameter_id, date_from desc"
    _rec_name = "date_from"

    parameter_id = fields.Many2one(
        "actwin.tariff.parameter", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="parameter_id.company_id", store=True, index=True)
    date_from = fields.Date("Since", required=True, help="Day of the site's calendar.")
    value = fields.Float(required=True, digits=(16, 8), aggregator=None)
    source = fields.Char(help="Where it was published or agreed.")

    _date_uniq = models.UniqueIndex(
        "(parameter_id, date_from)", "The parameter has a value of that day already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        values = super().create(vals_list)
        for item in values:
            item._log(self.env._("%(value)s since %(day)s", **item._figures()))
        return values

    def write(self, vals):
        before = {item: item._figures() for item in self}
        result = super().write(vals)
        for item in self:
            old, new = before[item], item._figures()
            if old["value"] != new["value"] or old["day"] != new["day"]:
                item._log(self.env._(
                    "%(value)s since %(day)s, until now %(old)s since %(old_day)s",
                    old=old["value"], old_day=old["day"], **new))
        return result

    @api.ondelete(at_uninstall=False)
    def _log_unlink(self):
        for item in self:
            item._log(self.env._("No longer %(value)s since %(day)s", **item._figures()))

    def _figures(self):
        number = f"{self.value:.8f}".rstrip("0").rstrip(".")
        return {"value": number, "day": self.date_from}

    def _log(self, text):
        """Note a change in the parameter's history: prices hang on it."""
        self.parameter_id.message_post(body=self.env._(
            "%(change)s. Source: %(origin)s", change=text, origin=self.source or "–"))


class Book:
    """Values of parameters by day; answers exact Decimals."""

    def __init__(self, rows):
        self._rows = rows

    def value(self, parameter, day):
        """Value of a parameter (a record) on a day; None before its first one."""
        rows = self._rows.get(parameter.id, [])
        at = bisect_right(rows, (day, Decimal("Infinity")))
        return rows[at - 1][1] if at else None

    def days(self, parameters):
        """Every day on which one of the parameters changes."""
        return {day for item in parameters for day, _value in self._rows.get(item.id, [])}

    def rows(self, parameter):
        """[(day, value)] of a parameter in time order."""
        return self._rows.get(parameter.id, [])

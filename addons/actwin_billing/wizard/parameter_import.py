from odoo import Command, fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.actwin_metering.core.imports.column import column
from odoo.addons.actwin_metering.core.imports.judge import mark_repeats

_lt = LazyTranslate(__name__)


class ActwinParameterImport(models.TransientModel):
    """The yearly (or monthly) list of prices and legal figures: each row a value since a day.

    A parameter that does not exist yet is made when the row names it. The same row again changes
    nothing; another value for a day that has one replaces it, and the parameter's history says so.
    """

    _name = "actwin.parameter.import"
    _description = "Import of Price Parameters"
    _inherit = ["actwin.table.import"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _file_columns = (
        column("code", "code", "Kod|Parametre|Parametre kodu|Code|Parameter", required=True,
               longest=64),
        column("name", "text", "Ad|Adı|Açıklama|Name|Description"),
        column("unit", "text", "Birim|Unit", longest=32),
        column("date_from", "date", "Geçerlilik|Geçerlilik tarihi|Yürürlük|Yürürlük tarihi|"
               "Başlangıç|Since|Valid from|From", required=True),
        column("value", "number", "Değer|Fiyat|Tutar|Value|Price", required=True,
               low=-(10**9), high=10**9, decimals=8),
        column("source", "text", "Kaynak|Source", longest=500),
    )
    _labels = {
        "code": _lt("Code"), "name": _lt("Name"), "unit": _lt("Unit"), "date_from": _lt("Since"),
        "value": _lt("Value"), "source": _lt("Source"),
    }

    def _judge_more(self, rows):
        mark_repeats(rows, lambda row: (
            (row.values["code"], row.values["date_from"])
            if {"code", "date_from"} <= row.values.keys() else None), "code")
        known = self._known()
        named = {row.values["code"] for row in rows if row.values.get("name") and not row.faults}
        for row in rows:
            code = row.values.get("code")
            if code and code not in known and code not in named:
                row.fault("name", "missing")

    def _known(self):
        """{code: parameter} of the company; one's own goes before one shared by all."""
        found = self.env["actwin.tariff.parameter"].search(
            [("company_id", "in", [False, self.company_id.id])])
        return {item.code: item for item in found.sorted(lambda item: bool(item.company_id))}

    def _apply(self, rows):
        known, new, changed = self._known(), 0, 0
        for row in rows:
            values = row.values
            if values["code"] not in known:
                known[values["code"]] = self.env["actwin.tariff.parameter"].create({
                    "code": values["code"], "company_id": self.company_id.id,
                    "unit": values.get("unit"),
                    "name": next(other.values["name"] for other in rows
                                 if other.values["code"] == values["code"]
                                 and other.values.get("name")),
                })
            outcome = self._put(known[values["code"]], values)
            new += outcome == "new"
            changed += outcome == "changed"
        return self.env._("%(new)s values added, %(changed)s changed, %(same)s were known.",
                          new=new, changed=changed, same=len(rows) - new - changed)

    def _put(self, parameter, values):
        """Give a parameter its value since a day: "new", "changed" or "" when it had it."""
        number = float(values["value"])
        vals = {"value": number, "source": values.get("source") or self.file_name}
        found = parameter.value_ids.filtered(lambda item: item.date_from == values["date_from"])
        if not found:
            parameter.value_ids = [Command.create({**vals, "date_from": values["date_from"]})]
            return "new"
        if found.value == number:
            return ""
        found.write(vals)
        return "changed"

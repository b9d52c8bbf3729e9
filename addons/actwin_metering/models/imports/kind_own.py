from zoneinfo import ZoneInfo

from odoo import api, models

from ...core.imports.cells import convert
from ...core.imports.faults import CellFault
from ...core.imports.moments import to_utc
from ...core.imports.numbers import decimal_sign
from ...core.imports.own import PREFIX, is_column, own_columns, tags_of, typed_column
from ...core.imports.text import fold

_LINKS = ("many2one", "many2many")
_ONLY = 0
"""Key of the definition of a model that has one for all its records."""


class ActwinImportKindRecord(models.AbstractModel):
    """Fields that users made themselves (properties) as columns, under their own labels.

    ``row.values["own"]`` becomes {name of the property: its value}.
    """

    _inherit = "actwin.import.kind.record"
    _own_model = None
    """Model whose ``properties`` the kind fills."""

    @api.model
    def _columns(self, site, headers=()):
        every = [one for found in self._own_definitions().values() for one in found]
        return (*super()._columns(site, headers), *own_columns(every))

    @api.model
    def _own_definitions(self):
        """{key of a row's definition, see ``_own_key``: [property definition…]}"""
        definitions = self.env["properties.base.definition"]
        found = definitions._get_definition_for_property_field(self._own_model, "properties")
        # sudo: what fields there are is shown with every record; their values are not read here
        return {_ONLY: found.sudo().properties_definition or []}

    @api.model
    def _own_key(self, values):
        """Which of the definitions holds for a row with these values."""
        return _ONLY

    @api.model
    def _resolve_own(self, item, rows):
        known = {
            key: {fold(one["string"]): one for one in found if is_column(one)}
            for key, found in self._own_definitions().items()
        }
        names = {name for row in rows for name in row.values if name.startswith(PREFIX)}
        for name in names:
            given = [row for row in rows if name in row.values]
            texts = {row.values[name] for row in given}
            sign = decimal_sign(texts, item._decimal_sign()) or item._decimal_sign()
            for row in given:
                definition = known.get(self._own_key(row.values), {}).get(fold(self._label(name)))
                self._resolve_own_cell(item, row, name, definition, sign)

    def _resolve_own_cell(self, item, row, name, definition, sign):
        text = row.values.pop(name)
        if definition is None:
            row.fault(name, "not_of_kind")
            return
        try:
            value = convert(typed_column(definition), text, sign)
            value = self._own_value(item, definition, value)
        except CellFault as fault:
            row.fault(name, fault.code, **fault.figures)
            return
        row.values.setdefault("own", {})[definition["name"]] = value

    def _own_value(self, item, definition, value):
        kind = definition["type"]
        if kind == "datetime":
            return to_utc(*value, ZoneInfo(item.site_id.tz))
        if kind == "tags":
            keys, missing = tags_of(definition, value)
            if missing:
                raise CellFault("unknown_group", name=missing[0])
            return keys
        if kind in _LINKS:
            names = [value] if kind == "many2one" else value
            ids = [self._linked(definition["comodel"], name) for name in names]
            return ids[0] if kind == "many2one" else ids
        return value

    def _linked(self, model, name):
        found = self.env[model].name_search(name, operator="=", limit=2)
        if len(found) != 1:
            raise CellFault("unknown_link" if not found else "ambiguous_link", name=name)
        return found[0][0]

    @api.model
    def _own_vals(self, values):
        """Field values of a new record."""
        return {"properties": self._stored_own(values)} if values.get("own") else {}

    def _stored_own(self, values):
        types = {one["name"]: one["type"] for one in self._own_definitions()[self._own_key(values)]}
        numbers = ("float", "monetary")
        return {
            name: float(value) if types.get(name) in numbers else value
            for name, value in values["own"].items()
        }

    @api.model
    def _write_own(self, record, values):
        """Write the given own fields of ``record`` and leave its others as they are."""
        if not values.get("own"):
            return
        given = self._stored_own(values)
        # the form that holds keys of selections, not their labels
        held = record.read(["properties"])[0]["properties"]
        for one in held:
            if one["name"] in given:
                one["value"] = given[one["name"]]
        record.properties = held

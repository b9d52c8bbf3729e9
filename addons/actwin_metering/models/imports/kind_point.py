from odoo import api, models

from ...core.imports.judge import mark_repeats
from ...core.imports.text import fold
from ...core.registers import CUMULATIVE, channel_values, from_code


class ActwinImportKindPoint(models.AbstractModel):
    """Points with their meter, channels, groups and subscriber, one row each."""

    _name = "actwin.import.kind.point"
    _description = "Import of Points"
    _inherit = "actwin.import.kind.record"
    _import_kind = "point"
    _own_model = "actwin.point"

    @api.model
    def _resolve(self, item, rows):
        super()._resolve(item, rows)
        mark_repeats(rows, lambda row: row.values.get("code"), "code")
        self._resolve_codes(item, rows)
        self._resolve_own(item, rows)
        new = [row for row in rows if not row.present]
        self._resolve_registers(item, new)
        self._resolve_meters(item, new)
        self._resolve_subscribers(item, new)
        self._resolve_groups(item, rows)
        for row in new:
            misread = any(name == "registers" for name, *_fault in row.faults)
            if "opening_index" in row.values and not (row.values.get("channels") or misread):
                row.fault("opening_index", "needs_register")
            named = {"subscriber", "subscriber_name"}.intersection(row.values)
            if "occupied_from" in row.values and not named:
                row.fault("occupied_from", "needs_subscriber")
        self._check_present(rows)
        self._resolve_parents(item, rows)

    def _resolve_codes(self, item, rows):
        """Which codes exist at the site, be it out of the user's sight."""
        codes = self._column_values(rows, "code")
        known = self._known("actwin.point", self._at_site(item, codes), "code")
        mine = self._mine(self.env["actwin.point"].browse(point.id for point in known.values()))
        for row in rows:
            point = known.get(row.values.get("code"))
            if not point:
                continue
            if point.id not in mine:
                row.fault("code", "not_yours")
            elif not point.active:
                row.fault("code", "archived")
            else:
                row.present = row.values["point"] = point.id

    @api.model
    def _at_site(self, item, codes):
        return [("site_id", "=", item.site_id.id), ("code", "in", codes)]

    def _resolve_registers(self, item, rows):
        """``row.values["channels"]``: field values of the channels to create."""
        named = [row for row in rows if "registers" in row.values]
        if not named:
            return
        templates = self.env["actwin.device.template"].search_fetch([], ["name"])
        by_name = {fold(template.name): template for template in templates}
        for row in named:
            commodity = row.values.get("commodity", "electricity")
            template = by_name.get(fold(row.values["registers"]))
            if template:
                row.values["channels"] = [
                    channel_values(register.obis or register.name, register.unit or "")
                    | {"name": register.name}
                    for register in template.register_ids
                    if register.unit in CUMULATIVE
                ]
            else:
                row.values["channels"] = self._channels_of_codes(row, commodity)
        self._check_keys(item, named)

    def _channels_of_codes(self, row, commodity):
        channels = {}
        for code in row.values["registers"].replace(",", " ").replace(";", " ").split():
            values = from_code(code, commodity)
            if values is None:
                row.fault("registers", "unknown_register", name=code)
                return []
            channels[values["obis"]] = values
        return list(channels.values())

    def _check_keys(self, item, rows):
        """The keys of new channels are free, whoever has them."""
        keys = {}
        for row in rows:
            for values in row.values["channels"]:
                code = row.values.get("code", "")
                keys[f"{item.site_id.code}/{code}:{values['obis']}"] = row
        for key in self._known("actwin.channel", [("key", "in", list(keys))], "key"):
            keys[key].fault("registers", "key_taken", key=key)

    def _resolve_groups(self, item, rows):
        """Groups are made by people beforehand: a new name is a misspelling more often."""
        named = [row for row in rows if "groups" in row.values]
        if not named:
            return
        may_fill = self.env["actwin.point.group"].has_access("write")
        groups = self.env["actwin.point.group"].search([("site_id", "=", item.site_id.id)])
        known = {fold(group.name): group.id for group in groups}
        for row in named:
            ids = []
            for name in row.values["groups"]:
                if fold(name) in known:
                    ids.append(known[fold(name)])
                else:
                    row.fault("groups", "unknown_group", name=name)
            if not may_fill:
                row.fault("groups", "no_right")
            row.values["group_ids"] = ids

    def _check_present(self, rows):
        """A point that exists keeps its meter and subscriber: each has a screen for its change."""
        present = [row for row in rows if row.present]
        points = self.env["actwin.point"].browse(row.present for row in present)
        points.fetch(["code"])
        for row, point in zip(present, points, strict=True):
            serial, name = row.values.get("serial"), row.values.get("subscriber_name")
            if serial and point.meter_id.serial != serial:
                row.fault("serial", "point_keeps_meter")
            if name and fold(point.subscriber_id.partner_id.name or "") != fold(name):
                row.fault("subscriber_name", "point_keeps_subscriber")

    def _resolve_parents(self, item, rows):
        """Points that feed others: in the table, where they come first, or at the site."""
        by_code = {row.values["code"]: row for row in reversed(rows) if "code" in row.values}
        fed = [row for row in rows if "parent" in row.values]
        codes = [row.values["parent"] for row in fed if row.values["parent"] not in by_code]
        outside = self.env["actwin.point"].search(self._at_site(item, codes))
        known = {point.code: point for point in outside}
        for row in fed:
            code = row.values["parent"]
            above = by_code.get(code)
            if above is None and code not in known:
                row.fault("parent", "unknown_parent")
                continue
            commodity = above.values.get("commodity", "electricity") if above else None
            if not above:
                row.values["parent_id"] = known[code].id
                commodity = known[code].commodity
            if commodity != row.values.get("commodity", "electricity"):
                row.fault("parent", "parent_commodity")
        for row in fed:
            self._measure_depth(row, by_code)
        for row in sorted(fed, key=lambda row: row.depth):
            above = by_code.get(row.values["parent"])
            if above and above.faults and not row.faults:
                row.fault("parent", "parent_faulty")

    def _measure_depth(self, row, by_code):
        """How many rows of the table stand above the row; a row above itself is a fault."""
        seen, at = set(), row
        while at is not None and at.number not in seen:
            seen.add(at.number)
            at = by_code.get(at.values.get("parent"))
        if at is row:
            row.fault("parent", "parent_cycle")
        row.depth = len(seen) - 1

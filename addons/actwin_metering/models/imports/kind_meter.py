from odoo import api, models

from ...core.imports.judge import mark_repeats


class ActwinImportKindMeter(models.AbstractModel):
    """Meters, in stock or hung at a point that has none."""

    _name = "actwin.import.kind.meter"
    _description = "Import of Meters"
    _inherit = "actwin.import.kind"
    _import_kind = "meter"

    @api.model
    def _needs_installation(self, row):
        return "point" in row.values

    @api.model
    def _resolve(self, item, rows):
        super()._resolve(item, rows)
        self._resolve_meters(item, rows)
        for row in rows:
            row.present = row.values.get("meter")
        self._resolve_points(item, [row for row in rows if "point" in row.values])

    def _resolve_points(self, item, rows):
        codes = self._column_values(rows, "point")
        points = self.env["actwin.point"].search(
            [("site_id", "=", item.site_id.id), ("code", "in", codes)]
        )
        known = {point.code: point for point in points}
        mark_repeats(rows, lambda row: row.values["point"], "point")
        for row in rows:
            point = known.get(row.values["point"])
            if not point:
                row.fault("point", "unknown_point")
                continue
            row.values["point_id"] = point.id
            if point.commodity != row.values.get("commodity", "electricity"):
                row.fault("point", "meter_commodity")
            elif point.meter_id and point.meter_id.serial != row.values.get("serial"):
                row.fault("point", "point_has_meter", serial=point.meter_id.serial)

    @api.model
    def _create(self, item, lines):
        made = []
        meters = self._ensure_meters(item, lines, made)
        points = {
            line.id: self.env["actwin.point"].browse(line.values["point_id"])
            for line in lines
            if "point_id" in line.values
        }
        self._install(lines, points, meters, made)
        return made

    @api.model
    def _update(self, item, lines):
        for line in lines:
            values = self._meter_vals(item, line.values)
            self.env["actwin.meter"].browse(line.values["meter"]).write(values)

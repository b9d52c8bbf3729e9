from odoo import api, models


class ActwinImportKindMeter(models.AbstractModel):
    """Meters, in stock or hung at a point that has none."""

    _name = "actwin.import.kind.meter"
    _description = "Import of Meters"
    _inherit = "actwin.import.kind.record"
    _import_kind = "meter"
    _own_model = "actwin.meter"

    @api.model
    def _needs_installation(self, row):
        return "point" in row.values

    @api.model
    def _resolve(self, item, rows):
        super()._resolve(item, rows)
        self._resolve_own(item, rows)
        self._resolve_meters(item, rows)
        for row in rows:
            row.present = row.values.get("meter")
        for row, point in self._resolve_points(item, rows):
            if point.commodity != row.values.get("commodity", "electricity"):
                row.fault("point", "meter_commodity")
            elif point.meter_id and point.meter_id.serial != row.values.get("serial"):
                row.fault("point", "point_has_meter", serial=point.meter_id.serial)

    @api.model
    def _new_meter_vals(self, item, values):
        return super()._new_meter_vals(item, values) | self._own_vals(values)

    @api.model
    def _create(self, item, lines):
        made = []
        meters = self._ensure_meters(item, lines, made)
        self._install(lines, self._points_of(lines), meters, made)
        return made

    @api.model
    def _update(self, item, lines):
        for line in lines:
            meter = self.env["actwin.meter"].browse(line.values["meter"])
            meter.write(self._meter_vals(item, line.values))
            self._write_own(meter, line.values)

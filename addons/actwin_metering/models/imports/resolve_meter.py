from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...core.imports.faults import CellFault
from ...core.imports.judge import mark_repeats
from ...core.imports.moments import to_utc
from ...core.imports.text import fold

_OF_A_METER = ("ct", "vt", "opening_index", "installed", "manufacturer", "digits")


class ActwinImportKindRecord(models.AbstractModel):
    """Which meter a row means, and whether it may hang at the row's point from then on.

    ``row.values["meter"]`` becomes the id of one that exists, and ``["installed"]`` a UTC moment.
    """

    _inherit = "actwin.import.kind.record"

    @api.model
    def _resolve_meters(self, item, rows):
        metered = []
        for row in rows:
            if "serial" in row.values:
                metered.append(row)
                self._resolve_installed(item, row)
            else:
                given = [name for name in _OF_A_METER if name in row.values]
                if given and not any(fault[0] == "serial" for fault in row.faults):
                    row.fault(given[0], "needs_serial")
        mark_repeats(metered, self._meter_key, "serial")
        known = self._known_meters(item, metered)
        free = []
        for row in metered:
            meter = self._meter_of(row, known)
            if meter and self._may_use_meter(item, row, meter):
                row.values["meter"] = meter.id
                free.append(row)
        self._check_hangs_nowhere(free)

    @api.model
    def _meter_key(self, row):
        values = row.values
        return fold(values.get("manufacturer", "")), values["serial"]

    def _known_meters(self, item, rows):
        """{serial: [meter as anyone sees it…]} of the company; archived ones are gone."""
        # sudo: only to know that a serial is taken and where
        meters = self.env["actwin.meter"].sudo()
        found = meters.search(
            [
                ("company_id", "=", item.company_id.id),
                ("serial", "in", self._column_values(rows, "serial")),
            ]
        )
        return found.grouped("serial")

    def _meter_of(self, row, known):
        candidates = known.get(row.values["serial"], ())
        maker = row.values.get("manufacturer")
        if maker:
            return next((m for m in candidates if fold(m.manufacturer or "") == fold(maker)), None)
        if len(candidates) > 1:
            row.fault("serial", "meter_ambiguous")
            return None
        return candidates[0] if candidates else None

    def _may_use_meter(self, item, row, meter):
        if meter.site_id != item.site_id:
            row.fault("serial", "meter_other_site")
        elif not self._mine(meter):
            row.fault("serial", "not_yours")
        elif meter.commodity != row.values.get("commodity", meter.commodity):
            row.fault("serial", "meter_commodity")
        else:
            return True
        return False

    def _check_hangs_nowhere(self, rows):
        """Fault rows whose meter hangs somewhere at the time, or will later."""
        by_meter = {row.values["meter"]: row for row in rows if "installed" in row.values}
        # sudo: the meters are the user's; that they hang elsewhere must not go unnoticed
        taken = (
            self.env["actwin.meter.installation"]
            .sudo()
            .search_fetch([("meter_id", "in", list(by_meter))], ["meter_id", "point_id", "date_to"])
        )
        for hanging in taken:
            row = by_meter[hanging.meter_id.id]
            since = row.values["installed"]
            if not hanging.date_to or hanging.date_to > since:
                row.fault("serial", "meter_elsewhere", point=hanging.point_id.code)

    def _resolve_installed(self, item, row):
        """UTC moment of the installation: as given, else the day the row's subscriber moves in."""
        zone = ZoneInfo(item.site_id.tz)
        try:
            if "installed" in row.values:
                row.values["installed"] = to_utc(*row.values["installed"], zone)
            elif self._needs_installation(row):
                day = row.values.get("occupied_from") or datetime.now(UTC).astimezone(zone).date()
                row.values["installed"] = to_utc(datetime.combine(day, time()), None, zone)
        except CellFault as fault:
            row.fault("installed", fault.code, **fault.figures)

    @api.model
    def _needs_installation(self, row):
        """Whether the row's meter is to hang at a point."""
        return True

    @api.model
    def _ensure_meters(self, item, lines, made):
        """{line id: meter}; those that are missing are created and noted in ``made``."""
        meters = self.env["actwin.meter"].with_context(tracking_disable=True)
        new = [line for line in lines if "serial" in line.values and "meter" not in line.values]
        created = meters.create([self._new_meter_vals(item, line.values) for line in new])
        made += [(line.id, meter) for line, meter in zip(new, created, strict=True)]
        found = {
            line.id: meters.browse(line.values["meter"]) for line in lines if "meter" in line.values
        }
        return found | {line.id: meter for line, meter in zip(new, created, strict=True)}

    @api.model
    def _meter_vals(self, item, values):
        facts = (
            "serial", "manufacturer", "digits", "decimals", "production_year",
            "calibration_date", "commodity", "flag",
        )  # fmt: skip
        renamed = {"meter_model": "model", "meter_kind": "kind"}
        return (
            {name: values[name] for name in facts if name in values}
            | {field: values[name] for name, field in renamed.items() if name in values}
            | {"site_id": item.site_id.id}
        )

    @api.model
    def _new_meter_vals(self, item, values):
        return self._meter_vals(item, values)

    @api.model
    def _install(self, lines, points, meters, made):
        """Hang each line's meter at its point; the figures of the transformers are its ratios."""
        hung = [line for line in lines if line.id in meters and line.id in points]
        installations = self.env["actwin.meter.installation"].create(
            [
                {
                    "point_id": points[line.id].id,
                    "meter_id": meters[line.id].id,
                    "date_from": fields.Datetime.to_datetime(line.values["installed"]),
                    "reason": "new",
                    **_ratio("ct", line.values.get("ct")),
                    **_ratio("vt", line.values.get("vt")),
                }
                for line in hung
            ]
        )
        made += [(line.id, one) for line, one in zip(hung, installations, strict=True)]
        return {line.id: one for line, one in zip(hung, installations, strict=True)}


def _ratio(name, numbers):
    if not numbers:
        return {}
    primary, secondary = numbers
    return {f"{name}_primary": float(primary), f"{name}_secondary": float(secondary)}

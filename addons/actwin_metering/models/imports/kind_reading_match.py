import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo import models

from ...core.epochs import epoch_of
from ...core.imports.faults import CellFault
from ...core.imports.judge import Row
from ...core.imports.moments import to_utc
from ...core.imports.registers import PREFIX, codes_of, known_unit, unit_in
from ...core.imports.text import fold
from ...core.limits import FUTURE_TOLERANCE, OLDEST
from ...core.registers import short_code


@dataclass(slots=True)
class Figure:
    """One value of a row: the column it stands in, the channel it is of, and the moment.

    ``stands``: what it is to the reading that stands there, see ``reading_bring``.
    """

    row: Row
    name: str
    channel: models.BaseModel
    epoch: int
    value: Decimal
    stands: str | None = None

    @property
    def key(self):
        return (self.channel.id, self.epoch)


class ActwinImportKindReading(models.AbstractModel):
    """Which channel and moment each figure of a table is of."""

    _inherit = "actwin.import.kind.reading"

    def _resolve_moment(self, row, zone):
        """Whether the row says when; ``row.values["epoch"]`` is it."""
        if "moment" not in row.values:
            return False
        local, offset = row.values["moment"]
        try:
            if "clock" in row.values:
                clock, own = row.values["clock"]
                if local != datetime(local.year, local.month, local.day):
                    raise CellFault("two_times")
                local, offset = local + clock, own or offset
            epoch = epoch_of(to_utc(local, offset, zone))
            if epoch < OLDEST:
                raise CellFault("too_old")
            if epoch > time.time() + FUTURE_TOLERANCE:
                raise CellFault("future")
        except CellFault as fault:
            row.fault("moment", fault.code, **fault.figures)
            return False
        row.values["epoch"] = epoch
        return True

    def _book(self, item, rows):
        """What the rows may mean: channels, points by code, meters' times, headers' units."""
        channels = self._measured(item.site_id)
        by_word = defaultdict(list)
        for channel in channels:
            words = {short_code(channel.obis or "").casefold(), fold(channel.name or "")} - {""}
            for word in words:
                by_word[channel.point_id, word].append(channel)
        serials = self._column_values(rows, "serial")
        hung = self.env["actwin.meter.installation"].search_fetch(
            [("site_id", "=", item.site_id.id), ("meter_id.serial", "in", serials)],
            ["meter_id", "point_id", "date_from", "date_to"],
        )
        headers = zip(item.names, item.headers, strict=True)
        return {
            "by_key": {channel.key: channel for channel in channels},
            "by_point": channels.grouped("point_id"),
            "by_word": by_word,
            "points": self._points_at(item.site_id, self._column_values(rows, "point")),
            "meters": hung.grouped(lambda one: one.meter_id.serial),
            "units": {name: unit_in(header) for name, header in headers if name},
        }

    def _figures(self, row, book):
        """[Figure…] of a row; what it does not say, or says wrongly, is noted in it."""
        names = [name for name in row.values if name == "value" or name.startswith(PREFIX)]
        if not names:
            if not row.faults:
                row.fault("value", "missing")
            return []
        by_key = names == ["value"] and "channel" in row.values
        point = None if by_key else self._point(row, book)
        found = []
        for name in names:
            channel = self._channel(row, name, point, book)
            if channel and self._unit_fits(row, name, channel, book["units"].get(name)):
                number, _unit = row.values[name]
                found.append(Figure(row, name, channel, row.values["epoch"], number))
        return found

    def _point(self, row, book):
        """The point the row means: by its code, or where its meter hung at that time."""
        values = row.values
        point = book["points"].get(values.get("point"))
        if "point" in values and not point:
            row.fault("point", "unknown_point")
            return None
        if "serial" not in values:
            if not point:
                row.fault("point", "no_place")
            return point
        at = values["epoch"]
        places = {
            one.point_id
            for one in book["meters"].get(values["serial"], ())
            if epoch_of(one.date_from) <= at and (not one.date_to or at <= epoch_of(one.date_to))
        }
        if point in places:
            return point
        if point:
            row.fault("serial", "meter_not_there", point=point.code)
        elif len(places) == 1:
            return places.pop()
        else:
            row.fault("serial", "meter_at_several" if places else "meter_nowhere")
        return None

    def _channel(self, row, name, point, book):
        values = row.values
        if name == "value" and "channel" in values:
            channel = book["by_key"].get(values["channel"])
            if not channel:
                row.fault("channel", "unknown_channel")
            return channel
        if not point:
            return None
        word = values.get("obis") if name == "value" else name.removeprefix(PREFIX)
        if word:
            return self._register_meant(row, "obis" if name == "value" else name, word, point, book)
        channels = book["by_point"].get(point) or self.env["actwin.channel"]
        counting = channels.filtered(lambda one: one.kind == "index")
        if len(counting) == 1:
            return counting
        if channels:
            row.fault("obis", "which_register")
        else:
            row.fault("point" if "point" in values else "serial", "no_channel")
        return None

    def _register_meant(self, row, name, word, point, book):
        """The channel of a point that is meant by a code, or by what people call it."""
        for form in (short_code(word).casefold(), fold(word), *codes_of(word)):
            found = book["by_word"].get((point, form), ())
            if len(found) == 1:
                return found[0]
        row.fault(name, "no_such_register", point=point.code)
        return None

    def _unit_fits(self, row, name, channel, of_header):
        unit = row.values[name][1] or of_header
        if unit and unit != (known_unit(channel.unit) or channel.unit):
            row.fault(name, "unit_differs", given=unit, unit=channel.unit)
            return False
        return True

from dataclasses import replace
from zoneinfo import ZoneInfo

from odoo import api, models

from ...core.imports.registers import code_in, register_column
from ...tools.decimals import plain


class ActwinImportKindReading(models.AbstractModel):
    """Readings: one a row with its register, or a column a register.

    ``row.values["figures"]`` becomes [[channel id, epoch seconds, decimal text]…].
    """

    _name = "actwin.import.kind.reading"
    _description = "Import of Readings"
    _inherit = "actwin.import.kind"
    _import_kind = "reading"
    _chunk = 2_000

    @api.model
    def _columns(self, site, headers=()):
        """With a column for each register of the site, and for each code among the headers."""
        names = {code: set() for code in map(code_in, headers) if code}
        for channel in self._measured(site):
            if channel.obis:
                names.setdefault(channel.obis, set()).add(channel.name or "")
        columns, taken = list(super()._columns(site)), set()
        for code in sorted(names):
            column = register_column(code, sorted(names[code]))
            taken |= {header for item in columns for header in item.headers}
            own = tuple(header for header in column.headers if header not in taken)
            columns.append(replace(column, headers=own))
        return tuple(columns)

    @api.model
    def _note(self):
        return self.env._(
            "One reading a row with its register, or a column for each register: its OBIS code is "
            "the header. Times are the site's. What contradicts the readings before has to be "
            "confirmed."
        )

    def _measured(self, site):
        """Channels of the site that the user may bring readings for."""
        return self.env["actwin.channel"].search_fetch(
            [("site_id", "=", site.id), ("kind", "!=", "virtual")],
            ["key", "obis", "name", "unit", "kind", "point_id"],
        )

    @api.model
    def _resolve(self, item, rows):
        super()._resolve(item, rows)
        zone = ZoneInfo(item.site_id.tz)
        timed = [row for row in rows if self._resolve_moment(row, zone)]
        book = self._book(item, timed)
        figures = {row.number: self._figures(row, book) for row in timed}
        once = self._without_repeats(one for found in figures.values() for one in found)
        self._compare(item, once)
        self._judge(once)
        for row in rows:
            row.values["figures"] = [
                [one.channel.id, one.epoch, plain(one.value)] for one in figures.get(row.number, ())
            ]

    @api.model
    def _good_state(self, item, row):
        """What stands already with the same value needs no update either."""
        return "present" if row.present else "good"

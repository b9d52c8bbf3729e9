from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.actwin_metering.core.imports.column import column
from odoo.addons.actwin_metering.core.imports.faults import CellFault
from odoo.addons.actwin_metering.core.imports.moments import to_utc

_lt = LazyTranslate(__name__)


class ActwinMarketImport(models.TransientModel):
    """Hourly prices from a file such as the transparency platform of the exchange gives out."""

    _name = "actwin.market.import"
    _description = "Import of Hourly Prices"
    _inherit = ["actwin.table.import"]

    market_id = fields.Many2one("actwin.market", required=True)

    _file_columns = (
        column("moment", "moment", "Tarih|Gün|Tarih saat|Zaman|Date|Timestamp|Date and time",
               required=True),
        column("clock", "time", "Saat|Hour|Time"),
        column("price", "number", "PTF|PTF (TL/MWh)|Fiyat|Price|MCP|MCP (TL/MWh)", required=True,
               low=-1_000_000, high=1_000_000, decimals=4, units=("TL/MWh", "TL")),
        column("volume", "number", "Eşleşme miktarı|Eşleşme Miktarı (MWh)|Miktar|Hacim|Volume|"
               "Matched|Matched volume", low=0, high=10_000_000, decimals=3, units=("MWh",)),
    )
    _labels = {
        "moment": _lt("Date"), "clock": _lt("Hour"), "price": _lt("Price"),
        "volume": _lt("Matched volume"),
    }

    def _judge_more(self, rows):
        zone = ZoneInfo(self.market_id.tz)
        for row in rows:
            if "moment" in row.values and not row.faults:
                self._place(row, zone)

    def _place(self, row, zone):
        """Put the UTC hour into the row, or what keeps it from being one."""
        local, offset = row.values["moment"]
        clock, clock_offset = row.values.get("clock", (timedelta(), None))
        try:
            hour = to_utc(local + clock, offset if clock_offset is None else clock_offset, zone)
        except CellFault as fault:
            row.fault("moment", fault.code)
            return
        if hour.minute or hour.second:
            row.fault("clock" if "clock" in row.values else "moment", "bad_hour")
        row.values["hour"] = hour

    def _fault_text(self, code, figures):
        if code == "bad_hour":
            return self.env._("A market price begins with an hour.")
        return super()._fault_text(code, figures)

    def _apply(self, rows):
        new, changed = self.market_id._put([
            (row.values["hour"], row.values["price"], row.values.get("volume")) for row in rows
        ])
        self.market_id.message_post(body=self.env._(
            "%(file)s: %(new)s hourly prices added, %(changed)s changed.",
            file=self.file_name or "", new=new, changed=changed))
        return self.env._("%(new)s hourly prices added, %(changed)s changed.", new=new,
                          changed=changed)

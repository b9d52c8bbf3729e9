from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.actwin_metering.core.imports.column import column
from odoo.addons.actwin_metering.core.imports.faults import CellFault
from odoo.addons.actwin_metering.core.imports.judge import mark_repeats
from odoo.addons.actwin_metering.core.imports.moments import to_utc

_lt = LazyTranslate(__name__)


class ActwinSessionImport(models.TransientModel):
    """Charging sessions from the file of a charging network or of the points themselves."""

    _name = "actwin.session.import"
    _description = "Import of Charging Sessions"
    _inherit = ["actwin.table.import"]

    site_id = fields.Many2one("actwin.site", required=True)

    _file_columns = (
        column("key", "code", "Oturum|Oturum no|İşlem no|Session|Session id|Transaction|"
               "Transaction id", required=True, longest=64),
        column("card", "code", "Kart|Kart no|RFID|Kullanıcı|Card|Card no|Id tag|User",
               required=True, longest=64),
        column("point", "code", "İstasyon|Şarj noktası|Nokta kodu|Charger|Charging point|Point",
               longest=64),
        column("start", "moment", "Başlangıç|Başlangıç zamanı|Start|Started", required=True),
        column("end", "moment", "Bitiş|Bitiş zamanı|End|Ended|Stop", required=True),
        column("kwh", "number", "kWh|Enerji|Enerji (kWh)|Tüketim|Energy", required=True, low=0,
               high=10_000, decimals=3, units=("kWh",)),
        column("idle", "number", "Bekleme|Bekleme (dk)|Boşta|Idle|Idle minutes", low=0,
               high=100_000, decimals=1, units=("dk", "min")),
    )
    _labels = {
        "key": _lt("Session"), "card": _lt("Card"), "point": _lt("Charging point"),
        "start": _lt("Start"), "end": _lt("End"), "kwh": _lt("kWh"), "idle": _lt("Idle minutes"),
    }

    def _judge_more(self, rows):
        mark_repeats(rows, lambda row: row.values.get("key"), "key")
        codes = list({row.values["point"] for row in rows if row.values.get("point")})
        points = {
            point.code: point.id for point in self.env["actwin.point"].search(
                [("site_id", "=", self.site_id.id), ("code", "in", codes)])
        }
        for row in rows:
            self._place(row)
            if row.values.get("point"):
                row.values["point_id"] = points.get(row.values["point"])
                if not row.values["point_id"]:
                    row.fault("point", "unknown_point")

    def _place(self, row):
        """Put the UTC times into the row, or what is wrong with them."""
        zone, times = ZoneInfo(self.site_id.tz), []
        for name in ("start", "end"):
            if name in row.values:
                try:
                    times.append(to_utc(*row.values[name], zone))
                except CellFault as fault:
                    row.fault(name, fault.code)
        if len(times) == 2:
            row.values["times"] = times
            if times[1] < times[0]:
                row.fault("end", "ends_before")

    def _fault_text(self, code, figures):
        if code == "ends_before":
            return self.env._("A session must end after it starts.")
        return super()._fault_text(code, figures)

    def _apply(self, rows):
        sessions = self.env["actwin.charging.session"]
        known = set(sessions.search([
            ("site_id", "=", self.site_id.id),
            ("key", "in", [row.values["key"] for row in rows]),
        ]).mapped("key"))
        made = sessions.create([
            {
                "key": row.values["key"], "site_id": self.site_id.id,
                "card_code": row.values["card"], "point_id": row.values.get("point_id"),
                "start": row.values["times"][0], "end": row.values["times"][1],
                "kwh": float(row.values["kwh"]),
                "idle_minutes": float(row.values.get("idle", 0)),
            }
            for row in rows if row.values["key"] not in known
        ])
        unknown = made.filtered(lambda item: item.state == "unknown")
        return self.env._(
            "%(new)s sessions added, %(known)s were known; %(unknown)s are of cards that nobody"
            " holds.", new=len(made), known=len(rows) - len(made), unknown=len(unknown))

from odoo import models

from ...core.money import text


class ActwinBillFacts(models.AbstractModel):
    """The indices behind a bill, as they are kept in it."""

    _inherit = "actwin.bill.facts"

    def _readings(self, plan, whole):
        """One row for each register and meter with the indices that were used."""
        rows = []
        for name, channel in plan["channels"].items():
            info = whole.get(channel.id) or {}
            for segment in info.get("segments") or []:
                rows.append({
                    "channel": channel.key,
                    "channel_id": channel.id,
                    "register": name,
                    "obis": channel.obis or "",
                    "unit": channel.unit or "",
                    "meter_serial": segment.get("meter_serial") or "",
                    "first_index": self._text(segment.get("first_index")),
                    "last_index": self._text(segment.get("last_index")),
                    "multiplier": self._text(segment.get("multiplier")),
                    "consumption": self._text(segment.get("consumption")),
                    "first_ts": self._stamp(info.get("first_ts")),
                    "last_ts": self._stamp(info.get("last_ts")),
                    "count": info.get("count") or 0,
                    "expected": self._expected(channel, plan["period"]),
                })
        return rows

    def _expected(self, channel, period):
        """Intervals of the period."""
        minutes = (period.end - period.start).total_seconds() / 60
        return int(minutes / (channel.interval_minutes or 15))

    def _text(self, value):
        return None if value is None else text(value)

    def _stamp(self, value):
        return value.isoformat(sep=" ", timespec="seconds") if value else None

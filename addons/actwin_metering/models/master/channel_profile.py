from datetime import timedelta
from decimal import Decimal

from odoo import models

from ..readings.rollup_sql import NO_JIT
from ..readings.span_sql import SLOTS

HOUR = 60


class ActwinChannel(models.Model):
    """Load profiles: what a channel counted in each interval of a span, or that it is unknown."""

    _inherit = "actwin.channel"

    def _profile(self, start_utc, end_utc, minutes=HOUR):
        """``{channel_id: [Decimal or None, …]}`` of the intervals of ``[start_utc, end_utc)``.

        Hours come from the rollups; shorter intervals from the readings themselves. An interval
        in which nothing was read is None, never zero: after a hole the first interval that is
        read carries what was used meanwhile.

        :param minutes: length of an interval; the span begins with one
        """
        count = -(-int((end_utc - start_utc).total_seconds()) // (minutes * 60))
        profiles = {channel_id: [None] * count for channel_id in self.ids}
        if not self:
            return profiles
        self.env.flush_all()
        if minutes == HOUR:
            rows = self._hour_slots(start_utc, end_utc)
        else:
            rows = self._reading_slots(start_utc, end_utc, minutes)
        for channel_id, slot, value in rows:
            profiles[channel_id][slot] = value
        return profiles

    def _hour_slots(self, start, end):
        hour = timedelta(hours=1)
        for channel_id, rows in self._hour_series(start, end).items():
            for at, value in rows:
                yield channel_id, (at - start) // hour, value

    def _reading_slots(self, start, end, minutes):
        self.env.cr.execute(NO_JIT)
        self.env.cr.execute(
            SLOTS, {"channels": self.ids, "start": start, "end": end, "seconds": minutes * 60})
        for channel_id, slot, text in self.env.cr.fetchall():
            yield channel_id, slot, Decimal(text)

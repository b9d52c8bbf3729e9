from datetime import timedelta

from odoo import fields, models

from ..const import STAFF
from ..core.month import build_month, shift

QUANTITY = {
    "electricity": "active_import",
    "water": "volume",
    "gas": "volume",
    "heat": "heat",
    "cooling": "heat",
}
ESTIMATED = "2"
UNITS = {"m3": "m³", "Sm3": "Sm³"}


class ActwinPoint(models.Model):
    """Figures for the tenant's pages. Call only on elevated points an occupancy opened."""

    _inherit = "actwin.point"

    # A former tenant may still read the point, which now belongs to the next one.
    contract_power_kw = fields.Float(groups=STAFF)
    properties = fields.Properties(groups=STAFF)

    def _portal_channels(self):
        """(channel of the total or none, channels by band) of what the point is billed by."""
        self.ensure_one()
        channels = self.channel_ids.filtered(
            lambda c: c.active
            and c.quantity == QUANTITY[self.commodity]
            and c.kind in ("index", "interval", "virtual")
        )
        totals = channels.filtered(lambda c: not c.band)
        bands = channels - totals
        return (
            totals.sorted(lambda c: (c.kind, c.obis or "", c.id))[:1],
            {channel.band: channel for channel in bands.sorted("kind", reverse=True)},
        )

    def _portal_month(self, first, spans):
        """The :class:`Month` beginning on ``first``, of the days inside ``spans``."""
        total, bands = self._portal_channels()
        channels = total.union(*bands.values())
        raw = channels._day_series(first, shift(first, 1) - timedelta(days=1)) if channels else {}
        series = {
            channel_id: {day: (value, str(quality) == ESTIMATED) for day, value, quality in rows}
            for channel_id, rows in raw.items()
        }
        return build_month(
            first,
            spans,
            series.get(total.id, {}) if total or not bands else None,
            {band: series.get(channel.id, {}) for band, channel in bands.items()},
        )

    def _portal_unit(self):
        total, bands = self._portal_channels()
        unit = (total or next(iter(bands.values()), total)).unit or ""
        return UNITS.get(unit, unit)

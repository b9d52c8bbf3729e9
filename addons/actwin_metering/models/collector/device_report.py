from odoo import fields, models

from ...core.text import as_moment, as_text

BACKFILL = [
    ("working", "Being filled"),
    ("retrying", "Asked again later"),
    ("no_profile", "The meter keeps no profile"),
    ("off", "Not asked for"),
]
_MOST = 2**31 - 1


class ActwinDevice(models.Model):
    """How a device fares, as its collector last told it. People do not write these."""

    _inherit = "actwin.device"

    missing_slots = fields.Integer(
        "Missing Readings", readonly=True, copy=False, aggregator=None,
        help="Readings that were due and have not come, as far as the collector knows.",
    )
    missing_since = fields.Datetime(readonly=True, copy=False)
    backfill = fields.Selection(BACKFILL, "Gap Filling", readonly=True, copy=False)
    rssi = fields.Integer(
        "Signal (dBm)", readonly=True, copy=False, aggregator=None,
        help="How strongly the radio meter was last heard; 0 when nobody measured it.",
    )


class ActwinCollector(models.Model):
    _inherit = "actwin.collector"

    def _note_devices(self, devices):
        """Keep what a health report says of each device; what is malformed counts as not said."""
        for device in self.device_ids:
            item = devices.get(device.key)
            if not isinstance(item, dict):
                continue
            self.env.cr.execute(  # by SQL: a device's state is not its configuration
                """
                UPDATE actwin_device
                   SET last_error = %s,
                       last_ok = greatest(last_ok, least(%s, now() AT TIME ZONE 'UTC')),
                       missing_slots = %s, missing_since = %s, backfill = %s, rssi = %s
                 WHERE id = %s
                """,
                [
                    as_text(item.get("last_error") or "", 500) or None,
                    as_moment(item.get("last_ok")),
                    _whole(item.get("missing_slots"), 0, _MOST),
                    as_moment(item.get("missing_since")),
                    _known(item.get("backfill"), BACKFILL),
                    _whole(item.get("rssi"), -200, 100),
                    device.id,
                ],
            )
        self.device_ids.invalidate_recordset(
            ["last_ok", "last_error", "missing_slots", "missing_since", "backfill", "rssi"])


def _whole(value, lowest, highest):
    """A whole number within bounds, else 0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) \
            and lowest <= value <= highest:
        return int(value)
    return 0


def _known(value, choices):
    return value if isinstance(value, str) and value in dict(choices) else None

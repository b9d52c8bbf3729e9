import json

from odoo import api, fields, models


class ActwinDeviceEvent(models.Model):
    """Something a device reported of itself (power loss, cover opened, clock set), once."""

    _name = "actwin.device.event"
    _inherit = ["actwin.device.report.mixin"]
    _description = "Device Event"
    _order = "ts desc, id desc"
    _rec_name = "code"
    _log_access = False

    meter_id = fields.Many2one(related="device_id.meter_id")
    ts = fields.Datetime("Time", required=True, readonly=True, index=True)
    code = fields.Char(required=True, readonly=True)
    text = fields.Char(readonly=True)

    # meters note several things within a second, some of them under one code
    _told_uniq = models.UniqueIndex(
        "(collector_id, device_key, ts, code, coalesce(text, ''))", "The event is known already."
    )

    @api.model
    def _store(self, collector, events):
        """Keep the events of a delivery (``core.batch``); a known one is passed over.

        :return: ids of those that are new
        """
        if not events:
            return []
        self.env.cr.execute(
            """
            INSERT INTO actwin_device_event
                (collector_id, site_id, company_id, device_key, device_id, ts, code, text)
            SELECT %s, %s, %s, e.device_key, d.id, e.ts, e.code, e.text
              FROM jsonb_to_recordset(%s)
                   AS e (device_key varchar, ts timestamp, code varchar, text varchar)
              LEFT JOIN actwin_device d ON d.collector_id = %s AND d.key = e.device_key
            ON CONFLICT DO NOTHING RETURNING id
            """,
            [
                collector.id,
                collector.site_id.id,
                collector.company_id.id,
                json.dumps(events),
                collector.id,
            ],
        )
        return [row[0] for row in self.env.cr.fetchall()]

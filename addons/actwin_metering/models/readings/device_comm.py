import json

from odoo import api, fields, models

_KEEP_DAYS = 180


class ActwinDeviceComm(models.Model):
    """One attempt to talk to a device: how long it took and whether it answered."""

    _name = "actwin.device.comm"
    _inherit = ["actwin.device.report.mixin"]
    _description = "Device Communication"
    _order = "started desc, id desc"
    _log_access = False

    started = fields.Datetime(required=True, readonly=True, index=True)
    ended = fields.Datetime(readonly=True)
    duration = fields.Float("Duration (s)", readonly=True, aggregator="avg")
    ok = fields.Boolean("Answered", readonly=True)
    attempts = fields.Integer(readonly=True)
    error = fields.Char(readonly=True)

    _comm_uniq = models.Constraint(
        "UNIQUE (collector_id, device_key, started)", "The attempt is known already."
    )

    @api.autovacuum
    def _gc_communication(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=_KEEP_DAYS)
        self.env.cr.execute("DELETE FROM actwin_device_comm WHERE started < %s", [limit])

    @api.model
    def _store(self, collector, dialogues):
        """Keep the dialogues of a delivery and what they say about each device, once."""
        if not dialogues:
            return
        self.env.cr.execute(
            """
            WITH known AS (
                SELECT c.*, d.id AS device_id
                  FROM jsonb_to_recordset(%(dialogues)s)
                       AS c (device_key varchar, started timestamp, ended timestamp,
                             duration float8, ok boolean, attempts int, error varchar)
                  LEFT JOIN actwin_device d
                    ON d.collector_id = %(collector)s AND d.key = c.device_key
            ), heard AS (
                UPDATE actwin_device d
                   SET last_ok = greatest(d.last_ok, k.last_ok),
                       last_error = CASE WHEN NOT k.ok THEN coalesce(k.error, d.last_error) END
                  FROM (SELECT DISTINCT ON (device_id) device_id, ok, error,
                               -- a collector whose clock runs ahead must not hide a silence
                               least(max(ended) FILTER (WHERE ok) OVER (PARTITION BY device_id),
                                     now() AT TIME ZONE 'UTC') AS last_ok
                          FROM known WHERE device_id IS NOT NULL
                         ORDER BY device_id, started DESC) k
                 WHERE d.id = k.device_id
            )
            INSERT INTO actwin_device_comm
                (collector_id, site_id, company_id, device_key, device_id,
                 started, ended, duration, ok, attempts, error)
            SELECT %(collector)s, %(site)s, %(company)s, device_key, device_id,
                   started, ended, duration, ok, attempts, error
              FROM known
            ON CONFLICT DO NOTHING
            """,
            {
                "dialogues": json.dumps(dialogues),
                "collector": collector.id,
                "site": collector.site_id.id,
                "company": collector.company_id.id,
            },
        )
        self.env["actwin.device"].invalidate_model(["last_ok", "last_error"])

import json

from odoo import api, fields, models

_KEEP_DAYS = 90


class ActwinIngestBatch(models.Model):
    """A delivery of a collector and what became of it; makes a repeated delivery harmless."""

    _name = "actwin.ingest.batch"
    _description = "Ingest Batch"
    _order = "id desc"
    _rec_name = "batch_id"
    _log_access = False

    batch_id = fields.Char(required=True, readonly=True)
    collector_id = fields.Many2one(
        "actwin.collector", required=True, readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    received_at = fields.Datetime(required=True, readonly=True, index=True)
    sent_at = fields.Datetime(readonly=True)
    rows = fields.Integer(readonly=True)
    accepted = fields.Integer(readonly=True)
    duplicates = fields.Integer(readonly=True)
    conflicts = fields.Integer(readonly=True)
    rejected = fields.Integer(readonly=True)
    digest = fields.Char(readonly=True)
    answer = fields.Json(readonly=True)

    _batch_uniq = models.Constraint("UNIQUE (batch_id)", "The batch is known already.")

    @api.model
    def _find_answer(self, batch):
        """Answer to a delivery taken before, None for a new one.

        A batch id that comes back with other contents is judged row by row like a new batch:
        the rows stay idempotent by (channel, time), and nothing is lost to a sender's mistake.
        """
        self.env.cr.execute(
            "SELECT answer, digest FROM actwin_ingest_batch WHERE batch_id = %s", [batch.batch_id]
        )
        row = self.env.cr.fetchone()
        if row is None or not batch.digest or row[1] != batch.digest:
            return None
        answer = row[0]
        return answer | {
            "accepted": 0,
            "duplicates": answer["accepted"] + answer["duplicates"],
        }

    @api.model
    def _remember(self, collector, batch, answer):
        self.env.cr.execute(
            """
            INSERT INTO actwin_ingest_batch
                (batch_id, collector_id, site_id, company_id, received_at, sent_at, rows,
                 accepted, duplicates, conflicts, rejected, digest, answer)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (batch_id) DO NOTHING
            """,
            [
                batch.batch_id,
                collector.id,
                collector.site_id.id,
                collector.company_id.id,
                self.env.cr.now(),
                batch.sent_at,
                len(batch.columns),
                answer["accepted"],
                answer["duplicates"],
                answer["conflicts"],
                len(answer["rejected"]),
                batch.digest,
                json.dumps(answer),
            ],
        )

    @api.autovacuum
    def _gc_batches(self):
        """Forget old batches: their rows stay idempotent by (channel, time)."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=_KEEP_DAYS)
        self.env.cr.execute("DELETE FROM actwin_ingest_batch WHERE received_at < %s", [limit])

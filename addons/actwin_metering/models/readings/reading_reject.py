import hashlib
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...core.batch import BATCH_ROW, Columns
from ...core.limits import MAX_ROWS

_WHOLE = re.compile(r"(-?[0-9]{1,18})(?:\.0)?")
"""A whole number as text, also of a whole float."""

REASONS = [
    ("bad_type", "Wrong type"),
    ("unequal_lengths", "Columns of unequal length"),
    ("bad_channel", "Malformed channel key"),
    ("unknown_channel", "Unknown channel"),
    ("other_site", "Channel of another site"),
    ("bad_ts", "Malformed time"),
    ("too_old", "Too old"),
    ("future", "In the future"),
    ("bad_value", "Malformed value"),
    ("bad_status", "Unknown status"),
    ("too_many_rows", "Too many rows"),
    ("bad_header", "Faulty header"),
]


class ActwinReadingReject(models.Model):
    """A row a collector sent that could not be taken, with the reason.

    The same row refused again raises the counter only. Once the cause is mended, replay takes it.
    """

    _name = "actwin.reading.reject"
    _description = "Rejected Reading"
    _order = "last_seen desc, id desc"
    _rec_name = "channel_key"

    collector_id = fields.Many2one(
        "actwin.collector", readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    batch_ref = fields.Char("Batch", readonly=True)
    row_index = fields.Integer("Row", readonly=True, aggregator=None)
    channel_key = fields.Char("Channel", readonly=True)
    ts_text = fields.Char("Time as Sent", readonly=True)
    value_text = fields.Char("Value as Sent", readonly=True)
    status_text = fields.Char("Status as Sent", readonly=True)
    reason = fields.Selection(REASONS, required=True, readonly=True)
    text = fields.Char("Explanation", readonly=True)
    fingerprint = fields.Char(required=True, readonly=True)
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    count = fields.Integer("Times", readonly=True, default=1)
    state = fields.Selection(
        [("open", "Open"), ("taken", "Taken"), ("dismissed", "Dismissed")],
        required=True,
        default="open",
        readonly=True,
    )

    _fingerprint_uniq = models.Constraint("UNIQUE (fingerprint)", "The reject is listed already.")

    @api.model
    def _store(self, collector, batch_ref, rejects):
        """Keep what was refused; a row refused before only counts up."""
        now = self.env.cr.now()
        rows = {}
        for item in rejects:
            row = item.row if item.index != BATCH_ROW else (batch_ref, item.reason, item.text, "")
            mark = hashlib.sha256("\0".join((str(collector.id), *row)).encode()).hexdigest()
            rows[mark] = (
                collector.id or None, collector.site_id.id or None, collector.company_id.id or None,
                batch_ref, item.index, *item.row, item.reason, item.text, mark, now, now,
            )  # fmt: skip
        if not rows:
            return
        self.env.cr.execute_values(
            """
            INSERT INTO actwin_reading_reject AS r (collector_id, site_id, company_id, batch_ref,
                row_index, channel_key, ts_text, value_text, status_text, reason, text, fingerprint,
                first_seen, last_seen, count, state)
            VALUES %s
            ON CONFLICT (fingerprint) DO UPDATE
               SET count = r.count + 1, last_seen = excluded.last_seen, reason = excluded.reason,
                   text = excluded.text, batch_ref = excluded.batch_ref,
                   state = CASE r.state WHEN 'taken' THEN 'open' ELSE r.state END
            """,
            list(rows.values()),
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 'open')",
            page_size=1000,
        )
        self.invalidate_model()

    def action_replay(self):
        """Offer open rows to the store again; what it takes is closed, the rest gets its reason."""
        self._check_operator()
        # sudo: rejects are written by nobody but here; group and records were checked
        rejects = self.sudo().filtered(lambda item: item.state == "open" and item.row_index >= 0)
        for collector, items in rejects.grouped("collector_id").items():
            for start in range(0, len(items), MAX_ROWS):
                items[start : start + MAX_ROWS]._replay(collector)
        return True

    def action_dismiss(self):
        self._check_operator()
        # sudo: as in action_replay
        self.sudo().filtered(lambda item: item.state == "open").state = "dismissed"
        return True

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators decide on readings."))
        self.check_access("read")

    def _replay(self, collector):
        columns = Columns(
            self.mapped("channel_key"),
            [_number(item.ts_text) for item in self],
            self.mapped("value_text"),
            [_number(item.status_text) for item in self],
        )
        _counts, refused = self.env["actwin.reading"]._take(collector.site_id, columns, "replay")
        for reject in refused:
            self[reject.index].write({"reason": reject.reason, "text": reject.text})
        still = {reject.index for reject in refused}
        taken = self.browse(item.id for index, item in enumerate(self) if index not in still)
        taken.state = "taken"


def _number(text):
    """Whole number of a stored text, the text itself when it is none."""
    match = _WHOLE.fullmatch(text or "")
    return int(match[1]) if match else text or ""

from odoo import fields, models

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

    collector_id = fields.Many2one("actwin.collector", readonly=True, index=True, ondelete="cascade")
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

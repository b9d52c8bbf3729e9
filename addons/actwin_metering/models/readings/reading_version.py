from odoo import fields, models

from ...const import QUALITIES, SOURCES


class ActwinReadingVersion(models.Model):
    """A value a reading had, has or was offered: the first one, a conflict, an edit.

    Written by SQL and by the two actions below, never deleted. ``actwin.reading`` holds the
    effective value.
    """

    _name = "actwin.reading.version"
    _description = "Reading Version"
    _order = "ts desc, id desc"
    _rec_name = "ts"

    channel_id = fields.Many2one("actwin.channel", required=True, readonly=True, index=True)
    point_id = fields.Many2one(related="channel_id.point_id", store=True)
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    ts = fields.Datetime("Time", required=True, readonly=True)
    value = fields.Float(digits=(20, 9), required=True, readonly=True, aggregator=None)
    quality = fields.Selection(QUALITIES, readonly=True, default="0")
    source = fields.Selection(SOURCES, readonly=True)
    kind = fields.Selection(
        [("original", "First value"), ("conflict", "Conflicting value"), ("edit", "Edit"),
         ("estimate", "Estimate")],
        required=True,
        readonly=True,
    )  # fmt: skip
    state = fields.Selection(
        [("open", "To resolve"), ("taken", "Taken"), ("dismissed", "Dismissed"),
         ("superseded", "Superseded")],
        required=True,
        readonly=True,
        default="taken",
    )  # fmt: skip
    batch_id = fields.Many2one("actwin.ingest.batch", readonly=True, ondelete="set null")
    user_id = fields.Many2one("res.users", "By", readonly=True)
    date = fields.Datetime("When", readonly=True, default=fields.Datetime.now)
    reason = fields.Char(readonly=True)

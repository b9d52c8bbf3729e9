from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...const import QUALITIES, SOURCES
from ...tools.local import local_date


class ActwinReading(models.Model):
    """Read-only face of the partitioned table ``actwin_reading``.

    One row a channel and instant; ``ts`` is UTC and, for interval data, the END of the interval.
    Rows come in through ``ingest`` and are changed through ``actwin.reading.version`` only.
    """

    _name = "actwin.reading"
    _inherit = ["actwin.occupied.mixin"]
    _description = "Reading"
    _auto = False
    _log_access = False
    _order = "ts desc, channel_id"
    _rec_name = "ts"

    ts = fields.Datetime("Time", readonly=True)
    value = fields.Float(digits=(20, 3), readonly=True, aggregator="max")
    channel_id = fields.Many2one("actwin.channel", readonly=True)
    point_id = fields.Many2one("actwin.point", readonly=True)
    site_id = fields.Many2one("actwin.site", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    unit = fields.Char(related="channel_id.unit")
    quality = fields.Selection(QUALITIES, readonly=True)
    source = fields.Selection(SOURCES, readonly=True)

    @property
    def _table_query(self):
        # the outer join vanishes from plans that need no column of the channel
        return SQL(
            """SELECT (r.channel_id::int8 << 32) | extract(epoch FROM r.ts)::int8 AS id,
                      r.ts, r.value, r.channel_id, c.point_id, c.site_id, c.company_id,
                      r.quality::text AS quality, r.source::text AS source
                 FROM actwin_reading r
                 LEFT JOIN actwin_channel c ON c.id = r.channel_id"""
        )

    def init(self):
        self.env["actwin.reading.store"]._create_tables()

    def _occupied_span(self, alias):
        moment = SQL("(%s - interval '1 second')", SQL.identifier(alias, "ts"))
        day = local_date(moment, SQL.identifier(alias, "site_id"))
        return day, day

    def _occupied_days(self):
        moment = fields.Datetime.subtract(self.ts, seconds=1)
        local = fields.Datetime.context_timestamp(self.with_context(tz=self.site_id.tz), moment)
        return local.date(), local.date()

    # the three refusals are the point: rows of the store change by SQL only
    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Readings come in through the ingest methods only."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A reading is changed by a new version of it, never in place."))

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(  # pylint: disable=no-raise-unlink
            self.env._("Readings are never deleted.")
        )

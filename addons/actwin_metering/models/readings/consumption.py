from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from ...const import QUALITIES
from ...tools.fields import LooseMany2one
from ...tools.local import local_date


class ActwinConsumptionMixin(models.AbstractModel):
    """Consumption of a channel in a bucket of time, multiplied out.

    A reading belongs to the bucket that holds the END of its interval: (start, end]. Only SQL
    writes these tables (``actwin.rollup``); they can be rebuilt from the readings at any time.
    """

    _name = "actwin.consumption.mixin"
    _inherit = ["actwin.occupied.mixin"]
    _description = "Consumption"
    _log_access = False

    channel_id = LooseMany2one("actwin.channel", readonly=True, required=True)
    point_id = LooseMany2one("actwin.point", readonly=True, index=True)
    site_id = LooseMany2one("actwin.site", readonly=True)
    company_id = LooseMany2one("res.company", readonly=True)
    quantity = fields.Selection(related="channel_id.quantity")
    unit = fields.Char(related="channel_id.unit")
    consumption = fields.Float(
        digits=(20, 3),
        readonly=True,
        help="Empty while nothing is known, as before the second reading of an index.",
    )
    value_min = fields.Float("Lowest Value", digits=(20, 3), readonly=True, aggregator="min")
    value_max = fields.Float("Highest Value", digits=(20, 3), readonly=True, aggregator="max")
    count = fields.Integer("Usable Readings", readonly=True)
    estimated = fields.Integer("Estimated Readings", readonly=True)
    suspects = fields.Integer(
        "Unusable Readings", readonly=True, help="Suspect or rejected, left out of the figures."
    )
    quality = fields.Selection(QUALITIES, "Worst Quality", readonly=True)
    rollovers = fields.Integer("Roll-overs", readonly=True)
    faults = fields.Integer(
        readonly=True,
        help="Falls of the index that neither a roll-over nor a meter change explains, "
        "and meter changes without opening and closing index.",
    )


class ActwinConsumptionHour(models.Model):
    _name = "actwin.consumption.hour"
    _inherit = "actwin.consumption.mixin"
    _description = "Hourly Consumption"
    _order = "hour desc, channel_id"
    _rec_name = "hour"

    hour = fields.Datetime(readonly=True, required=True, help="Start of the hour.")

    _bucket_uniq = models.Constraint("UNIQUE (channel_id, hour)", "One row a channel and hour.")
    _hour_idx = models.Index("USING brin (hour)")

    def _occupied_span(self, alias):
        day = local_date(SQL.identifier(alias, "hour"), SQL.identifier(alias, "site_id"))
        return day, day

    def _occupied_days(self):
        day = fields.Datetime.context_timestamp(
            self.with_context(tz=self.site_id.tz), self.hour
        ).date()
        return day, day


class ActwinConsumptionDay(models.Model):
    _name = "actwin.consumption.day"
    _inherit = "actwin.consumption.mixin"
    _description = "Daily Consumption"
    _order = "day desc, channel_id"
    _rec_name = "day"

    day = fields.Date(readonly=True, required=True, help="Day of the site's calendar.")
    index_first = fields.Float("First Index", digits=(20, 3), readonly=True, aggregator="min")
    index_last = fields.Float("Last Index", digits=(20, 3), readonly=True, aggregator="max")

    _bucket_uniq = models.Constraint("UNIQUE (channel_id, day)", "One row a channel and day.")
    _day_idx = models.Index("(day)")

    def _occupied_span(self, alias):
        return SQL.identifier(alias, "day"), SQL.identifier(alias, "day")

    def _occupied_days(self):
        return self.day, self.day


class ActwinConsumptionMonth(models.Model):
    _name = "actwin.consumption.month"
    _inherit = "actwin.consumption.mixin"
    _description = "Monthly Consumption"
    _order = "month desc, channel_id"
    _rec_name = "month"

    month = fields.Date(readonly=True, required=True, help="First day of the month.")

    _bucket_uniq = models.Constraint("UNIQUE (channel_id, month)", "One row a channel and month.")

    def _occupied_span(self, alias):
        month = SQL.identifier(alias, "month")
        return month, SQL("(%s + interval '1 month' - interval '1 day')::date", month)

    def _occupied_days(self):
        return self.month, self.month + relativedelta(months=1, days=-1)

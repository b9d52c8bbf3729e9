from datetime import date, timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

BANDS = [("t1", "T1"), ("t2", "T2"), ("t3", "T3"), ("t4", "T4")]
DAY_KINDS = [
    ("workday", "Workdays"), ("saturday", "Saturdays"), ("sunday", "Sundays"),
    ("holiday", "Holidays"),
]
MONTHS = [
    ("1", "January"), ("2", "February"), ("3", "March"), ("4", "April"), ("5", "May"),
    ("6", "June"), ("7", "July"), ("8", "August"), ("9", "September"), ("10", "October"),
    ("11", "November"), ("12", "December"),
]


class ActwinCalendar(models.Model):
    """Which band an hour belongs to: seasons of the year, kinds of day, times of the clock.

    Serves any number of tariffs. Times are those of the site's own clock.
    """

    _name = "actwin.calendar"
    _description = "Time-of-use Calendar"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, default=lambda self: self.env.company,
        help="Empty: all companies.",
    )
    season_ids = fields.One2many("actwin.calendar.season", "calendar_id", copy=True)
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    @api.depends("season_ids.name", "season_ids.month", "season_ids.day",
                 "season_ids.slot_ids.band", "season_ids.slot_ids.start",
                 "season_ids.slot_ids.day_kind")
    @api.depends_context("lang")
    def _compute_preview(self):
        words = dict(self.env["actwin.calendar.slot"]._fields["day_kind"]._description_selection(
            self.env))
        for calendar in self:
            rows = [
                self._strip(season.name or "", words[kind], slots)
                for season in calendar.season_ids.sorted(lambda item: item._begins())
                for kind, slots in season._days().items()
            ]
            calendar.preview = Markup('<div class="o_actwin_day_strips">%s</div>') % Markup(
                "").join(rows)

    def _strip(self, season, kind, slots):
        """A day drawn as a strip of its bands. Only numbers and escaped texts go into it."""
        ends = [start for start, _band in slots[1:]] + [24]
        parts = Markup("").join(
            Markup('<span class="o_actwin_band_%s" style="width:%s%%" title="%s">%s</span>') % (
                band, round((stop - start) / 24 * 100, 3),
                f"{self._clock(start)}–{self._clock(stop)}", band.upper())
            for (start, band), stop in zip(slots, ends, strict=True)
        )
        return Markup(
            '<div class="o_actwin_day"><span class="o_actwin_day_name">%s</span>'
            '<span class="o_actwin_day_strip">%s</span></div>'
        ) % (f"{season} · {kind}", parts)

    @staticmethod
    def _clock(hours):
        minutes = round(hours * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    @api.constrains("season_ids")
    def _check_seasons(self):
        for calendar in self:
            begins = calendar.season_ids.mapped(lambda item: item._begins())
            if not begins:
                raise ValidationError(self.env._("The calendar needs at least one season."))
            if len(set(begins)) != len(begins):
                raise ValidationError(self.env._("Two seasons begin on the same day."))

    def _facts(self, zone, first, last):
        """The calendar for the core, with the holidays from day ``first`` to ``last``."""
        self.ensure_one()
        return {
            "zone": zone,
            "holidays": [str(day) for day in self._holidays(first, last)],
            "seasons": [season._facts() for season in self.season_ids],
        }

    def _holidays(self, first, last):
        holidays = self.env["actwin.holiday"].search([
            ("date", ">=", first), ("date", "<=", last),
            ("company_id", "in", [False, *self.company_id.ids, *self.env.company.ids]),
        ])
        return sorted(set(holidays.mapped("date")))

    def _season_of(self, day):
        """The season that a day belongs to; the last one runs on over the turn of the year."""
        ordered = self.season_ids.sorted(lambda item: item._begins())
        begun = ordered.filtered(lambda item: item._begins() <= (day.month, day.day))
        return (begun or ordered)[-1:]

    def _season_starts(self, first, last):
        """Days in (first, last] on which a season begins."""
        found, begins = [], set(self.season_ids.mapped(lambda item: item._begins()))
        day = first + timedelta(days=1)
        while day <= last:
            if (day.month, day.day) in begins:
                found.append(day)
            day += timedelta(days=1)
        return found


class ActwinCalendarSeason(models.Model):
    """A part of the year, from a day on until the next season begins."""

    _name = "actwin.calendar.season"
    _description = "Season of a Calendar"
    _order = "calendar_id, id"

    calendar_id = fields.Many2one(
        "actwin.calendar", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="calendar_id.company_id", store=True, index=True)
    name = fields.Char(required=True, translate=True)
    month = fields.Selection(MONTHS, string="From Month", required=True, default="1")
    day = fields.Integer(string="From Day", required=True, default=1, aggregator=None)
    slot_ids = fields.One2many("actwin.calendar.slot", "season_id", string="Times", copy=True)

    @api.constrains("month", "day")
    def _check_begins(self):
        for season in self:
            try:
                date(2024, *season._begins())
            except ValueError:
                raise ValidationError(self.env._(
                    "Season %s begins on a day that no month has.", season.name)) from None

    @api.constrains("slot_ids")
    def _check_slots(self):
        for season in self:
            days = season._days()
            if "workday" not in days:
                raise ValidationError(self.env._(
                    "Season %s needs times for workdays; days without times of their own follow"
                    " them.", season.name))
            for slots in days.values():
                starts = [start for start, _band in slots]
                if len(set(starts)) != len(starts) or not 0 <= starts[0] <= starts[-1] < 24:
                    raise ValidationError(self.env._(
                        "In season %s two times of a day are the same, or not between 0:00 and"
                        " 23:59.", season.name))

    def _begins(self):
        return int(self.month or 1), self.day

    def _days(self):
        """{kind of day: [(hour of the day, band), …]} from midnight on, in the order of kinds.

        What begins last in a day runs on over midnight.
        """
        days = {}
        for kind, _word in DAY_KINDS:
            slots = self.slot_ids.filtered(lambda item, kind=kind: item.day_kind == kind)
            rows = sorted((slot.start, slot.band) for slot in slots if slot.band)
            if rows and rows[0][0]:
                rows.insert(0, (0.0, rows[-1][1]))
            if rows:
                days[kind] = rows
        return days

    def _facts(self):
        return {
            "key": str(self.id),
            "from": f"{int(self.month):02d}-{self.day:02d}",
            "days": {
                kind: [[self.calendar_id._clock(start), band] for start, band in rows]
                for kind, rows in self._days().items()
            },
        }


class ActwinCalendarSlot(models.Model):
    """From a time of the day on, a band counts, until the next one of that kind of day."""

    _name = "actwin.calendar.slot"
    _description = "Band of a Day"
    _order = "season_id, day_kind desc, start"

    season_id = fields.Many2one(
        "actwin.calendar.season", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="season_id.company_id", store=True, index=True)
    day_kind = fields.Selection(
        DAY_KINDS, string="Days", required=True, default="workday",
        help="Days without times of their own follow the workdays, holidays the Sundays.",
    )
    start = fields.Float(string="From", required=True, aggregator=None)
    band = fields.Selection(BANDS, required=True, default="t1")


class ActwinHoliday(models.Model):
    """A public holiday, for calendars whose bands differ on holidays."""

    _name = "actwin.holiday"
    _description = "Holiday"
    _order = "date desc"

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True)
    company_id = fields.Many2one(
        "res.company", index=True, default=lambda self: self.env.company,
        help="Empty: all companies.",
    )

    _date_uniq = models.UniqueIndex(
        "(company_id, date) NULLS NOT DISTINCT", "The day is a holiday already."
    )

from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ...core import cron

_lt = LazyTranslate(__name__)
_RUNS = 5
_WEEKDAYS = (
    _lt("Sunday"),
    _lt("Monday"),
    _lt("Tuesday"),
    _lt("Wednesday"),
    _lt("Thursday"),
    _lt("Friday"),
    _lt("Saturday"),
)
_MONTHS = (
    _lt("January"),
    _lt("February"),
    _lt("March"),
    _lt("April"),
    _lt("May"),
    _lt("June"),
    _lt("July"),
    _lt("August"),
    _lt("September"),
    _lt("October"),
    _lt("November"),
    _lt("December"),
)


class ActwinSchedule(models.Model):
    """A schedule's plans in words, and when they come next."""

    _inherit = "actwin.schedule"

    plan_words = fields.Text("In Words", compute="_compute_plan_words")
    next_runs = fields.Text("Next Readings", compute="_compute_plan_words")
    plan_zone = fields.Char("Time Zone", compute="_compute_plan_words")

    @api.depends(
        "poll_plan", "store_plan", "snapshots", "poll_seconds", "store_seconds", "device_ids"
    )
    @api.depends_context("lang", "tz")
    def _compute_plan_words(self):
        for schedule in self:
            zone = schedule._zone()
            schedule.plan_zone = zone.zone
            try:
                plans = {text: cron.parse(text) for _name, text in schedule._plan_texts()}
            except cron.CronError as error:
                schedule.plan_words = schedule._plan_mistake(error)
                schedule.next_runs = False
                continue
            schedule.plan_words = schedule._words(plans)
            schedule.next_runs = schedule._coming(plans, zone)

    def _zone(self):
        """The zone of the sites that use the schedule when it is one, else the user's."""
        # sudo: the zone is no secret, and the schedule serves sites the user may not see
        zones = set(self.sudo().device_ids.site_id.mapped("tz"))
        return pytz.timezone(zones.pop() if len(zones) == 1 else self.env.tz.zone)

    def _words(self, plans):
        say, period = self._plan_words_of, self._period_words
        reading = say(plans[self.poll_plan]) if self.poll_plan else period(self.poll_seconds)
        storing = say(plans[self.store_plan]) if self.store_plan else period(self.store_seconds)
        lines = [
            self.env._("Reads %s.", reading),
            self.env._("Stores a value %s.", storing),
        ]
        lines += [self.env._("Snapshot %s.", say(plans[text])) for text in self._snapshot_list()]
        return "\n".join(lines)

    def _coming(self, plans, zone):
        names = ([self.poll_plan] if self.poll_plan else []) + self._snapshot_list()
        now = datetime.now(zone).replace(tzinfo=None)
        runs = cron.next_runs([plans[name] for name in names], now, _RUNS)
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        form = f"{lang.date_format or '%Y-%m-%d'} %H:%M"
        return "\n".join(f"{self._weekday(run)} {run.strftime(form)}" for run in runs) or False

    def _plan_mistake(self, error):
        """What is wrong with a plan, in words."""
        reasons = {
            "five_fields": self.env._(
                "“%s” is no plan: five parts are needed, minute hour day month weekday, such as "
                "*/15 * * * * for every 15 minutes, or month_end.",
                error.part,
            ),
            "never": self.env._("“%s” never happens: there is no such day.", error.part),
            "minute": self.env._("“%s” is no minute: they go from 0 to 59.", error.part),
            "hour": self.env._("“%s” is no hour: they go from 0 to 23.", error.part),
            "day": self.env._("“%s” is no day of a month: they go from 1 to 31.", error.part),
            "month": self.env._("“%s” is no month: they go from 1 to 12.", error.part),
            "weekday": self.env._(
                "“%s” is no weekday: they go from 0 (Sunday) to 6 (Saturday), 7 is Sunday too.",
                error.part,
            ),
        }
        return reasons[error.code]

    def _period_words(self, seconds):
        for size, one, many in (
            (86400, self.env._("every day"), self.env._("every %s days", seconds // 86400)),
            (3600, self.env._("every hour"), self.env._("every %s hours", seconds // 3600)),
            (60, self.env._("every minute"), self.env._("every %s minutes", seconds // 60)),
        ):
            if seconds and seconds % size == 0:
                return one if seconds == size else many
        return self.env._("every %s seconds", seconds)

    def _plan_words_of(self, plan):
        """A plan in words, such as “every 15 minutes” or “every day at 00:05”."""
        if plan.text == cron.MONTH_END:
            return self.env._("at the end of each month (at midnight after its last day)")
        words = [self._time_words(plan), *self._day_words(plan)]
        if plan.month is not None:
            names = [self._month(number) for number in sorted(plan.month)]
            words.append(self.env._("in %s", self._listed(names)))
        return ", ".join(words)

    def _time_words(self, plan):
        minutes = sorted(plan.minute)
        step = _even_step(minutes, 60)
        if plan.hour is None and step:
            return self._period_words(step * 60)
        if plan.hour is None:
            return self.env._("every hour at minute %s", self._listed(map(str, minutes)))
        hours = sorted(plan.hour)
        if step and len(minutes) > 1:
            span = self._listed(f"{hour:02}:00–{hour:02}:59" for hour in hours)
            return self.env._(
                "%(period)s, between %(hours)s", period=self._period_words(60 * step), hours=span
            )
        if len(hours) * len(minutes) <= 12:
            times = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
            return (
                self.env._("every day at %s", self._listed(times))
                if _daily(plan)
                else self.env._("at %s", self._listed(times))
            )
        return self.env._(
            "in hours %(hours)s at minute %(minutes)s",
            hours=self._listed(map(str, hours)),
            minutes=self._listed(map(str, minutes)),
        )

    def _day_words(self, plan):
        words = []
        if plan.day is not None:
            days = self._listed(map(str, sorted(plan.day)))
            words.append(self.env._("on day %s of the month", days))
        if plan.weekday is not None:
            names = [self._day_name(day) for day in sorted(plan.weekday, key=lambda d: d or 7)]
            words.append(self.env._("on %s", self._listed(names)))
        if len(words) == 2:
            words = [self.env._("%(one)s or %(other)s", one=words[0], other=words[1])]
        return words

    def _listed(self, texts):
        return ", ".join(texts)

    def _weekday(self, moment):
        return self._day_name((moment.weekday() + 1) % 7)

    def _day_name(self, number):
        return self.env._(_WEEKDAYS[number])

    def _month(self, number):
        return self.env._(_MONTHS[number - 1])


def _daily(plan):
    return plan.day is None and plan.weekday is None


def _even_step(values, size):
    """The step of values that divide a circle of ``size`` evenly from 0, else None."""
    step = size // len(values)
    return step if values == list(range(0, size, step)) and step * len(values) == size else None

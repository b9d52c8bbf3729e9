import json
import logging
from collections import defaultdict
from decimal import Decimal

import psycopg2

from odoo import api, models
from odoo.tools import groupby

from ...tools.decimals import plain
from ..readings.rollup import literals
from ..readings.rollup_sql import NO_JIT
from . import figures_sql, watch_sql

_logger = logging.getLogger(__name__)


class ActwinAlarmWatch(models.AbstractModel):
    """Judges what rules watch, for whole sets of channels, whenever their figures changed.

    A rule is judged from the first changed day to the last figure, so that what comes late or
    comes again gives the same alarms. Only what is beyond a limit leaves the database.
    """

    _name = "actwin.alarm.watch"
    _description = "Watch of Alarm Rules"

    @api.model
    def _judge(self, days):
        """Raise and clear the alarms of channel days (channel id, day)… that were rolled up."""
        since = watch_sql.since(self.env.cr.now()).date()
        try:
            with self.env.cr.savepoint():
                self._settle(self._episodes(days, since))
        except psycopg2.DataError:
            # a figure no rule can handle: consumption must not wait for it
            _logger.exception("Alarm rules could not be judged on %s channel days", len(days))

    @api.model
    def _episodes(self, days, since, rules=None, known=True):
        """[_Key] of what is beyond limits, or was when an alarm was raised.

        :param since: days before are left out
        :param rules: ids of the rules to judge by, active or not; all active ones when not given
        :param known: whether alarms that were raised before count
        """
        if not self._fill(days, since, rules):
            return []
        cr = self.env.cr
        cr.execute("ANALYZE actwin_alarm_watch")
        cr.execute(
            "SELECT type, basis, CASE type WHEN 'rate' THEN rate_minutes END, min(read_ts)"
            " FROM actwin_alarm_watch GROUP BY 1, 2, 3"
        )
        rows = []
        for group in cr.fetchall():
            rows += self._judge_group(*group, known)
        return [_Key(key, items) for key, items in groupby(rows, lambda row: row[:3])]

    def _fill(self, days, since, rules=None):
        """Note in ``actwin_alarm_watch`` what rules watch there; whether there are any."""
        cr = self.env.cr
        self.env.flush_all()
        cr.execute(
            "SELECT DISTINCT type FROM actwin_alarm_rule WHERE type = ANY(%s)"
            " AND CASE WHEN %s::int[] IS NULL THEN active ELSE id = ANY(%s) END",
            [list(watch_sql.TYPES), rules, rules],
        )
        types = {row[0] for row in cr.fetchall()}
        if not types:
            return False
        cr.execute(NO_JIT)
        cr.execute(watch_sql.TABLE)
        parameters = literals(days) | {"since": since, "rules": rules, "types": list(types)}
        for group, statement in watch_sql.FILL.items():
            if types.intersection(group):
                cr.execute(statement, parameters)
        return True

    def _judge_group(self, type_, basis, rate, oldest, known):
        parameters = {
            "types": [type_],
            "basis": basis,
            "rate": rate,
            "oldest": oldest,
            "known": known,
            "now": self.env.cr.now(),
        }
        if basis in figures_sql.OF_STEPS:
            parameters |= self._source_days(type_, basis)
        if type_ == "formula":
            parameters["samples"] = json.dumps(self._formula_samples(basis, parameters))
        self.env.cr.execute(figures_sql.judged(type_, basis), parameters)
        return self.env.cr.fetchall()

    def _source_days(self, type_, basis):
        """Channel days whose readings give mean power."""
        self.env.cr.execute(
            """
            SELECT w.source_id, d.day::date
              FROM (SELECT source_id, min(((read_ts AT TIME ZONE 'UTC') AT TIME ZONE tz)::date)
                           AS first, max(tz) AS tz
                      FROM actwin_alarm_watch WHERE type = %s AND basis = %s GROUP BY 1) w
              JOIN actwin_channel c ON c.id = w.source_id
             CROSS JOIN LATERAL generate_series(
                 w.first, ((c.last_ts AT TIME ZONE 'UTC') AT TIME ZONE w.tz)::date, '1 day')
                 AS d (day)
            """,
            [type_, basis],
        )
        return literals(self.env.cr.fetchall())

    def _formula_samples(self, basis, parameters):
        """Values of the formulas wherever every name they read has a figure, as dicts."""
        self.env.cr.execute(figures_sql.parts(basis), parameters)
        moments = defaultdict(dict)
        for rule, point, part, span, s_from, s_to, value, whole in self.env.cr.fetchall():
            moments[rule, point, span, s_to][part] = (Decimal(value), s_from, whole)
        rules = self.env["actwin.alarm.rule"].browse({key[0] for key in moments})
        formulas = {rule.id: rule._compiled() for rule in rules}
        samples = []
        for (rule, point, span, s_to), inputs in moments.items():
            value = formulas[rule]({name: item[0] for name, item in inputs.items()})
            if value is not None:
                samples.append(
                    {
                        "rule_id": rule,
                        "point_id": point,
                        "channel_id": 0,
                        "span": span,
                        "s_from": min(item[1] for item in inputs.values()),
                        "s_to": s_to,
                        "value": plain(value),
                        "whole": basis == "month" or all(item[2] for item in inputs.values()),
                    }
                )
        return samples

    def _settle(self, keys):
        """Bring the alarms in line with what was found."""
        alarms = self.env["actwin.alarm"]
        alarms._raise([hit for key in keys for hit in key.seen()])
        alarms._clear([hit for key in keys for hit in key.over()])
        alarms._raise([hit for key in keys for hit in key.new()])


class _Key:
    """A rule at a point (and channel): its episodes, and the alarm that lasts so far."""

    def __init__(self, key, rows):
        names = ("rule_id", "point_id", "channel_id")
        self.key = dict(zip(names, key, strict=True))
        self.lasting, self.since, self.reopen, self.first, self.by_hand = rows[0][3:8]
        self.episodes = self._joined(_Episode(*row[8:]) for row in rows if row[8])
        self.same = None
        if self.lasting:
            found = (e for e in self.episodes if e.until is None or e.until >= self.since)
            self.same = next(found, None)

    def _joined(self, episodes):
        """The episodes, with what comes back soon as one with what was before."""
        joined = []
        for episode in episodes:
            before = joined[-1] if joined else None
            if before and not self._known(before) and episode.ts - before.until < self.reopen:
                before.go_on(episode)
            else:
                joined.append(episode)
        return joined

    def _known(self, episode):
        """Somebody has cleared it by hand."""
        return bool(self.by_hand) and episode.ts <= self.by_hand

    def seen(self):
        """What the alarm has gone on to show."""
        if self.same and self.same.ts_last and self.same.count:
            yield self.key | self.same.hit(until=None)

    def over(self):
        """The end of the alarm that lasted, unless it goes on or no figure tells."""
        if self.lasting and self.same and self.same.until:
            yield self.key | {"ts": self.same.until}
        elif self.lasting and not self.same and self.first:
            yield self.key | {"ts": max(self.first, self.since)}

    def new(self):
        """Episodes that are no part of that alarm."""
        for episode in self.episodes:
            if episode is not self.same and episode.ts_last and not self._known(episode):
                yield self.key | episode.hit(until=episode.until)


class _Episode:
    """A span beyond a limit."""

    def __init__(self, ts, until, ts_last, value, peak, limit, unit, count, beyond):
        self.ts, self.until, self.ts_last, self.count = ts, until, ts_last, count
        self.value, self.peak, self.limit, self.unit, self.beyond = value, peak, limit, unit, beyond

    def go_on(self, other):
        self.until, self.value, self.count = other.until, other.value, self.count + other.count
        self.ts_last = other.ts_last or self.ts_last
        if other.peak and (not self.peak or other.beyond > self.beyond):
            self.peak, self.limit, self.beyond = other.peak, other.limit, other.beyond

    def hit(self, until):
        return {
            "ts": self.ts,
            "ts_last": self.ts_last,
            "until": until,
            "count": max(self.count, 1),
            "value": self.value,
            "peak": self.peak,
            "limit": self.limit,
            "unit": self.unit,
        }


class ActwinRollup(models.AbstractModel):
    """Rules are judged in the rollup's wake, once figures and their validation are settled."""

    _inherit = "actwin.rollup"

    def _roll_days(self, days):
        touched = super()._roll_days(days)
        # sudo: alarms are written by nobody but their detectors
        self.env["actwin.alarm.watch"].sudo()._judge(touched)
        return touched

import time
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.decimals import array_literal
from . import rollup_sql

_CHUNK = 2_000
"""Channel days a statement: some 200,000 quarter-hour readings."""

EVER = (datetime(1990, 1, 1), datetime(2200, 1, 1))
_LOCK = "actwin_rollup"
_TABLES = ("actwin_consumption_hour", "actwin_consumption_day", "actwin_consumption_month")


class ActwinRollup(models.AbstractModel):
    """Keeps hour, day and month consumption in step with the readings.

    Ingest marks (channel, day of the site); processing a mark computes that day anew, and the day
    of the next reading, whose difference starts in it. The outcome depends on the readings alone,
    not on the order they came in: rebuilding gives the same rows bit for bit.
    """

    _name = "actwin.rollup"
    _description = "Consumption Rollup"

    @api.model
    def process_dirty(self, seconds=20):
        """Roll up what is marked, now. For operators and scripts, who repeat it until 0.

        :param seconds: no further chunk is begun after that time
        :return: number of channel days still marked
        """
        self._check_group("actwin_metering.group_operator")
        rollup = self.sudo()  # the tables have no ORM rights at all
        stop = time.monotonic() + seconds
        while rollup._process_dirty(limit=_CHUNK) and time.monotonic() < stop:
            pass
        return rollup._count_dirty()

    @api.model
    def rebuild(self, channel_ids, date_from, date_to):
        """Compute the rollups of channels anew from the readings. For administrators.

        :param date_from, date_to: days of the site, both included, as ISO text
        :return: number of channel days computed
        """
        self._check_group("actwin_metering.group_administrator")
        channels = self.env["actwin.channel"].browse(channel_ids)
        channels.check_access("read")
        # sudo: rollups are written by nobody; group and channels were checked above
        return self.sudo()._rebuild(channels.ids, date_from, date_to)

    def _check_group(self, group):
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(self.env._("You may not start the rollup."))

    @api.model
    def _process_dirty(self, limit=None, channel_ids=None):
        """Work off marks in this transaction, at most ``limit`` channel days; how many it were."""
        self.env.cr.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_LOCK])
        done = 0
        while limit is None or done < limit:
            chunk = _CHUNK if limit is None else min(_CHUNK, limit - done)
            taken = self._process_chunk(chunk, channel_ids)
            done += taken
            if not taken:
                break
        return done

    @api.model
    def _cron_process_dirty(self):
        """Work off marks chunk by chunk, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self._count_dirty())
        while self._try_lock():
            taken = self._process_chunk(_CHUNK)
            if not taken or not cron._commit_progress(taken):
                break

    def _try_lock(self):
        """Only one rollup at a time; whoever meets another one leaves the marks to it."""
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK])
        return self.env.cr.fetchone()[0]

    def _count_dirty(self):
        self.env.cr.execute(
            "SELECT count(*) FROM (SELECT DISTINCT channel_id, day FROM actwin_reading_dirty) marks"
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _rebuild(self, channel_ids, date_from, date_to):
        """Drop and compute anew the days ``date_from`` … ``date_to`` of channels."""
        start, end = self._mark_days(channel_ids, date_from, date_to)
        self.env.cr.execute(
            """
            DELETE FROM actwin_consumption_day
             WHERE channel_id = ANY(%(channels)s) AND day BETWEEN %(start)s::date AND %(end)s::date;
            DELETE FROM actwin_consumption_hour
             WHERE channel_id = ANY(%(channels)s) AND hour BETWEEN %(start)s AND %(end)s;
            """,
            {"channels": list(channel_ids), "start": start, "end": end},
        )
        return self._process_dirty(channel_ids=list(channel_ids))

    @api.model
    def _mark_days(self, channel_ids, date_from, date_to):
        """Have days ``date_from`` … ``date_to`` of channels computed again; their span in UTC.

        The marks reach a day to either side, whatever the zone; the same figures come out there.
        """
        start = datetime.combine(fields.Date.to_date(date_from), datetime.min.time())
        end = datetime.combine(fields.Date.to_date(date_to), datetime.max.time())
        self._mark(
            channel_ids, fields.Datetime.subtract(start, days=1), fields.Datetime.add(end, days=1)
        )
        return start, end

    @api.model
    def _mark(self, channel_ids, start=None, end=None):
        """Have the days of channels that hold figures between two UTC moments computed again."""
        if not channel_ids:
            return
        self.env.flush_all()
        span = {"start": start or EVER[0], "end": end or EVER[1]}
        self.env.cr.execute(rollup_sql.MARK, {"channels": list(channel_ids), **span})
        self._trigger()

    @api.model
    def _mark_moments(self, channel_id, moments):
        """Have the days of single readings of a channel computed again."""
        self.env.cr.execute(
            f"""
            INSERT INTO actwin_reading_dirty (channel_id, day)
            SELECT DISTINCT c.id, {rollup_sql.local_day("m.ts")}
              FROM unnest(%s::timestamp[]) AS m (ts), actwin_channel c
              JOIN actwin_site s ON s.id = c.site_id
             WHERE c.id = %s
            """,
            [list(moments), channel_id],
        )
        self._trigger()

    @api.model
    def _reset(self, channel_ids):
        """Forget the rollups of channels whose days are other ones now, and mark them all."""
        self._mark(channel_ids)
        for table in _TABLES:
            self.env.cr.execute(
                f"DELETE FROM {table} WHERE channel_id = ANY(%s)", [list(channel_ids)]
            )

    @api.model
    def _trigger(self):
        """Wake the rollup job, unless it is about to wake anyway."""
        cron = self.env.ref("actwin_metering.ir_cron_process_dirty", raise_if_not_found=False)
        if not cron:
            return
        self.env.cr.execute(
            "SELECT FROM ir_cron_trigger WHERE cron_id = %s AND call_at > now() at time zone 'utc' "
            "- interval '5 seconds' LIMIT 1",
            [cron.id],
        )
        if not self.env.cr.rowcount:
            # sudo: only wakes the rollup job
            cron.sudo()._trigger()

    def _process_chunk(self, limit, channel_ids=None):
        """Work off up to ``limit`` marked channel days; how many it were."""
        cr = self.env.cr
        cr.execute(rollup_sql.NO_JIT)
        cr.execute(rollup_sql.TAKE_MARKS, {"limit": limit, "channels": channel_ids})
        rows = cr.fetchall()
        if not rows:
            return 0
        self._roll_days(sorted({(channel, day) for channel, day, _marked in rows}))
        for name in ("hour", "day", "month"):
            self.env[f"actwin.consumption.{name}"].invalidate_model()
        return sum(marked for _channel, _day, marked in rows)

    def _roll_days(self, days):
        """Compute and validate channel days (channel id, day)…; those whose figures it touched."""
        cr, parameters = self.env.cr, literals(days)
        cr.execute(rollup_sql.ROLL_DAYS, parameters)
        # sudo: exceptions are written by nobody but the validation
        validation = self.env["actwin.validation"].sudo()
        changed = sorted(validation._judge_readings(parameters))
        if changed:
            # what was just held back must not stand in the figures for a moment
            cr.execute(rollup_sql.ROLL_DAYS, literals(changed))
            days = sorted({*days, *changed})
            parameters = literals(days)
        cr.execute(rollup_sql.ROLL_MONTHS, parameters)
        validation._judge_days(parameters)
        return days


def literals(days):
    """Parameters of the statements for (channel id, day) pairs."""
    return {
        "channels": array_literal(channel for channel, _day in days),
        "days": array_literal(day for _channel, day in days),
    }

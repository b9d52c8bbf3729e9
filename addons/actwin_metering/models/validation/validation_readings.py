import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.tools import groupby

from ...core.vee.judge import Limits, Reading, judge, judge_intervals
from ...tools.decimals import plain
from ..readings.rollup_sql import DAYS, SEGMENT, local_day
from .validation import HITS

_CODES = ("V02", "V06", "V18")
_END = timedelta(microseconds=1)  # a reading belongs to the interval that it ends

# most a register moves in an hour: what is stated for it, or its point's contract power
_LIMITS = """
, limits AS MATERIALIZED (
    SELECT t.channel_id, t.kind, c.interval_minutes,
           coalesce(
               nullif(c.max_per_hour, 0)::numeric * coalesce(nullif(r."limit", 0), 110) / 100,
               CASE WHEN c.unit = 'kWh' AND c.quantity IN ('active_import', 'active_export') THEN
                   nullif(p.contract_power_kw, 0) * coalesce(nullif(r.lower, 0), 200) / 100
                   / coalesce(i.multiplier, 1) END) AS per_hour,
           coalesce(i.multiplier, 1) AS multiplier
      FROM (SELECT DISTINCT channel_id, kind FROM todo) t
      JOIN actwin_channel c ON c.id = t.channel_id
      JOIN actwin_point p ON p.id = c.point_id
      JOIN actwin_validation_group g ON g.id = c.validation_group_id
      LEFT JOIN actwin_validation_rule r ON r.group_id = g.id AND r.code = 'V18' AND r.active
      LEFT JOIN LATERAL (
          SELECT min(multiplier) AS multiplier FROM actwin_meter_installation
           WHERE point_id = c.point_id) i ON true
     WHERE t.kind IN ('index', 'interval')
)"""

# what the rolled up days show: falls, and hours above the limit; and whatever was held before
_CANDIDATES = f"""{DAYS}{_LIMITS}
, odd AS (
    SELECT t.channel_id, t.day
      FROM todo t
      JOIN limits l USING (channel_id)
      JOIN actwin_consumption_day d USING (channel_id, day)
     WHERE CASE t.kind
           WHEN 'index' THEN d.faults > 0 OR d.rollovers > 0
           ELSE d.value_min < 0 OR d.value_max > l.per_hour * l.interval_minutes / 60 END
    UNION
    SELECT t.channel_id, t.day
      FROM todo t
      JOIN limits l USING (channel_id)
      JOIN actwin_consumption_hour h
        ON h.channel_id = t.channel_id AND h.hour >= t.start_ts AND h.hour < t.end_ts
     WHERE t.kind = 'index' AND h.consumption > l.per_hour * l.multiplier
    UNION
    SELECT t.channel_id, t.day
      FROM todo t JOIN limits USING (channel_id)
      JOIN actwin_validation_exception e
        ON e.channel_id = t.channel_id AND e.day BETWEEN t.day - 1 AND t.day
     WHERE e.scope = 'reading' AND e.state IN ('open', 'muted')
)
SELECT o.channel_id, l.kind, min(o.day), max(o.day), max(l.per_hour)::text, max(l.interval_minutes)
  FROM odd o JOIN limits l USING (channel_id)
 GROUP BY 1, 2
"""

# the readings around: two before, so that the last of the day before can be found out, and three
# after, which confirm
_READINGS = f"""
WITH todo AS MATERIALIZED (
    SELECT c.id AS channel_id, c.point_id, c.digits, s.tz,
           (((w.item->>1)::date)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
           (((w.item->>2)::date + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts
      FROM jsonb_array_elements(%(windows)s) AS w (item)
      JOIN actwin_channel c ON c.id = (w.item->>0)::int
      JOIN actwin_site s ON s.id = c.site_id
), around AS (
    SELECT t.*, coalesce((
               SELECT min(ts) FROM (
                   SELECT ts FROM actwin_reading
                    WHERE channel_id = t.channel_id AND ts <= t.start_ts AND quality IN (0, 2, 3)
                    ORDER BY ts DESC LIMIT 2) b), t.start_ts) AS since,
           coalesce((
               SELECT max(ts) FROM (
                   SELECT ts FROM actwin_reading
                    WHERE channel_id = t.channel_id AND ts > t.end_ts AND quality IN (0, 2, 3)
                    ORDER BY ts LIMIT 3) a), t.end_ts) AS till
      FROM todo t
)
SELECT t.channel_id, coalesce({SEGMENT}, 0) AS seg, extract(epoch FROM r.ts)::int8, r.value::text,
       r.quality IN (2, 3) OR EXISTS (
           SELECT FROM actwin_validation_exception e
            WHERE e.channel_id = r.channel_id AND e.ts = r.ts AND e.scope = 'reading'
              AND e.state = 'accepted') AS fixed,
       {local_day("r.ts", "t.tz")},
       (SELECT coalesce(nullif(t.digits, 0), m.digits, 0)
          FROM (VALUES (1)) one (row)
          LEFT JOIN actwin_meter_installation i ON i.id = {SEGMENT}
          LEFT JOIN actwin_meter m ON m.id = i.meter_id)
  FROM around t
  JOIN actwin_reading r ON r.channel_id = t.channel_id AND r.ts >= t.since AND r.ts <= t.till
 WHERE r.quality IN (0, 2, 3) OR EXISTS (
       SELECT FROM actwin_validation_exception e
        WHERE e.channel_id = r.channel_id AND e.ts = r.ts AND e.scope = 'reading'
          AND e.state IN ('open', 'muted') AND e.quality_before IS NOT NULL)
 ORDER BY 1, 2, 3
"""

# a verdict takes a valid reading out of the figures; one that is gone gives it back
_MARK = """
WITH held AS (
    UPDATE actwin_validation_exception e
       SET quality_before = r.quality::text
      FROM actwin_validation_hit h
      JOIN actwin_reading r ON r.channel_id = h.channel_id AND r.ts = h.ts
     WHERE e.channel_id = h.channel_id AND e.code = h.code AND e.ts = h.ts
       AND e.scope = 'reading' AND e.action = 'suspect' AND e.state IN ('open', 'muted')
       AND r.quality = 0
    RETURNING e.channel_id, e.ts, h.reject
)
UPDATE actwin_reading r SET quality = CASE WHEN h.reject THEN 4 ELSE 1 END
  FROM held h WHERE r.channel_id = h.channel_id AND r.ts = h.ts
RETURNING r.channel_id, r.ts
"""
_GIVE_BACK = """
WITH freed AS (
    UPDATE actwin_validation_exception e SET quality_before = NULL
     WHERE e.id = ANY(%s) AND e.quality_before IS NOT NULL
       AND NOT EXISTS (SELECT FROM actwin_validation_hit h
                        WHERE h.channel_id = e.channel_id AND h.ts = e.ts)
    RETURNING e.channel_id, e.ts
)
UPDATE actwin_reading r SET quality = 0
  FROM freed f WHERE r.channel_id = f.channel_id AND r.ts = f.ts AND r.quality IN (1, 4)
RETURNING r.channel_id, r.ts
"""


class ActwinValidation(models.AbstractModel):
    """V02, V06, V18 on single readings: what ``core/vee/judge.py`` says of odd registers."""

    _inherit = "actwin.validation"

    @api.model
    def _judge_readings(self, parameters):
        """Validate the readings behind a chunk of channel days that was just rolled up.

        :param parameters: array literals ``channels`` and ``days``, pairwise
        :return: {(channel id, day)} whose figures are other ones now
        """
        cr = self.env.cr
        cr.execute(_CANDIDATES, parameters)
        found = cr.fetchall()
        if not found:
            return set()
        windows = [[row[0], str(row[2]), str(row[3])] for row in found]
        cr.execute(_READINGS, {"windows": json.dumps(windows)})
        hits = self._verdicts(cr.fetchall(), {row[0]: row for row in found})
        cr.execute(HITS)
        cr.execute(
            """
            INSERT INTO actwin_validation_hit
            SELECT h.channel_id, h.code, h.day, h.ts, h.ts, h.reject, h.evidence
              FROM jsonb_to_recordset(%s) AS h (channel_id int, code text, day date, ts timestamp,
                                                reject boolean, evidence jsonb)
            """,
            [json.dumps(hits)],
        )
        cleared = self._settle("reading", _CODES, windows)
        cr.execute(_MARK)
        changed = cr.fetchall()
        cr.execute(_GIVE_BACK, [cleared])
        changed += cr.fetchall()
        if changed:
            self.env["actwin.reading.store"]._refresh_last({row[0] for row in changed})
        return self._days_of(changed)

    def _days_of(self, readings):
        """{(channel id, day of the site)} of (channel id, moment) pairs, marked and named."""
        days = set()
        for channel, rows in groupby(readings, key=lambda row: row[0]):
            moments = [row[1] for row in rows]
            self.env["actwin.rollup"]._mark_moments(channel, moments)
            zone = ZoneInfo(self.env["actwin.channel"].browse(channel).site_id.tz)
            for moment in moments:
                local = (moment - _END).replace(tzinfo=UTC).astimezone(zone)
                days.add((channel, local.date()))
        return days

    def _verdicts(self, rows, facts):
        """[hit as a dict] of readings (channel, segment, epoch, value, fixed, day, digits)."""
        series = defaultdict(list)
        days = {}
        for channel, segment, epoch, value, fixed, day, digits in rows:
            series[channel, segment, digits].append(Reading(epoch, Decimal(value), fixed))
            days[channel, epoch] = day
        hits = []
        for (channel, _segment, digits), readings in series.items():
            _id, kind, _first, _last, per_hour, minutes = facts[channel]
            limits = Limits(
                per_hour=None if per_hour is None else Decimal(per_hour),
                modulus=Decimal(10) ** digits if digits else None,
            )
            if kind == "index":
                verdicts = judge(readings, limits)
            else:
                verdicts = judge_intervals(readings, limits, minutes or 15)
            hits += [self._hit(channel, days[channel, item.ts], item) for item in verdicts]
        return hits

    def _hit(self, channel, day, verdict):
        evidence = {"found": plain(verdict.value), "usual": plain(verdict.base)}
        if verdict.shift:
            evidence["shift"] = True
        return {
            "channel_id": channel,
            "code": verdict.code,
            "day": str(day),
            "ts": _moment(verdict.ts),
            "reject": verdict.reject,
            "evidence": evidence,
        }


def _moment(epoch):
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")

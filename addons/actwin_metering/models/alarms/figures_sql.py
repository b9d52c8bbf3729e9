"""Figures that rules judge, and what became of them: alarms that began, last or ended.

``FIGURES[basis]`` gives the figures of every watched channel from ``read_ts`` on: (rule_id,
point_id, channel_id, part, span, s_from, s_to, value, whole). A figure stands for the time from
``s_from`` to ``s_to``; a month begins anew in ``span``; one that is not ``whole`` may still grow,
so that it is only told from it that it is too much. Ratios of the month are to date, as they are.
``SHAPES[type]`` makes of them the one figure that has limits, ``EPISODES`` the spans beyond them.
"""

from ..readings.rollup_sql import DAYS, STEPS
from .watch_sql import on_duty

_KEY = "rule_id, point_id, channel_id"
_WATCH = """watch AS MATERIALIZED (
    SELECT w.* FROM actwin_alarm_watch w
     WHERE w.type = ANY(%(types)s) AND w.basis = %(basis)s
       AND (%(rate)s::int IS NULL OR w.rate_minutes = %(rate)s)
)"""

_READING = """
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, date '-infinity' AS span, r.ts AS s_from,
           r.ts AS s_to, r.value, true AS whole
      FROM watch w
      JOIN actwin_reading r ON r.channel_id = w.source_id AND r.ts > w.read_ts
     WHERE r.ts > %(oldest)s AND r.quality IN (0, 2, 3)
"""
_POWER = """
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, date '-infinity' AS span,
           CASE x.kind WHEN 'instant' THEN x.ts
                WHEN 'interval' THEN x.ts - make_interval(mins => c.interval_minutes)
                ELSE x.since END AS s_from, x.ts AS s_to,
           CASE x.kind WHEN 'instant' THEN x.value
                WHEN 'interval' THEN x.used * 60 / nullif(c.interval_minutes, 0)
                ELSE x.used * 3600 / nullif(extract(epoch FROM x.ts - x.since), 0) END AS value,
           true AS whole
      FROM watch w
      JOIN actwin_channel c ON c.id = w.source_id
      JOIN steps x ON x.channel_id = w.source_id AND x.ts > w.read_ts
     WHERE x.counted AND x.real AND x.usable AND (x.used IS NOT NULL OR x.kind = 'instant')
"""
# the mean of each quarter of an hour, once it is over; a longer interval is a quarter's worth
_DEMAND = """
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, date '-infinity' AS span,
           min(x.begun) AS s_from, max(x.ts) AS s_to,
           CASE WHEN min(x.kind) = 'instant' THEN max(x.value)
                ELSE sum(x.used) * 3600 / nullif(extract(epoch FROM sum(x.ts - x.begun)), 0) END
               AS value, true AS whole
      FROM watch w
      JOIN actwin_channel c ON c.id = w.source_id
      JOIN (SELECT s.*, CASE s.kind
                       WHEN 'interval' THEN s.ts - make_interval(mins => k.interval_minutes)
                       WHEN 'index' THEN s.since ELSE s.ts END AS begun,
                   date_bin('15 minutes', s.ts - interval '1 microsecond', '2000-01-01')
                       + interval '15 minutes' AS quarter
              FROM steps s JOIN actwin_channel k ON k.id = s.channel_id
             WHERE s.counted AND s.real AND s.usable
               AND (s.used IS NOT NULL OR s.kind = 'instant')) x
        ON x.channel_id = w.source_id AND x.ts > w.read_ts AND x.quarter <= c.last_ts
     GROUP BY 1, 2, 3, 4, x.quarter
"""
_HOUR = """
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, date '-infinity' AS span, h.hour AS s_from,
           least(h.hour + interval '1 hour', till.ts) AS s_to, h.consumption AS value,
           h.hour + interval '1 hour' <= till.ts AS whole
      FROM watch w
      JOIN actwin_channel c ON c.id = w.source_id
     CROSS JOIN LATERAL (SELECT coalesce(c.last_ts, %(now)s) AS ts) till
      JOIN actwin_consumption_hour h
        ON h.channel_id = w.source_id AND h.hour >= date_trunc('hour', w.read_ts)
     WHERE h.consumption IS NOT NULL AND h.hour < till.ts
"""
_DAY_ENDS = """
     CROSS JOIN LATERAL (
         SELECT (d.day::timestamp AT TIME ZONE w.tz) AT TIME ZONE 'UTC' AS start_ts,
                ((d.day + 1)::timestamp AT TIME ZONE w.tz) AT TIME ZONE 'UTC' AS end_ts) b
     CROSS JOIN LATERAL (SELECT coalesce(c.last_ts, %(now)s) AS ts) till
"""
_DAY = f"""
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, date '-infinity' AS span,
           b.start_ts AS s_from, least(b.end_ts, till.ts) AS s_to, d.consumption AS value,
           b.end_ts <= till.ts AS whole
      FROM watch w
      JOIN actwin_channel c ON c.id = w.source_id
      JOIN actwin_consumption_day d
        ON d.channel_id = w.source_id
       AND d.day >= ((w.read_ts AT TIME ZONE 'UTC') AT TIME ZONE w.tz)::date
    {_DAY_ENDS}
     WHERE d.consumption IS NOT NULL AND b.start_ts < till.ts
"""
# what has come together since the month began; it is whole on the month's last day
_MONTH = f"""
    SELECT w.rule_id, w.point_id, w.channel_id, w.part, m.month AS span, b.start_ts AS s_from,
           least(b.end_ts, till.ts) AS s_to,
           sum(d.consumption) OVER (
               PARTITION BY w.rule_id, w.point_id, w.channel_id, w.part, m.month ORDER BY d.day)
               AS value,
           b.end_ts <= till.ts AND date_trunc('month', d.day + 1) > m.month AS whole
      FROM watch w
      JOIN actwin_channel c ON c.id = w.source_id
      JOIN actwin_consumption_day d
        ON d.channel_id = w.source_id AND d.day >= date_trunc('month', w.day)::date
     CROSS JOIN LATERAL (SELECT date_trunc('month', d.day)::date AS month) m
    {_DAY_ENDS}
     WHERE d.consumption IS NOT NULL AND b.start_ts < till.ts
"""

_FIGURES = {
    "reading": _READING,
    "power": _POWER,
    "demand": _DEMAND,
    "hour": _HOUR,
    "day": _DAY,
    "month": _MONTH,
}
OF_STEPS = ("power", "demand")
"""Bases that need the differences between readings."""


def figures(basis):
    """Beginning of a statement: the CTE ``watch`` and ``figure``, its figures on a basis."""
    first = f"{DAYS}{STEPS}, " if basis in OF_STEPS else "WITH "
    return f"{first}{_WATCH}, figure AS MATERIALIZED ({_FIGURES[basis]})"


_PLAIN = f", sample AS (SELECT {_KEY}, span, s_from, s_to, value, whole FROM figure)"

# reactive energy without any active one is beyond every limit, hence the most that is shown
_RATIO = """
, sample AS (
    SELECT n.rule_id, n.point_id, n.channel_id, n.span, n.s_from, n.s_to,
           CASE WHEN greatest(n.value, d.value) < r.min_base OR n.value <= 0 AND d.value <= 0
                    THEN NULL
                WHEN d.value <= 0 THEN 99999
                ELSE least(100 * n.value / d.value, 99999) END AS value,
           r.basis = 'month' OR n.whole AND d.whole AS whole
      FROM figure n
      JOIN figure d USING (rule_id, point_id, channel_id, s_to)
      JOIN actwin_alarm_rule r ON r.id = n.rule_id
     WHERE n.part = 'n' AND d.part = 'd'
)"""
# the greatest change from any figure within the time before
_RATE = f"""
, sample AS (
    SELECT f.rule_id, f.point_id, f.channel_id, f.span, f.s_from, f.s_to,
           CASE WHEN r.rate_percent THEN 100 * (f.value - f.base) / nullif(abs(f.base), 0)
                ELSE f.value - f.base END AS value, f.whole
      FROM (SELECT figure.*, CASE rule.direction WHEN 'above' THEN min(value) OVER past
                                  ELSE max(value) OVER past END AS base
              FROM figure JOIN actwin_alarm_rule rule ON rule.id = figure.rule_id
            WINDOW past AS (
                PARTITION BY {_KEY} ORDER BY s_to
                RANGE BETWEEN make_interval(mins => %(rate)s) PRECEDING AND CURRENT ROW)) f
      JOIN actwin_alarm_rule r ON r.id = f.rule_id
)"""
_FORMULA = f"""
WITH {_WATCH}, sample AS (
    SELECT * FROM jsonb_to_recordset(%(samples)s) AS x (
        rule_id int, point_id int, channel_id int, span date, s_from timestamp, s_to timestamp,
        value numeric, whole boolean)
)"""
_SHAPES = {"threshold": _PLAIN, "band": _PLAIN, "ratio": _RATIO, "rate": _RATE}

PARTS = (
    "SELECT rule_id, point_id, part, span::text, s_from::text, s_to::text, value::text, whole"
    " FROM figure WHERE value IS NOT NULL ORDER BY rule_id, point_id, s_to"
)

# a reading at the end of an hour belongs to it; of an interval its beginning counts
_MOMENT = """(CASE WHEN s.s_from < s.s_to THEN s.s_from
                       ELSE s.s_to - interval '1 microsecond' END)"""
_ON_DUTY = f"""(w.always OR EXISTS (
    SELECT FROM actwin_alarm_rule r
     WHERE r.id = w.rule_id AND {on_duty("r", _MOMENT, "w.tz", "w.basis IN ('day', 'month')")}))"""

# mark: 1 beyond a limit, 0 inside it, none in between, where it stays what it was. A month that
# cannot be judged yet has begun all the same
_MARKS = f"""
, bounds AS MATERIALIZED (
    SELECT DISTINCT ON ({_KEY}) * FROM watch ORDER BY {_KEY}, part DESC
), marks AS MATERIALIZED (
    SELECT s.*, CASE
               WHEN s.value IS NULL OR NOT {_ON_DUTY} THEN 0
               WHEN s.value > w.upper OR s.value < w.lower THEN 1
               WHEN s.value > w.upper - w.hysteresis OR s.value < w.lower + w.hysteresis THEN NULL
               ELSE 0 END AS mark
      FROM sample s JOIN bounds w USING ({_KEY})
     WHERE (s.value IS NOT NULL OR w.basis = 'month') AND s.s_to > w.from_ts
       AND (s.whole OR w.type IN ('threshold', 'band') AND s.value > w.upper)
)"""

# keys at which something is, or was, beyond a limit; held: an alarm is on as the figures begin
_COURSE = f"""
, alarms AS MATERIALIZED (
    SELECT a.id, w.rule_id, w.point_id, w.channel_id, w.from_ts, w.basis, a.ts, a.ts_last,
           a.open OR a.still_on AS lasting, a.cleared_by IS NOT NULL AS by_hand
      FROM bounds w
      JOIN actwin_alarm a ON a.rule_id = w.rule_id AND coalesce(a.point_id, 0) = w.point_id
       AND coalesce(a.channel_id, 0) = w.channel_id
     WHERE %(known)s AND (a.open OR a.still_on OR a.cleared_ts > w.from_ts)
), odd AS MATERIALIZED (
    SELECT {_KEY} FROM marks WHERE mark = 1
    UNION SELECT {_KEY} FROM alarms WHERE lasting
), course AS MATERIALIZED (
    SELECT {_KEY}, span, s_from, s_to, value, mark, false AS held
      FROM marks JOIN odd USING ({_KEY})
    UNION ALL
    SELECT DISTINCT {_KEY}, date '-infinity', from_ts, from_ts, NULL::numeric, 1, true
      FROM alarms WHERE ts <= from_ts AND basis <> 'month'
)"""

# neighbouring figures on one side of the limit are a run. A run inside it that lasts ends what was
# before (a new chain), the first run beyond it that lasts begins an alarm
_CHAINS = f"""
, filled AS (
    SELECT s.*, coalesce(max(mark) OVER (PARTITION BY {_KEY}, span, ahead), 0) AS beyond
      FROM (SELECT *, count(mark) OVER w AS ahead FROM course
            WINDOW w AS (PARTITION BY {_KEY}, span ORDER BY s_to, s_from, held DESC)) s
), numbered AS MATERIALIZED (
    SELECT *, sum(turn) OVER w AS run
      FROM (SELECT *, (beyond IS DISTINCT FROM lag(beyond) OVER w)::int AS turn FROM filled
            WINDOW w AS (PARTITION BY {_KEY}, span ORDER BY s_to, s_from, held DESC)) f
    WINDOW w AS (PARTITION BY {_KEY}, span ORDER BY s_to, s_from, held DESC)
), runs AS (
    SELECT {_KEY}, span, run, beyond, min(s_from) AS s_from,
           bool_or(held) OR max(s_to) - min(s_from)
               >= max(CASE beyond WHEN 1 THEN hold ELSE calm END) AS lasts
      FROM numbered JOIN bounds USING ({_KEY})
     GROUP BY {_KEY}, span, run, beyond
), chained AS MATERIALIZED (
    SELECT *, count(*) FILTER (WHERE beyond = 0 AND lasts) OVER w AS chain
      FROM runs WINDOW w AS (PARTITION BY {_KEY}, span ORDER BY run)
), chains AS (
    SELECT {_KEY}, span, chain, min(run) FILTER (WHERE beyond = 1 AND lasts) AS first_run,
           min(s_from) FILTER (WHERE beyond = 1 AND lasts) AS ts,
           min(s_from) FILTER (WHERE beyond = 0 AND lasts) AS calm_from
      FROM chained GROUP BY {_KEY}, span, chain
), bounded AS (
    SELECT *, lead(calm_from) OVER (PARTITION BY {_KEY}, span ORDER BY chain) AS ended,
           max(span) OVER (PARTITION BY {_KEY}) AS last_span
      FROM chains
)"""

# one row an episode, and one for an alarm that lasts without one; a month's alarm ends with it
EPISODES = f"""{_MARKS}{_COURSE}{_CHAINS}
, episodes AS (
    SELECT {_KEY}, b.ts,
           coalesce(b.ended, CASE WHEN span < b.last_span THEN ((span + interval '1 month')
                AT TIME ZONE w.tz) AT TIME ZONE 'UTC' END) AS until,
           max(n.s_to) FILTER (WHERE n.mark = 1) AS ts_last,
           (array_agg(n.value ORDER BY n.s_to DESC) FILTER (WHERE n.mark = 1))[1] AS value,
           (array_agg(n.value ORDER BY greatest(n.value - w.upper, w.lower - n.value) DESC)
                FILTER (WHERE n.mark = 1))[1] AS peak,
           count(*) FILTER (WHERE n.mark = 1 AND (
               a.id IS NULL OR n.s_to > a.ts_last AND n.s_from >= a.ts_last)) AS count
      FROM bounded b
      JOIN bounds w USING ({_KEY})
      LEFT JOIN (SELECT * FROM alarms WHERE lasting) a USING ({_KEY})
      JOIN chained c USING ({_KEY}, span, chain)
      LEFT JOIN (SELECT * FROM numbered WHERE NOT held) n USING ({_KEY}, span, run)
     WHERE c.run >= b.first_run AND c.beyond = 1
     GROUP BY {_KEY}, span, b.ts, b.ended, b.last_span, w.tz
)
SELECT rule_id, point_id, nullif(channel_id, 0), a.id IS NOT NULL, a.ts,
       make_interval(mins => coalesce(r.reopen_minutes, 0)), begun.ts, hand.ts, e.ts, e.until,
       e.ts_last, e.value::text, e.peak::text,
       (CASE WHEN e.peak > w.upper OR w.lower IS NULL THEN w.upper ELSE w.lower END)::text,
       w.unit, e.count, greatest(e.peak - w.upper, w.lower - e.peak)
  FROM odd
  JOIN bounds w USING ({_KEY})
  JOIN actwin_alarm_rule r ON r.id = w.rule_id
  LEFT JOIN (SELECT * FROM alarms WHERE lasting) a USING ({_KEY})
  LEFT JOIN episodes e USING ({_KEY})
  LEFT JOIN (SELECT {_KEY}, min(s_from) AS ts FROM course WHERE NOT held GROUP BY {_KEY}) begun
      USING ({_KEY})
  LEFT JOIN (SELECT {_KEY}, max(ts_last) AS ts FROM alarms WHERE by_hand GROUP BY {_KEY}) hand
      USING ({_KEY})
 ORDER BY 1, 2, 3, e.ts
"""


def judged(type_, basis):
    """The statement that gives the episodes of a type of rules on a basis."""
    if type_ == "formula":
        return f"{_FORMULA}{EPISODES}"
    return f"{figures(basis)}{_SHAPES[type_]}{EPISODES}"


def parts(basis):
    """The statement that gives the figures themselves, for formulas."""
    return f"{figures(basis)}{PARTS}"

"""Statements of virtual channels: their inputs by hour, day and month, and their own rows."""

from ..readings.rollup_sql import COLUMNS, DAY_COLUMNS, put

# the sum of a name's channels in each bucket; whole: every one of them has a figure there
_SUMMED = """
       count(c.consumption) = size.n AS whole, sum(c.consumption)::text,
       max(array_position(ARRAY['0', '3', '2', '1', '4'], c.quality::text)), min(c.count),
       max(c.estimated), sum(c.suspects)::int, sum(c.rollovers)::int, sum(c.faults)::int
"""
_ASKED = """
WITH asked AS MATERIALIZED (
    SELECT a.n, a.formula_id, a.day, i.id AS input_id, i.name
      FROM jsonb_to_recordset(%(asked)s) AS a (n int, formula_id int, day date)
      JOIN actwin_formula_input i ON i.formula_id = a.formula_id
), size AS (
    SELECT input_id, count(*) AS n FROM actwin_formula_input_channel_rel GROUP BY 1
)"""

HOURS = f"""{_ASKED}
SELECT a.n, a.name, c.hour, {_SUMMED}
  FROM asked a
  JOIN size USING (input_id)
  JOIN actwin_formula_input_channel_rel r USING (input_id)
  JOIN actwin_channel k ON k.id = r.channel_id
  JOIN actwin_site s ON s.id = k.site_id
  JOIN actwin_consumption_hour c
    ON c.channel_id = k.id AND c.hour >= (a.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC'
   AND c.hour < ((a.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC'
 GROUP BY a.n, a.name, c.hour, size.n
"""
DAYS = f"""{_ASKED}
SELECT a.n, a.name, c.day, {_SUMMED}
  FROM asked a
  JOIN size USING (input_id)
  JOIN actwin_formula_input_channel_rel r USING (input_id)
  JOIN actwin_consumption_day c ON c.channel_id = r.channel_id AND c.day = a.day
 GROUP BY a.n, a.name, c.day, size.n
"""
MONTHS = f"""{_ASKED}
SELECT a.n, a.name, c.month, {_SUMMED}
  FROM asked a
  JOIN size USING (input_id)
  JOIN actwin_formula_input_channel_rel r USING (input_id)
  JOIN actwin_consumption_month c ON c.channel_id = r.channel_id AND c.month = a.day
 GROUP BY a.n, a.name, c.month, size.n
"""

_ROW = """channel_id int, bucket {type}, consumption numeric, quality text, count int,
    estimated int, suspects int, rollovers int, faults int"""


def _new(name, kind, extra=""):
    return f"""
    SELECT channel_id, bucket AS {name}, consumption, NULL::numeric AS value_min,
           NULL::numeric AS value_max, count, estimated, suspects, quality, rollovers, faults{extra}
      FROM jsonb_to_recordset(%(rows)s) AS x ({_ROW.format(type=kind)})"""


PUT_HOURS = f"""
WITH todo AS MATERIALIZED (
    SELECT t.channel_id, (t.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
           ((t.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
      JOIN actwin_channel c ON c.id = t.channel_id JOIN actwin_site s ON s.id = c.site_id
), hours AS MATERIALIZED ({_new("hour", "timestamp")}
), gone AS (
    DELETE FROM actwin_consumption_hour h USING todo t
     WHERE h.channel_id = t.channel_id AND h.hour >= t.start_ts AND h.hour < t.end_ts
       AND NOT EXISTS (SELECT FROM hours n WHERE n.channel_id = h.channel_id AND n.hour = h.hour)
)
{put("actwin_consumption_hour", "hour", "hours", COLUMNS)}
"""
_NO_INDEX = ", NULL::numeric AS index_first, NULL::numeric AS index_last"
PUT_DAYS = f"""
WITH days AS MATERIALIZED ({_new("day", "date", _NO_INDEX)}
), gone AS (
    DELETE FROM actwin_consumption_day d
     USING unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
     WHERE d.channel_id = t.channel_id AND d.day = t.day
       AND NOT EXISTS (SELECT FROM days n WHERE n.channel_id = d.channel_id AND n.day = d.day)
)
{put("actwin_consumption_day", "day", "days", DAY_COLUMNS)}
"""
# a month is known when each of its days with figures is
PUT_MONTHS = f"""
WITH todo AS (
    SELECT DISTINCT channel_id, date_trunc('month', day)::date AS month
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
), anew AS MATERIALIZED ({_new("month", "date")}
), months AS MATERIALIZED (
    SELECT t.channel_id, t.month,
           CASE WHEN bool_and(a.channel_id IS NOT NULL) THEN max(a.consumption)
                WHEN count(d.consumption) = count(*) THEN trim_scale(sum(d.consumption)) END
               AS consumption,
           NULL::numeric AS value_min, NULL::numeric AS value_max, sum(d.count) AS count,
           sum(d.estimated) AS estimated, sum(d.suspects) AS suspects,
           (ARRAY['0', '3', '2', '1', '4'])[
               max(array_position(ARRAY['0', '3', '2', '1', '4'], d.quality::text))] AS quality,
           sum(d.rollovers) AS rollovers, sum(d.faults) AS faults
      FROM todo t
      JOIN actwin_consumption_day d
        ON d.channel_id = t.channel_id AND d.day >= t.month
       AND d.day < (t.month + interval '1 month')::date
      LEFT JOIN anew a ON a.channel_id = t.channel_id AND a.month = t.month
     GROUP BY 1, 2
), gone AS (
    DELETE FROM actwin_consumption_month m USING todo t
     WHERE m.channel_id = t.channel_id AND m.month = t.month
       AND NOT EXISTS (SELECT FROM months n
                        WHERE n.channel_id = m.channel_id AND n.month = m.month)
)
{put("actwin_consumption_month", "month", "months", COLUMNS)}
"""

# whoever reads a channel that was just computed
DEPENDENTS = """
INSERT INTO actwin_reading_dirty (channel_id, day)
SELECT DISTINCT f.channel_id, t.day
  FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
  JOIN actwin_formula_input_channel_rel r ON r.channel_id = t.channel_id
  JOIN actwin_formula_input i ON i.id = r.input_id
  JOIN actwin_formula f ON f.id = i.formula_id
"""
# days on which what a formula reads has figures
MARK = """
INSERT INTO actwin_reading_dirty (channel_id, day)
SELECT DISTINCT f.channel_id, d.day
  FROM actwin_formula f
  JOIN actwin_formula_input i ON i.formula_id = f.id
  JOIN actwin_formula_input_channel_rel r ON r.input_id = i.id
  JOIN actwin_consumption_day d ON d.channel_id = r.channel_id
 WHERE f.channel_id = ANY(%(channels)s)
   AND d.day BETWEEN (%(start)s::timestamp - interval '1 day')::date
                 AND (%(end)s::timestamp + interval '1 day')::date
"""

"""Statements of a span's figures: exact, from the readings or from the rollups where these hold.

``BETWEEN`` walks through every reading of the span. ``ROLLED`` gives the very same figures for
the channels it lists, without opening more of the readings than it must: months and days that
lie whole inside the span come from the rollups, the rest (the edges, and days a mark says are
out of date) from the readings. It leaves out channels whose span is not all one meter's.
"""

from .rollup_sql import SPAN, STEPS, local_day

BETWEEN = f"""{SPAN}{STEPS}
, totals AS (
    SELECT channel_id, sum(used) FILTER (WHERE counted) AS consumption,
           count(*) FILTER (WHERE counted AND real AND usable) AS count,
           count(*) FILTER (WHERE counted AND real AND usable AND quality = 2) AS estimated,
           count(*) FILTER (WHERE counted AND real AND NOT usable) AS suspect,
           sum(fault) FILTER (WHERE counted) AS faults,
           sum(rollover) FILTER (WHERE counted) AS rollovers,
           max(ts) FILTER (WHERE usable AND NOT counted) AS first_ts,
           max(ts) FILTER (WHERE usable) AS last_ts,
           (array_agg(value ORDER BY ts DESC, ord DESC)
               FILTER (WHERE usable AND NOT counted))[1] AS first_index,
           (array_agg(value ORDER BY ts DESC, ord DESC) FILTER (WHERE usable))[1] AS last_index
      FROM steps GROUP BY 1
), segments AS (
    -- a series begins in the span with the last index before it, not with the meter's first one
    SELECT channel_id, seg, min(serial) AS serial, max(multiplier) AS multiplier, min(ts) AS since,
           coalesce((array_agg(value ORDER BY ts DESC, ord DESC) FILTER (WHERE NOT counted))[1],
                    (array_agg(value ORDER BY ts, ord))[1]) AS first_index,
           (array_agg(value ORDER BY ts DESC, ord DESC))[1] AS last_index,
           coalesce(sum(used) FILTER (WHERE counted), 0) AS consumption
      FROM steps WHERE usable AND kind = 'index' GROUP BY 1, 2
), listed AS (
    SELECT channel_id,
           jsonb_agg(jsonb_build_array(
               serial, trim_scale(first_index)::text, trim_scale(last_index)::text,
               trim_scale(multiplier)::text, trim_scale(consumption)::text)
               ORDER BY since, seg) AS segments
      FROM segments GROUP BY 1
)
SELECT t.channel_id, t.kind, trim_scale(o.consumption)::text,
       trim_scale(o.first_index)::text, o.first_ts, trim_scale(o.last_index)::text, o.last_ts,
       coalesce(o.count, 0), coalesce(o.estimated, 0), coalesce(o.suspect, 0),
       coalesce(o.faults, 0), coalesce(o.rollovers, 0),
       l.segments
  FROM todo t LEFT JOIN totals o USING (channel_id) LEFT JOIN listed l USING (channel_id)
"""

_USABLE = "channel_id = c.id AND quality IN (0, 2, 3)"

# channels measured by one meter, or by none that is known, from the reading before the span on
_STEADY = f"""
WITH steady AS MATERIALIZED (
    SELECT DISTINCT ON (c.id)
           c.id AS channel_id, c.kind, c.point_id, c.site_id, c.company_id, s.tz,
           i.id AS seg, i.date_from AS seg_from, i.id IS NOT NULL AS metered,
           coalesce(i.multiplier, 1) AS multiplier, m.serial,
           b.ts AS first_ts, b.value AS first_index, e.ts AS last_ts, e.value AS last_index
      FROM actwin_channel c
      JOIN actwin_site s ON s.id = c.site_id
      LEFT JOIN actwin_meter_installation i
        ON i.point_id = c.point_id AND i.date_from <= %(start)s
       AND (i.date_to IS NULL OR i.date_to > %(end)s)
      LEFT JOIN actwin_meter m ON m.id = i.meter_id
      LEFT JOIN LATERAL (
         SELECT ts, value FROM actwin_reading
          WHERE {_USABLE} AND ts <= %(start)s AND c.kind = 'index'
          ORDER BY ts DESC LIMIT 1) b ON true
      LEFT JOIN LATERAL (
         SELECT ts, value FROM actwin_reading
          WHERE {_USABLE} AND ts <= %(end)s AND (c.kind = 'index' OR ts > %(start)s)
          ORDER BY ts DESC LIMIT 1) e ON true
     WHERE c.id = ANY(%(channels)s)
       AND (c.kind <> 'index' OR b.ts > coalesce(i.date_from, '-infinity'))
       AND (i.id IS NOT NULL OR c.point_id NOT IN (SELECT point_id FROM actwin_meter_installation))
)"""

# per site: whole days [first_day, after_day), whole months [first_month, after_month) of them,
# and where the whole days begin and end in UTC
_CALENDAR = """
, zones AS (
    SELECT DISTINCT site_id, tz,
           (%(start)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE tz)::date AS start_day,
           (%(end)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE tz)::date AS after_day
      FROM steady
), whole_days AS (
    SELECT site_id, tz, after_day,
           start_day + ((start_day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC'
                        < %(start)s)::int AS first_day
      FROM zones
), calendar AS MATERIALIZED (
    SELECT w.*,
           least((first_day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC', %(end)s) AS begins,
           greatest((after_day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC',
                    least((first_day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC', %(end)s))
               AS finishes,
           date_trunc('month', first_day + interval '1 month' - interval '1 day')::date
               AS first_month,
           greatest(date_trunc('month', after_day)::date,
                    date_trunc('month', first_day + interval '1 month' - interval '1 day')::date)
               AS after_month
      FROM whole_days w
)"""

# a mark reaches to the day of the next usable reading, whose difference starts in the marked one
_STALE = f"""
, marks AS MATERIALIZED (
    SELECT DISTINCT s.channel_id, s.kind, d.day, k.tz, k.first_day, k.after_day
      FROM steady s
      JOIN actwin_reading_dirty d ON d.channel_id = s.channel_id
      JOIN calendar k ON k.site_id = s.site_id
     WHERE d.day < k.after_day
), stale AS MATERIALIZED (
    SELECT channel_id, day FROM marks WHERE day >= first_day
    UNION
    SELECT m.channel_id, {local_day("n.ts", "m.tz")}
      FROM marks m
     CROSS JOIN LATERAL (
         SELECT ts FROM actwin_reading
          WHERE channel_id = m.channel_id AND quality IN (0, 2, 3) AND ts <= %(end)s
            AND ts > ((m.day + 1)::timestamp AT TIME ZONE m.tz) AT TIME ZONE 'UTC'
          ORDER BY ts LIMIT 1) n
     WHERE m.kind = 'index' AND {local_day("n.ts", "m.tz")} >= m.first_day
       AND {local_day("n.ts", "m.tz")} < m.after_day
)"""

_COLUMNS = "consumption, count, estimated, suspects, faults, rollovers"

_KNOWN = f"""
, months AS MATERIALIZED (
    SELECT s.channel_id, m.month::date AS month,
           EXISTS (SELECT FROM stale x
                    WHERE x.channel_id = s.channel_id AND x.day >= m.month
                      AND x.day < m.month + interval '1 month') AS stale
      FROM steady s
      JOIN calendar k USING (site_id)
     CROSS JOIN LATERAL generate_series(
         k.first_month::timestamp, k.after_month - interval '1 day', interval '1 month') m (month)
), ranges AS (
    SELECT s.channel_id, k.first_day AS since, least(k.first_month, k.after_day) AS till
      FROM steady s JOIN calendar k USING (site_id) WHERE k.first_day < k.first_month
    UNION ALL
    SELECT s.channel_id, k.after_month, k.after_day
      FROM steady s JOIN calendar k USING (site_id) WHERE k.after_month < k.after_day
    UNION ALL
    SELECT channel_id, month, (month + interval '1 month')::date FROM months WHERE stale
), known AS (
    SELECT m.channel_id, {_COLUMNS}
      FROM months m JOIN actwin_consumption_month c USING (channel_id, month) WHERE NOT m.stale
    UNION ALL
    SELECT r.channel_id, {_COLUMNS}
      FROM ranges r
      JOIN actwin_consumption_day d
        ON d.channel_id = r.channel_id AND d.day >= r.since AND d.day < r.till
     WHERE NOT EXISTS (SELECT FROM stale x WHERE x.channel_id = d.channel_id AND x.day = d.day)
)"""

_PIECES = """
, pieces AS (
    SELECT s.channel_id, k.first_day - 1 AS day, %(start)s::timestamp AS start_ts,
           k.begins AS end_ts
      FROM steady s JOIN calendar k USING (site_id) WHERE k.begins > %(start)s
    UNION ALL
    SELECT x.channel_id, x.day, (x.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC',
           ((x.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC'
      FROM stale x JOIN steady s USING (channel_id)
    UNION ALL
    SELECT s.channel_id, k.after_day, k.finishes, %(end)s
      FROM steady s JOIN calendar k USING (site_id) WHERE k.finishes < %(end)s
), todo AS MATERIALIZED (
    SELECT p.*, s.kind, s.point_id, s.site_id, s.company_id, s.seg, s.seg_from, s.metered
      FROM pieces p JOIN steady s USING (channel_id)
)"""

ROLLED = f"""{_STEADY}{_CALENDAR}{_STALE}{_KNOWN}{_PIECES}{STEPS}
, counted AS (
    SELECT * FROM known
    UNION ALL
    SELECT channel_id, sum(used), count(*) FILTER (WHERE real AND usable),
           count(*) FILTER (WHERE real AND usable AND quality = 2),
           count(*) FILTER (WHERE real AND NOT usable), sum(fault), sum(rollover)
      FROM steps WHERE counted GROUP BY 1
), totals AS (
    SELECT channel_id, sum(consumption) AS consumption, sum(count) AS count,
           sum(estimated) AS estimated, sum(suspects) AS suspect, sum(faults) AS faults,
           sum(rollovers) AS rollovers
      FROM counted GROUP BY 1
)
SELECT s.channel_id, s.kind, trim_scale(o.consumption)::text,
       trim_scale(s.first_index)::text, s.first_ts, trim_scale(s.last_index)::text, s.last_ts,
       coalesce(o.count, 0)::int8, coalesce(o.estimated, 0)::int8, coalesce(o.suspect, 0)::int8,
       coalesce(o.faults, 0)::int8, coalesce(o.rollovers, 0)::int8,
       CASE WHEN s.kind = 'index' THEN
           jsonb_build_array(jsonb_build_array(
               s.serial, trim_scale(s.first_index)::text, trim_scale(s.last_index)::text,
               trim_scale(s.multiplier)::text,
               trim_scale(coalesce(o.consumption, 0))::text)) END
  FROM steady s LEFT JOIN totals o USING (channel_id)
"""

SLOTS = f"""{SPAN}{STEPS}
SELECT channel_id,
       floor(extract(epoch FROM ts - interval '1 microsecond' - %(start)s) / %(seconds)s)::int,
       trim_scale(sum(used))::text
  FROM steps WHERE counted AND used IS NOT NULL
 GROUP BY 1, 2
"""
"""What each channel counted in each interval of ``seconds`` of a span: (id, number, energy)."""

"""What was expected of channels on days, and what came."""

# a day is expected while a meter hangs at the point; without any, since the first reading
EXPECTED = """
WITH chosen AS MATERIALIZED (
    SELECT c.id, c.point_id, c.kind, c.entry, s.tz,
           coalesce(nullif(c.interval_minutes, 0), 15) AS minutes,
           EXISTS (SELECT FROM actwin_meter_installation i
                    WHERE i.point_id = c.point_id) AS metered,
           coalesce((SELECT min(d.day) FROM actwin_consumption_day d WHERE d.channel_id = c.id),
                    c.create_date::date) AS since
      FROM actwin_channel c JOIN actwin_site s ON s.id = c.site_id
     WHERE c.id = ANY(%(channels)s)
), days AS (
    SELECT c.*, day::date AS day,
           (day::timestamp AT TIME ZONE c.tz) AT TIME ZONE 'UTC' AS start_ts,
           ((day + interval '1 day')::timestamp AT TIME ZONE c.tz) AT TIME ZONE 'UTC' AS end_ts
      FROM chosen c
     CROSS JOIN generate_series(%(start)s::date, %(end)s::date, interval '1 day') AS day
), expected AS (
    SELECT t.*,
           CASE WHEN t.kind <> 'virtual' AND t.entry = 'device' AND CASE WHEN t.metered
                     THEN EXISTS (SELECT FROM actwin_meter_installation i
                                   WHERE i.point_id = t.point_id AND i.date_from <= t.start_ts
                                     AND (i.date_to IS NULL OR i.date_to >= t.end_ts))
                     ELSE t.day >= t.since END
                THEN floor(extract(epoch FROM t.end_ts - t.start_ts) / 60 / t.minutes)::int
                ELSE 0 END AS expected
      FROM days t
), found AS (
    SELECT e.id AS channel_id, e.point_id, e.day, e.expected,
           least(coalesce(d.count, 0) - coalesce(d.estimated, 0), e.expected) AS arrived,
           CASE WHEN coalesce(d.count + d.suspects, 0) = 0 AND d.consumption IS NULL
                    AND (e.kind <> 'virtual' OR d.channel_id IS NULL)
                THEN CASE WHEN e.expected > 0 THEN 'm' ELSE 'n' END
                WHEN d.suspects > 0 THEN 'x'
                WHEN e.kind = 'virtual' AND d.consumption IS NULL OR d.count < e.expected THEN 'm'
                WHEN d.estimated > 0 THEN 'e'
                ELSE 'r' END AS state
      FROM expected e
      LEFT JOIN actwin_consumption_day d ON d.channel_id = e.id AND d.day = e.day
)
"""
# from fine to worst: nothing expected, real, estimated, missing, suspect or rejected
CELLS = (
    EXPECTED
    + """
SELECT {key}, day, (ARRAY['n', 'r', 'e', 'm', 'x'])[
           max(array_position(ARRAY['n', 'r', 'e', 'm', 'x'], state))],
       sum(expected)::int8, sum(arrived)::int8
  FROM found GROUP BY 1, 2 ORDER BY 1, 2
"""
)
SLA = (
    EXPECTED
    + """
SELECT channel_id, point_id, sum(expected)::int8, sum(arrived)::int8 FROM found GROUP BY 1, 2
"""
)

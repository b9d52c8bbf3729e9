"""Rules on a channel's day, each one statement for a whole chunk: {code: SELECT of the hits}.

A statement reads ``ruled``: the channel days of the chunk to which the rule applies, with its
``limit``, ``lower`` and ``days``, and ``figures``, their rolled up days. It gives channel_id, day,
start, end, what was found and what is usual.
"""

RULED = """
WITH todo AS MATERIALIZED (
    SELECT t.channel_id, t.day, b.start_ts, b.end_ts
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
      JOIN actwin_channel c ON c.id = t.channel_id
      JOIN actwin_site s ON s.id = c.site_id
     CROSS JOIN LATERAL (
         SELECT (t.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
                ((t.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts) b
), ruled AS MATERIALIZED (
    SELECT t.*, c.kind, c.quantity, c.band, c.unit, c.point_id, c.site_id, c.interval_minutes,
           p.role, p.parent_id, coalesce(r."limit", 0)::numeric AS "limit",
           coalesce(r.lower, 0)::numeric AS lower, coalesce(r.days, 0) AS days
      FROM todo t
      JOIN actwin_channel c ON c.id = t.channel_id
      JOIN actwin_point p ON p.id = c.point_id
      JOIN actwin_validation_group g ON g.id = c.validation_group_id AND g.active
      JOIN actwin_validation_rule r ON r.group_id = g.id AND r.code = %(code)s AND r.active
), figures AS (
    SELECT r.*, d.consumption, d.count, d.suspects, d.estimated, d.faults
      FROM ruled r JOIN actwin_consumption_day d USING (channel_id, day)
)
INSERT INTO actwin_validation_hit (channel_id, code, day, ts, ts_end, reject, evidence)
SELECT channel_id, %(code)s, day, start_ts, end_ts, false,
       jsonb_build_object('found', found::text, 'usual', usual::text)
  FROM (
"""

# the two highest hours that matter, once for V02 and V18
_PEAKS = """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f."limit", f.lower, h.top, s.hour_max, s.days
      FROM figures f
      JOIN actwin_channel_statistic s ON s.channel_id = f.channel_id AND s.days >= 14
     CROSS JOIN LATERAL (
         SELECT (array_agg(consumption ORDER BY consumption DESC)) AS top
           FROM actwin_consumption_hour h
          WHERE h.channel_id = f.channel_id AND h.hour >= f.start_ts AND h.hour < f.end_ts
            AND h.consumption IS NOT NULL) h
     WHERE f.kind IN ('index', 'interval') AND f.consumption > s.hour_max
"""

# what the same register of the point says: the whole-day one, its bands, its interval series
_SIBLING = """
      JOIN actwin_channel x
        ON x.point_id = f.point_id AND x.id <> f.channel_id AND x.active AND x.quantity = f.quantity
       AND x.unit = f.unit
      JOIN actwin_consumption_day y ON y.channel_id = x.id AND y.day = f.day
"""

DAY_RULES = {
    "V01": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts,
           round(m.consumption / extract(day FROM f.day), 3) AS found, round(b.adu, 3) AS usual
      FROM figures f
      JOIN actwin_consumption_month m
        ON m.channel_id = f.channel_id AND m.month = date_trunc('month', f.day)::date
     CROSS JOIN LATERAL (
         SELECT avg(p.consumption
                    / extract(day FROM p.month + interval '1 month' - interval '1 day')) AS adu,
                count(*) AS months
           FROM actwin_consumption_month p
          WHERE p.channel_id = f.channel_id AND p.month < m.month
            AND p.month >= m.month - make_interval(months => greatest(f.days, 1))) b
     WHERE f.kind IN ('index', 'interval') AND b.months >= 1 AND b.adu > 0
       AND f.day = (date_trunc('month', f.day) + interval '1 month' - interval '1 day')::date
       AND (m.consumption / extract(day FROM f.day) > f."limit" * b.adu
            OR m.consumption / extract(day FROM f.day) < f.lower * b.adu)
    """,
    "V02": f"""
    SELECT channel_id, day, start_ts, end_ts, top[1] AS found, hour_max AS usual
      FROM ({_PEAKS}) p
     WHERE top[1] > lower / 100 * hour_max
       AND top[1] - coalesce(top[3], 0) > "limit" / 100 * coalesce(top[3], 0)
    """,
    "V03": f"""
    SELECT channel_id, day, start_ts, end_ts, parts AS found, consumption AS usual
      FROM (
        SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.consumption, f."limit",
               sum(y.consumption) FILTER (WHERE x.kind = 'index' AND x.band IS NOT NULL) AS parts
          FROM figures f {_SIBLING}
         WHERE f.kind = 'index' AND f.band IS NULL
         GROUP BY 1, 2, 3, 4, 5, 6
        UNION ALL
        SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.consumption, f."limit", y.consumption
          FROM figures f {_SIBLING}
         WHERE f.kind = 'index' AND f.band IS NULL AND x.kind = 'interval' AND x.band IS NULL) s
     WHERE parts IS NOT NULL
       AND abs(parts - consumption) > greatest("limit" / 100 * abs(consumption), 0.02)
    """,
    "V04": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, z.zero AS found, NULL AS usual
      FROM figures f
      JOIN actwin_channel_statistic s ON s.channel_id = f.channel_id
     CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE d.consumption = 0) AS zero
           FROM actwin_consumption_day d
          WHERE d.channel_id = f.channel_id AND d.day > f.day - f.days AND d.day <= f.day) z
     WHERE f.consumption = 0 AND f.days > 0 AND z.zero = f.days
       AND s.day_median > 0 AND s.zero_days <= f.days
       AND f.quantity IN ('active_import', 'volume', 'heat') AND f.band IS NULL
    """,
    "V05": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.consumption AS found, NULL AS usual
      FROM figures f
     WHERE f.role = 'sub' AND f.quantity IN ('active_import', 'volume', 'heat') AND f.band IS NULL
       AND f.kind IN ('index', 'interval') AND f.consumption > f."limit"
       AND EXISTS (SELECT FROM actwin_occupancy o
                    WHERE o.point_id = f.point_id AND o.date_to < f.day)
       AND NOT EXISTS (
           SELECT FROM actwin_occupancy o
            WHERE o.point_id = f.point_id AND o.date_from <= f.day
              AND (o.date_to IS NULL OR o.date_to >= f.day))
    """,
    "V07": """
    SELECT channel_id, day, start_ts, end_ts, max(run) AS found, NULL AS usual
      FROM (
        SELECT channel_id, day, start_ts, end_ts, "limit", count(*) AS run
          FROM (
            SELECT r.*, v.value, row_number() OVER (PARTITION BY r.channel_id, r.day ORDER BY v.ts)
                   - row_number() OVER (PARTITION BY r.channel_id, r.day, v.value ORDER BY v.ts)
                   AS island
              FROM ruled r
              JOIN actwin_reading v
                ON v.channel_id = r.channel_id AND v.ts > r.start_ts AND v.ts <= r.end_ts
             WHERE r.kind = 'instant' AND v.value <> 0) s
         GROUP BY channel_id, day, start_ts, end_ts, "limit", value, island) runs
     WHERE run >= "limit" AND "limit" > 1
     GROUP BY 1, 2, 3, 4
    """,
    "V08": """
    SELECT r.channel_id, r.day, r.start_ts, r.end_ts, count(*) + 1 AS found, NULL AS usual
      FROM ruled r
      JOIN actwin_reading_version v
        ON v.channel_id = r.channel_id AND v.ts > r.start_ts AND v.ts <= r.end_ts
     WHERE v.kind = 'conflict' AND v.state = 'open'
     GROUP BY 1, 2, 3, 4
    """,
    "V09": """
    SELECT r.channel_id, r.day, r.start_ts, r.end_ts, count(*) AS found,
           max(r.interval_minutes) AS usual
      FROM ruled r
      JOIN actwin_reading v
        ON v.channel_id = r.channel_id AND v.ts > r.start_ts AND v.ts <= r.end_ts
     WHERE r.interval_minutes > 0
       AND mod(extract(epoch FROM v.ts)::int8, r.interval_minutes * 60) <> 0
     GROUP BY 1, 2, 3, 4
    """,
    "V10": """
    SELECT r.channel_id, r.day, r.start_ts, r.end_ts, r.unit AS found, r.quantity AS usual
      FROM ruled r
      JOIN (VALUES ('active_import', '^[kMG]?Wh$'), ('active_export', '^[kMG]?Wh$'),
                   ('reactive_inductive', '^[kM]?[vV][aA]rh$'),
                   ('reactive_capacitive', '^[kM]?[vV][aA]rh$'), ('demand', '^[kM]?(W|VA)$'),
                   ('volume', '^(S|N)?(m3|m³|l|L)$'), ('heat', '^([kMG]?Wh|[kMG]?J|[MG]cal|HCA)$'),
                   ('voltage', '^[kM]?V$'), ('current', '^[kM]?A$'), ('power', '^[kM]?(W|VA)$'),
                   ('temperature', '^(°C|C|K)$')) AS u (quantity, units)
        ON u.quantity = r.quantity
     WHERE r.unit !~ u.units
    """,
    "V11": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts,
           round(w.adu / s.day_median, 3) AS found, NULL AS usual
      FROM figures f
      JOIN actwin_channel_statistic s ON s.channel_id = f.channel_id AND s.days >= 14
     CROSS JOIN LATERAL (
         SELECT avg(d.consumption) AS adu, count(*) AS n
           FROM actwin_consumption_day d
          WHERE d.channel_id = f.channel_id AND d.day > f.day - 3 AND d.day <= f.day) w
     WHERE f.kind IN ('index', 'interval') AND s.day_median > 0 AND w.n = 3 AND w.adu > 0
       AND abs(log(w.adu / s.day_median)) >= 0.9
       AND abs(log(w.adu / s.day_median) - round(log(w.adu / s.day_median))) <= f."limit" / 100
    """,
    "V12": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, e.expected - f.count - f.suspects AS found,
           e.expected AS usual
      FROM figures f
      JOIN actwin_channel c ON c.id = f.channel_id
     CROSS JOIN LATERAL (
         SELECT (extract(epoch FROM f.end_ts - f.start_ts)
                 / (60 * nullif(f.interval_minutes, 0)))::int AS expected) e
     WHERE (c.last_ts > f.end_ts OR f.end_ts < (now() AT TIME ZONE 'UTC') - interval '1 day')
       AND e.expected - f.count - f.suspects > f."limit"
       AND (f.count - f.estimated) * 24 >= e.expected  -- read that often at all
       AND EXISTS (SELECT FROM actwin_reading b  -- not the day on which it began
                    WHERE b.channel_id = f.channel_id AND b.ts <= f.start_ts)
    """,
    "V13": """
    SELECT DISTINCT x.id AS channel_id, r.day, r.start_ts, r.end_ts, NULL AS found, NULL AS usual
      FROM ruled r
      JOIN actwin_channel x
        ON x.point_id = r.point_id AND x.id <> r.channel_id AND x.active AND x.kind = r.kind
       AND x.last_ts IS NOT NULL AND x.validation_group_id IS NOT NULL
     WHERE r.end_ts < (now() AT TIME ZONE 'UTC') - interval '1 hour'
       AND r.kind = 'index'
       AND NOT EXISTS (SELECT FROM actwin_reading v
                        WHERE v.channel_id = x.id AND v.ts > r.start_ts AND v.ts <= r.end_ts)
       AND EXISTS (SELECT FROM actwin_reading v
                    WHERE v.channel_id = x.id AND v.ts <= r.start_ts
                      AND v.ts > r.start_ts - interval '45 days')
    """,
    "V14": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.days AS found, NULL AS usual
      FROM figures f
     CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE d.estimated > 0 AND d.estimated = d.count) AS n
           FROM actwin_consumption_day d
          WHERE d.channel_id = f.channel_id AND d.day > f.day - f.days AND d.day <= f.day) e
     WHERE f.days > 0 AND f.estimated > 0 AND e.n = f.days
    """,
    "V16": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.consumption AS found, s.day_median AS usual
      FROM figures f
      JOIN actwin_channel_statistic s ON s.channel_id = f.channel_id AND s.days >= 14
     CROSS JOIN LATERAL (
         SELECT count(*) AS n FROM actwin_consumption_day d
          WHERE d.channel_id = f.channel_id AND d.day > f.day - f.days AND d.day <= f.day
            AND abs(d.consumption - s.day_median)
                > f."limit" * (1.4826 * s.day_mad + 0.05 * abs(s.day_median))) z
     WHERE f.kind IN ('index', 'interval') AND f.days > 0 AND z.n = f.days
    """,
    "V17": """
    SELECT channel_id, day, start_ts, end_ts, consumption AS found, before AS usual
      FROM (
        SELECT DISTINCT ON (channel_id, day) *
          FROM (
            SELECT r.channel_id, r.day, r.start_ts, r.end_ts, r."limit", h.consumption,
                   lag(h.consumption) OVER (PARTITION BY r.channel_id, r.day ORDER BY h.hour)
                   AS before
              FROM ruled r
              JOIN actwin_consumption_hour h
                ON h.channel_id = r.channel_id AND h.hour >= r.start_ts AND h.hour < r.end_ts
             WHERE r.kind IN ('index', 'interval')) s
         WHERE before > 0 AND abs(consumption - before) > "limit" / 100 * before
         ORDER BY channel_id, day, abs(consumption - before) DESC) worst
    """,
    "V18": f"""
    SELECT channel_id, day, start_ts, end_ts, top[1] AS found, hour_max AS usual
      FROM ({_PEAKS}) p WHERE top[1] > 1.5 * hour_max AND days >= 28
    """,
    "V19": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, y.consumption AS found,
           f.consumption AS usual
      FROM figures f
      JOIN actwin_channel x
        ON x.point_id = f.parent_id AND x.active AND x.quantity = f.quantity AND x.unit = f.unit
       AND x.band IS NOT DISTINCT FROM f.band AND x.kind = f.kind
      JOIN actwin_consumption_day y ON y.channel_id = x.id AND y.day = f.day
     WHERE f.role = 'check' AND abs(y.consumption) > 1
       AND abs(y.consumption - f.consumption) > f."limit" / 100 * abs(y.consumption)
    """,
    "V20": """
    SELECT f.channel_id, f.day, f.start_ts, f.end_ts, f.consumption AS found,
           y.consumption AS usual
      FROM figures f
      JOIN actwin_channel x
        ON x.point_id = f.point_id AND x.active AND x.quantity = 'active_import' AND x.band IS NULL
      JOIN actwin_consumption_day y ON y.channel_id = x.id AND y.day = f.day
     WHERE f.quantity IN ('reactive_inductive', 'reactive_capacitive')
       AND f.consumption > 1 AND f.consumption > f."limit" * y.consumption
    """,
    "V21": """
    SELECT DISTINCT ON (r.channel_id, r.day) r.channel_id, r.day, r.start_ts, r.end_ts,
           e.text AS found, NULL AS usual
      FROM ruled r
      JOIN actwin_device_parameter p ON p.channel_id = r.channel_id
      JOIN actwin_device_event e
        ON e.device_id = p.device_id AND e.ts > r.start_ts AND e.ts <= r.end_ts
     WHERE e.code IN ('clock_drift', 'clock_invalid')
     ORDER BY r.channel_id, r.day, e.ts DESC
    """,
}

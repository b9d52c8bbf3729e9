"""Statements of the estimation: where readings are missing, what days alike show, storing."""

from ..readings.rollup_sql import SEGMENT

# two usable readings of one meter further apart than an interval, the later one in the chunk
GAPS = f"""
WITH todo AS MATERIALIZED (
    SELECT k.channel_id, c.point_id, c.kind, c.interval_minutes AS minutes, s.tz, g.like_days,
           g.linear_minutes, min(k.start_ts) AS start_ts, max(k.end_ts) AS end_ts,
           make_interval(days => g.max_gap_days) AS longest, c.digits, s.id AS site_id
      FROM (SELECT t.channel_id, t.day,
                   (t.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
                   ((t.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts
              FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
              JOIN actwin_channel c ON c.id = t.channel_id
              JOIN actwin_site s ON s.id = c.site_id) k
      JOIN actwin_channel c ON c.id = k.channel_id
      JOIN actwin_site s ON s.id = c.site_id
      JOIN actwin_validation_group g ON g.id = c.validation_group_id
      -- only days that lack readings are walked through, and those before which one is missing
      JOIN actwin_consumption_day d
        ON d.channel_id = k.channel_id AND d.day = k.day
       AND (d.count * 60 * c.interval_minutes < extract(epoch FROM k.end_ts - k.start_ts)
            OR NOT EXISTS (SELECT FROM actwin_reading r
                            WHERE r.channel_id = k.channel_id AND r.ts = k.start_ts))
     WHERE c.kind = 'index' AND c.interval_minutes > 0 AND g.estimate AND g.active
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 10, 11, 12
), seen AS (
    SELECT t.channel_id, r.ts, r.value, lag(r.ts) OVER w AS since, lag(r.value) OVER w AS before
      FROM todo t
     CROSS JOIN LATERAL (
         (SELECT ts, value FROM actwin_reading
           WHERE channel_id = t.channel_id AND ts <= t.start_ts AND quality IN (0, 2, 3)
             AND ts > t.start_ts - t.longest
           ORDER BY ts DESC LIMIT 1)
         UNION ALL
         SELECT ts, value FROM actwin_reading
          WHERE channel_id = t.channel_id AND ts > t.start_ts AND ts <= t.end_ts
            AND quality IN (0, 2, 3)) r
    WINDOW w AS (PARTITION BY t.channel_id ORDER BY r.ts)
), wide AS (
    SELECT t.*, n.ts AS till, n.value AS after, n.since, n.before
      FROM todo t JOIN seen n USING (channel_id)
     WHERE n.ts - n.since > t.minutes * interval '1 minute'
), gaps AS (
    SELECT t.channel_id, t.minutes, t.tz, t.like_days, t.linear_minutes, t.since, t.till,
           t.before, t.after, t.digits, a.seg
      FROM wide t
     CROSS JOIN LATERAL (SELECT (SELECT {SEGMENT} FROM (VALUES (t.since, t.before)) r (ts, value))
                                AS seg,
                                (SELECT {SEGMENT} FROM (VALUES (t.till, t.after)) r (ts, value))
                                AS seg_after) a
     WHERE a.seg IS NOT DISTINCT FROM a.seg_after
       -- a register that is read once a day has no gap of a day, whatever its interval says
       AND (4 <= (SELECT count(*) FROM actwin_reading r
                   WHERE r.channel_id = t.channel_id AND r.source <> 5 AND r.ts <= t.since
                     AND r.ts > t.since - 8 * t.minutes * interval '1 minute')
            OR 4 <= (SELECT count(*) FROM actwin_reading r
                      WHERE r.channel_id = t.channel_id AND r.source <> 5 AND r.ts >= t.till
                        AND r.ts < t.till + 8 * t.minutes * interval '1 minute'))
)
SELECT g.channel_id, g.minutes, g.tz, g.like_days, g.linear_minutes, g.since, g.till,
       g.before::text, g.after::text,
       (SELECT coalesce(nullif(g.digits, 0), m.digits, 0)
          FROM (VALUES (1)) one (row)
          LEFT JOIN actwin_meter_installation i ON i.id = g.seg
          LEFT JOIN actwin_meter m ON m.id = i.meter_id)
  FROM gaps g
 ORDER BY 1, 6
"""

# mean of the same local hour on like days before and after; only hours that were really measured
SHAPE = """
WITH gap AS (
    SELECT g.n, g.channel_id, g.since, g.till, g.like_days, g.tz
      FROM jsonb_to_recordset(%s) AS g (n int, channel_id int, since timestamp, till timestamp,
                                        like_days text, tz text)
), hours AS (
    SELECT g.*, h.hour,
           (h.hour AT TIME ZONE 'UTC' AT TIME ZONE g.tz) AS local
      FROM gap g
     CROSS JOIN LATERAL generate_series(date_trunc('hour', g.since),
                                        date_trunc('hour', g.till), interval '1 hour') h (hour)
), alike AS (
    SELECT h.n, h.hour, d.day_off
      FROM hours h
     CROSS JOIN LATERAL (
         SELECT off AS day_off FROM generate_series(1, 28) off
          WHERE CASE h.like_days
                WHEN 'week' THEN off %% 7 = 0
                ELSE (extract(isodow FROM h.local - make_interval(days => off)) >= 6)
                     = (extract(isodow FROM h.local) >= 6) AND off <= 9 END) d
)
SELECT h.n, h.hour, avg(c.consumption)::text
  FROM hours h
  JOIN alike a ON a.n = h.n AND a.hour = h.hour
  LEFT JOIN actwin_consumption_hour c
    ON c.channel_id = h.channel_id AND c.hour = h.hour - make_interval(days => a.day_off)
   AND c.estimated = 0 AND c.suspects = 0 AND c.faults = 0
 GROUP BY 1, 2
 ORDER BY 1, 2
"""

_ROWS = """
    SELECT i.channel_id, timestamp 'epoch' + i.ts * interval '1 second' AS ts, i.value
      FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[])
           AS i (channel_id, ts, value)
"""

# a rejected value makes room, and stays on record as the first one
STORE = f"""
WITH input AS ({_ROWS}), first AS (
    INSERT INTO actwin_reading_version
        (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date)
    SELECT r.channel_id, c.site_id, c.company_id, r.ts, r.value, r.quality::text, r.source::text,
           'original', 'superseded', %(now)s
      FROM input i JOIN actwin_reading r USING (channel_id, ts)
      JOIN actwin_channel c ON c.id = r.channel_id
     WHERE r.quality = 4
       AND NOT EXISTS (SELECT FROM actwin_reading_version v
                        WHERE v.channel_id = r.channel_id AND v.ts = r.ts)
    RETURNING id
), put AS (
    INSERT INTO actwin_reading AS old (ts, value, channel_id, quality, source)
    SELECT ts, value, channel_id, 2, 5 FROM input
    ON CONFLICT (channel_id, ts) DO UPDATE
       SET value = excluded.value, quality = 2, source = 5
     WHERE old.quality = 4
    RETURNING channel_id, ts, value
)
INSERT INTO actwin_reading_version
    (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date, reason)
SELECT p.channel_id, c.site_id, c.company_id, p.ts, p.value, '2', '5', 'estimate', 'taken',
       %(now)s, %(method)s
  FROM put p JOIN actwin_channel c ON c.id = p.channel_id
 WHERE (SELECT count(*) FROM first) >= 0  -- the first value goes on record first
RETURNING channel_id, ts
"""

# what lies between the real readings around a moment was estimated from another pair of them
WITHDRAW = """
WITH moment AS (
    SELECT m.channel_id, m.ts,
           coalesce((SELECT max(r.ts) FROM actwin_reading r
                      WHERE r.channel_id = m.channel_id AND r.ts < m.ts AND r.source <> 5),
                    '-infinity') AS since,
           coalesce((SELECT min(r.ts) FROM actwin_reading r
                      WHERE r.channel_id = m.channel_id AND r.ts > m.ts AND r.source <> 5),
                    'infinity') AS till
      FROM unnest(%(channel)s::int[], %(ts)s::timestamp[]) AS m (channel_id, ts)
), gone AS (
    DELETE FROM actwin_reading r USING moment m
     WHERE r.channel_id = m.channel_id AND r.source = 5 AND r.quality = 2
       AND r.ts > m.since AND r.ts < m.till
    RETURNING r.channel_id, r.ts
), superseded AS (
    UPDATE actwin_reading_version v SET state = 'superseded'
      FROM gone g
     WHERE v.channel_id = g.channel_id AND v.ts = g.ts AND v.kind = 'estimate'
       AND v.state = 'taken'
)
SELECT channel_id, ts FROM gone
"""

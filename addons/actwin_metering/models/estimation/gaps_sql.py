"""Where readings are missing: the gaps of a chunk of channel days, one row for each meter."""

from ..readings.rollup_sql import SEGMENT

_TODO = """
WITH todo AS MATERIALIZED (
    SELECT k.channel_id, c.point_id, c.site_id, c.kind, c.digits, g.id AS group_id,
           c.interval_minutes * interval '1 minute' AS step,
           min(k.start_ts) AS start_ts, max(k.end_ts) AS end_ts,
           make_interval(days => g.max_gap_days) AS longest
      FROM (SELECT t.channel_id, t.day,
                   (t.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
                   ((t.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts
              FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
              JOIN actwin_channel c ON c.id = t.channel_id
              JOIN actwin_site s ON s.id = c.site_id) k
      JOIN actwin_channel c ON c.id = k.channel_id
      JOIN actwin_validation_group g ON g.id = c.validation_group_id
      -- only days that lack readings are walked through, and those before which one is missing
      JOIN actwin_consumption_day d
        ON d.channel_id = k.channel_id AND d.day = k.day
       AND (d.count * 60 * c.interval_minutes < extract(epoch FROM k.end_ts - k.start_ts)
            OR NOT EXISTS (SELECT FROM actwin_reading r
                            WHERE r.channel_id = k.channel_id AND r.ts = k.start_ts))
     WHERE c.kind IN ('index', 'interval') AND c.interval_minutes > 0 AND g.estimate AND g.active
     GROUP BY c.id, k.channel_id, g.id
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
)"""

# two usable readings further apart than an interval, and whose meter they are; a register that is
# read once a day has no gap of a day, whatever its interval says
_WIDE = f"""
, wide AS MATERIALIZED (
    SELECT t.*, n.ts AS till, n.value AS after, n.since, n.before, a.seg, a.seg_after
      FROM todo t JOIN seen n USING (channel_id)
     CROSS JOIN LATERAL (SELECT (SELECT {SEGMENT} FROM (VALUES (n.since, n.before)) r (ts, value))
                                AS seg,
                                (SELECT {SEGMENT} FROM (VALUES (n.ts, n.value)) r (ts, value))
                                AS seg_after) a
     WHERE n.ts - n.since > t.step
       AND (4 <= (SELECT count(*) FROM actwin_reading r
                   WHERE r.channel_id = t.channel_id AND r.source <> 5 AND r.ts <= n.since
                     AND r.ts > n.since - 8 * t.step)
            OR 4 <= (SELECT count(*) FROM actwin_reading r
                      WHERE r.channel_id = t.channel_id AND r.source <> 5 AND r.ts >= n.ts
                        AND r.ts < n.ts + 8 * t.step))
)"""

# a gap that holds a change of the meter or of its multiplier falls into what each of them
# measured; for an index as far as it was noted what the register showed at the change
_PIECES = """
, pieces AS (
    SELECT w.*, true AS opens, true AS closes FROM wide w
     WHERE w.seg IS NOT DISTINCT FROM w.seg_after
    UNION ALL
    SELECT w.channel_id, w.point_id, w.site_id, w.kind, w.digits, w.group_id, w.step, w.start_ts,
           w.end_ts, w.longest,
           CASE WHEN i.id = w.seg_after THEN w.till ELSE i.date_to END,
           CASE WHEN i.id = w.seg_after THEN w.after
                WHEN x.has_closing THEN coalesce(x.closing_index, 0) END,
           CASE WHEN i.id = w.seg THEN w.since ELSE i.date_from END,
           CASE WHEN i.id = w.seg THEN w.before
                WHEN x.has_opening THEN coalesce(x.opening_index, 0) END,
           i.id, i.id, i.id = w.seg, i.id = w.seg_after
      FROM wide w
      JOIN actwin_meter_installation i
        ON i.point_id = w.point_id AND i.date_from < w.till
       AND (i.date_to IS NULL OR i.date_to > w.since)
      LEFT JOIN actwin_meter_installation_index x
        ON x.installation_id = i.id AND x.channel_id = w.channel_id
     WHERE w.seg IS DISTINCT FROM w.seg_after
)"""

_NEIGHBOUR = """
      LEFT JOIN LATERAL (
         SELECT ts, value FROM actwin_reading
          WHERE channel_id = p.channel_id AND quality IN (0, 2, 3) AND {side}
          ORDER BY ts {order} LIMIT 1) {name} ON p.{edge} AND p.kind = 'index'
"""

GAPS = f"""{_TODO}{_WIDE}{_PIECES}
SELECT p.channel_id, p.kind, p.group_id, s.tz, (extract(epoch FROM p.step) / 60)::int,
       p.since, p.till, p.before::text, p.after::text, p.opens, p.closes,
       b.ts, b.value::text, a.ts, a.value::text,
       coalesce(nullif(p.digits, 0), m.digits, 0), coalesce(i.multiplier, 1)::text
  FROM pieces p
  JOIN actwin_site s ON s.id = p.site_id
  LEFT JOIN actwin_meter_installation i ON i.id = p.seg
  LEFT JOIN actwin_meter m ON m.id = i.meter_id
  {
    _NEIGHBOUR.format(
        side="ts < p.since AND ts >= p.since - 2 * p.step", order="DESC", name="b", edge="opens"
    )
}
  {
    _NEIGHBOUR.format(
        side="ts > p.till AND ts <= p.till + 2 * p.step", order="ASC", name="a", edge="closes"
    )
}
 WHERE p.till > p.since AND (p.kind = 'interval' OR p.before IS NOT NULL AND p.after IS NOT NULL)
 ORDER BY 1, 6
"""

# the same row for channels that are gone on with beyond their last reading
BEYOND = """
SELECT c.id, c.kind, g.id, s.tz,
       CASE WHEN c.entry = 'manual' OR c.interval_minutes = 0 THEN 1440
            ELSE c.interval_minutes END,
       l.ts, h.till, l.value::text, NULL, true, false, NULL::timestamp, NULL, NULL::timestamp, NULL,
       coalesce(nullif(c.digits, 0), m.digits, 0), coalesce(i.multiplier, 1)::text
  FROM actwin_channel c
  JOIN actwin_point p ON p.id = c.point_id AND p.active
  JOIN actwin_site s ON s.id = c.site_id
  JOIN actwin_validation_group g ON g.id = c.validation_group_id AND g.active
 CROSS JOIN LATERAL (
     SELECT (date_trunc('day', %(now)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE s.tz)
             AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS till) h
 CROSS JOIN LATERAL (
     SELECT ts, value FROM actwin_reading
      WHERE channel_id = c.id AND quality IN (0, 2, 3) ORDER BY ts DESC LIMIT 1) l
 CROSS JOIN LATERAL (
     SELECT max(ts) AS ts FROM actwin_reading
      WHERE channel_id = c.id AND source <> 5 AND quality IN (0, 3)) real
  LEFT JOIN actwin_meter_installation i
    ON i.point_id = c.point_id AND i.date_from <= l.ts AND (i.date_to IS NULL OR i.date_to > h.till)
  LEFT JOIN actwin_meter m ON m.id = i.meter_id
 WHERE c.active AND c.extrapolate AND c.kind IN ('index', 'interval')
   AND l.ts < h.till AND real.ts < %(now)s::timestamp - interval '24 hours'
   AND real.ts > h.till - make_interval(days => g.max_gap_days)
   -- what is held back, was changed or stands still is for somebody to look at
   AND NOT EXISTS (SELECT FROM actwin_reading r
                    WHERE r.channel_id = c.id AND r.ts > real.ts AND r.source <> 5)
   AND (i.id IS NOT NULL OR NOT EXISTS (
        SELECT FROM actwin_meter_installation x WHERE x.point_id = c.point_id))
   AND NOT EXISTS (
        SELECT FROM actwin_validation_exception e
         WHERE e.channel_id = c.id AND e.code = 'V04' AND e.state = 'open'
           AND e.ts_end > real.ts - interval '1 day')
 ORDER BY 1
"""

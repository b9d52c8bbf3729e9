"""What a point's register says about the intervals of the profile beside it."""

# the nearest real readings of the register around a stretch of intervals, what it moved between
# them, and what of that the intervals in between account for
WINDOWS = """
WITH asked AS (
    SELECT a.*, c.point_id, c.quantity, c.unit, c.band,
           c.interval_minutes * interval '1 minute' AS step
      FROM jsonb_to_recordset(%(asked)s) AS a (n int, channel_id int, since timestamp,
                                               till timestamp)
      JOIN actwin_channel c ON c.id = a.channel_id AND c.interval_minutes > 0
)
SELECT a.n, b.ts, e.ts,
       (e.value - b.value - k.known
        + CASE WHEN e.value < b.value AND d.n > 0
               THEN ('1' || repeat('0', d.n))::numeric ELSE 0 END)::text,
       (extract(epoch FROM e.ts - b.ts) / extract(epoch FROM a.step))::int - k.n
  FROM asked a
 CROSS JOIN LATERAL (
     SELECT x.id, x.digits FROM actwin_channel x
      WHERE x.point_id = a.point_id AND x.kind = 'index' AND x.active AND x.quantity = a.quantity
        AND x.unit = a.unit AND x.band IS NOT DISTINCT FROM a.band
      ORDER BY x.id LIMIT 1) x
 CROSS JOIN LATERAL (
     SELECT ts, value FROM actwin_reading
      WHERE channel_id = x.id AND ts <= a.since AND ts >= a.since - interval '32 days'
        AND quality IN (0, 3) ORDER BY ts DESC LIMIT 1) b
 CROSS JOIN LATERAL (
     SELECT ts, value FROM actwin_reading
      WHERE channel_id = x.id AND ts >= a.till AND ts <= a.till + interval '32 days'
        AND quality IN (0, 3) ORDER BY ts LIMIT 1) e
 CROSS JOIN LATERAL (
     SELECT coalesce(sum(value), 0) AS known, count(*) AS n FROM actwin_reading
      WHERE channel_id = a.channel_id AND ts > b.ts AND ts <= e.ts AND quality IN (0, 3)) k
  LEFT JOIN actwin_meter_installation i
    ON i.point_id = a.point_id AND i.date_from <= b.ts AND (i.date_to IS NULL OR i.date_to >= e.ts)
  LEFT JOIN actwin_meter m ON m.id = i.meter_id
 CROSS JOIN LATERAL (SELECT coalesce(nullif(x.digits, 0), m.digits, 0) AS n) d
 -- one meter all the while, read on the intervals' grid
 WHERE (i.id IS NOT NULL OR NOT EXISTS (
        SELECT FROM actwin_meter_installation o WHERE o.point_id = a.point_id))
   AND mod(extract(epoch FROM b.ts)::int8, extract(epoch FROM a.step)::int8) = 0
   AND mod(extract(epoch FROM e.ts)::int8, extract(epoch FROM a.step)::int8) = 0
   AND (e.value >= b.value OR d.n > 0)
"""

# estimates of intervals that no register has confirmed yet, beside the registers of a chunk
UNCONFIRMED = """
SELECT e.id, e.channel_id, e.ts, e.ts_end
  FROM (SELECT DISTINCT c.point_id, c.quantity, c.unit, c.band
          FROM actwin_channel c WHERE c.id = ANY(%s::int[])) r
  JOIN actwin_channel x
    ON x.point_id = r.point_id AND x.kind = 'interval' AND x.quantity = r.quantity
   AND x.unit = r.unit AND x.band IS NOT DISTINCT FROM r.band
  JOIN actwin_estimate e
    ON e.channel_id = x.id AND e.state = 'taken' AND NOT e.exact AND NOT coalesce(e.beyond, false)
 ORDER BY 2, 3
"""

ESTIMATED = """
SELECT channel_id, ts, value::text FROM actwin_reading
 WHERE channel_id = %s AND ts > %s AND ts <= %s AND source = 5 AND quality = 2
 ORDER BY ts
"""

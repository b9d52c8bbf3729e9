"""Other meters by which a gap can be estimated, and what they measured.

The first four take ``asked`` (n, channel_id) and give n, channel_id, sign, key; channel_id is NULL
where one of the meters that would have to be known is not there.
"""

from ..readings.rollup_sql import DAYS, STEPS

_ASKED = """
WITH asked AS (
    SELECT a.n, c.*, p.parent_id, p.role
      FROM jsonb_to_recordset(%(asked)s) AS a (n int, channel_id int)
      JOIN actwin_channel c ON c.id = a.channel_id
      JOIN actwin_point p ON p.id = c.point_id
)"""

# the channel of a point that measures the same as the one asked for, rather in the same way
_COUNTERPART = """LATERAL (
    SELECT x.id, x.key FROM actwin_channel x
     WHERE x.point_id = q.id AND x.active AND x.quantity = a.quantity AND x.unit = a.unit
       AND x.band IS NOT DISTINCT FROM a.band AND x.kind IN ('index', 'interval')
     ORDER BY (x.kind = a.kind) DESC, x.id LIMIT 1) x"""

CHECK = f"""{_ASKED}
SELECT DISTINCT ON (a.n) a.n, x.id, 1, x.key
  FROM asked a
  JOIN actwin_point q
    ON q.active AND (q.parent_id = a.point_id AND q.role = 'check'
                     OR a.role = 'check' AND q.id = a.parent_id)
 CROSS JOIN {_COUNTERPART}
 ORDER BY a.n, q.id
"""

# a point with a feeding one: the feeding less its other children; a feeding point itself: all its
# children. Where something feeds in from the side, no balance tells what one of them used
BALANCE = f"""{_ASKED}, nodes AS (
    SELECT a.*, CASE WHEN EXISTS (SELECT FROM actwin_point k
                                   WHERE k.parent_id = a.point_id AND k.active
                                     AND k.role <> 'check')
                     THEN a.point_id ELSE a.parent_id END AS node_id
      FROM asked a WHERE a.role <> 'check'
), balanced AS (
    SELECT * FROM nodes a
     WHERE node_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM actwin_point k
            WHERE k.parent_id = a.node_id AND k.active AND k.role IN ('generator', 'production'))
)
SELECT a.n, x.id, CASE WHEN a.node_id = a.point_id OR q.id = a.node_id THEN 1 ELSE -1 END, x.key
  FROM balanced a
  JOIN actwin_point q
    ON q.active AND q.id <> a.point_id
   AND (q.id = a.node_id OR q.parent_id = a.node_id AND q.role <> 'check')
  LEFT JOIN {_COUNTERPART} ON true
 ORDER BY a.n, q.id = a.node_id DESC, q.id
"""

PROFILE = f"""{_ASKED}
SELECT a.n, x.id, 1, x.key FROM asked a JOIN actwin_channel x ON x.id = a.profile_id
"""

# at the same site, judged by the same rules, of nearest size
SIMILAR = f"""{_ASKED}
SELECT a.n, x.id, 1, x.key
  FROM asked a
  LEFT JOIN actwin_channel_statistic o ON o.channel_id = a.id
 CROSS JOIN LATERAL (
     SELECT x.id, x.key
       FROM actwin_channel x
       JOIN actwin_point q ON q.id = x.point_id AND q.role = a.role AND q.active
       JOIN actwin_channel_statistic s ON s.channel_id = x.id AND s.day_mean > 0
      WHERE x.site_id = a.site_id AND x.id <> a.id AND x.active AND x.kind IN ('index', 'interval')
        AND x.quantity = a.quantity AND x.unit = a.unit AND x.band IS NOT DISTINCT FROM a.band
        AND x.validation_group_id = a.validation_group_id
      ORDER BY abs(ln(s.day_mean / coalesce(nullif(o.day_mean, 0), s.day_mean))), x.id
      LIMIT 20) x
 ORDER BY a.n, x.id
"""

MEASURED = f"""{DAYS}{STEPS}
SELECT s.channel_id,
       extract(epoch FROM coalesce(s.since, s.ts - c.interval_minutes * interval '1 minute'))::int8,
       extract(epoch FROM s.ts)::int8, s.used::text
  FROM steps s JOIN actwin_channel c ON c.id = s.channel_id
 WHERE s.counted AND s.usable AND s.used IS NOT NULL AND s.quality IN (0, 3)
   AND c.interval_minutes > 0  -- a longer step than that is a gap of the other meter's own
   AND (s.kind = 'interval'
        OR s.since < s.ts AND s.ts - s.since <= c.interval_minutes * interval '1 minute')
 ORDER BY 1, 3
"""

_CLEAN = "consumption IS NOT NULL AND estimated = 0 AND suspects = 0 AND faults = 0"

RATIOS = f"""
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%s) AS a (n int, own int, channel_id int, sign int,
                                               since timestamp, members int)
)
SELECT a.n, o.consumption::text, sum(a.sign * d.consumption)::text
  FROM asked a
  JOIN actwin_consumption_day o
    ON o.channel_id = a.own AND o.day < a.since::date AND o.day >= a.since::date - 28
   AND o.{_CLEAN.replace(" AND ", " AND o.")}
  JOIN actwin_consumption_day d
    ON d.channel_id = a.channel_id AND d.day = o.day
   AND d.{_CLEAN.replace(" AND ", " AND d.")}
 GROUP BY a.n, o.day, o.consumption, a.members
HAVING count(*) = a.members
"""

COURSE = f"""
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(asked)s) AS a (n int, own int, channel_id int,
                                                      since timestamp, till timestamp)
), size AS (
    SELECT n, count(*) AS n_members FROM asked GROUP BY 1
), means AS (
    SELECT c.n, c.channel_id, avg(d.consumption) AS mean
      FROM (SELECT n, channel_id, since FROM asked UNION SELECT n, own, since FROM asked) c
      JOIN actwin_consumption_day d
        ON d.channel_id = c.channel_id AND d.day < c.since::date AND d.day >= c.since::date - 28
       AND d.{_CLEAN.replace(" AND ", " AND d.")}
     GROUP BY 1, 2
)
SELECT a.n, extract(epoch FROM h.hour)::int8,
       avg(h.consumption
           / CASE WHEN z.n_members > 1 THEN m.mean ELSE coalesce(m.mean, 1) END)::text,
       CASE WHEN max(m.mean) IS NOT NULL THEN max(o.mean) END::text
  FROM asked a
  JOIN size z USING (n)
  JOIN actwin_consumption_hour h
    ON h.channel_id = a.channel_id AND h.hour >= date_trunc('hour', a.since) AND h.hour < a.till
   AND h.{_CLEAN.replace(" AND ", " AND h.")}
  LEFT JOIN means m ON m.n = a.n AND m.channel_id = a.channel_id AND m.mean > 0
  LEFT JOIN means o ON o.n = a.n AND o.channel_id = a.own AND o.mean > 0
 WHERE m.mean IS NOT NULL OR z.n_members = 1
 GROUP BY a.n, h.hour
HAVING count(*) >= %(fewest)s
"""

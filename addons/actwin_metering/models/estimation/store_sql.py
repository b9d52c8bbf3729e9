"""Statements that put estimates in their place and take them back."""

_ROWS = """
    SELECT i.channel_id, timestamp 'epoch' + i.ts * interval '1 second' AS ts, i.value, i.estimate
      FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[], %(estimate)s::int[])
           AS i (channel_id, ts, value, estimate)
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
), numbered AS (
    SELECT n, nextval('actwin_estimate_id_seq') AS id
      FROM (SELECT DISTINCT i.estimate AS n FROM input i JOIN put USING (channel_id, ts)) used
), listed AS (
    INSERT INTO actwin_estimate
        (id, channel_id, point_id, site_id, company_id, ts, ts_end, method, sources, readings,
         consumption, exact, beyond, state, date)
    SELECT k.id, c.id, c.point_id, c.site_id, c.company_id, e.ts, e.ts_end, e.method, e.sources,
           e.readings, e.consumption, e.exact, e.beyond, 'taken', %(now)s
      FROM jsonb_to_recordset(%(estimates)s) AS e (
           n int, channel_id int, ts timestamp, ts_end timestamp, method text, sources text,
           readings int, consumption numeric, exact boolean, beyond boolean)
      JOIN numbered k USING (n) JOIN actwin_channel c ON c.id = e.channel_id
)
INSERT INTO actwin_reading_version
    (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date, estimate_id)
SELECT p.channel_id, c.site_id, c.company_id, p.ts, p.value, '2', '5', 'estimate', 'taken',
       %(now)s, k.id
  FROM put p
  JOIN input i USING (channel_id, ts)
  JOIN numbered k ON k.n = i.estimate
  JOIN actwin_channel c ON c.id = p.channel_id
 WHERE (SELECT count(*) FROM first) >= 0  -- the first value goes on record first
RETURNING channel_id, ts
"""

_GONE = """
, gone AS (
    DELETE FROM actwin_reading r USING moment m
     WHERE r.channel_id = m.channel_id AND r.source = 5 AND r.quality = 2
       AND r.ts > m.since AND r.ts < m.till
    RETURNING r.channel_id, r.ts
), superseded AS (
    UPDATE actwin_reading_version v SET state = 'superseded'
      FROM gone g
     WHERE v.channel_id = g.channel_id AND v.ts = g.ts AND v.kind = 'estimate'
       AND v.state = 'taken'
    RETURNING v.estimate_id
), closed AS (
    UPDATE actwin_estimate e SET state = 'superseded'
     WHERE e.id IN (SELECT estimate_id FROM superseded)
)
SELECT channel_id, ts FROM gone
"""

# what lies between the real readings around a moment was estimated from another pair of them
WITHDRAW = f"""
WITH moment AS (
    SELECT m.channel_id, m.ts,
           coalesce((SELECT max(r.ts) FROM actwin_reading r
                      WHERE r.channel_id = m.channel_id AND r.ts < m.ts AND r.source <> 5),
                    '-infinity') AS since,
           coalesce((SELECT min(r.ts) FROM actwin_reading r
                      WHERE r.channel_id = m.channel_id AND r.ts > m.ts AND r.source <> 5),
                    'infinity') AS till
      FROM unnest(%(channel)s::int[], %(ts)s::timestamp[]) AS m (channel_id, ts)
){_GONE}"""

# all that a channel was gone on with, as soon as a real reading lies beyond the last one
GIVE_WAY = f"""
WITH moment AS (
    SELECT c.id AS channel_id, c.extrapolated_from AS since, 'infinity'::timestamp AS till
      FROM actwin_channel c
     WHERE c.id = ANY(%(channels)s::int[]) AND c.extrapolated_from IS NOT NULL
       AND EXISTS (SELECT FROM actwin_reading r
                    WHERE r.channel_id = c.id AND r.ts > c.extrapolated_from AND r.source <> 5)
), over AS (
    UPDATE actwin_channel c SET extrapolated_from = NULL
      FROM moment m WHERE c.id = m.channel_id
){_GONE}"""

# the values of estimates, scaled after the register was read
RESCALE = """
WITH input AS (
    SELECT i.channel_id, timestamp 'epoch' + i.ts * interval '1 second' AS ts, i.value
      FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[])
           AS i (channel_id, ts, value)
), put AS (
    UPDATE actwin_reading r SET value = i.value
      FROM input i
     WHERE r.channel_id = i.channel_id AND r.ts = i.ts AND r.source = 5 AND r.quality = 2
    RETURNING r.channel_id, r.ts, r.value
), former AS (
    UPDATE actwin_reading_version v SET state = 'superseded'
      FROM put p
     WHERE v.channel_id = p.channel_id AND v.ts = p.ts AND v.kind = 'estimate'
       AND v.state = 'taken'
    RETURNING v.channel_id, v.ts, v.value, v.estimate_id, v.site_id, v.company_id
), totals AS (
    SELECT f.estimate_id, sum(p.value) AS total, sum(f.value) AS before
      FROM former f JOIN put p USING (channel_id, ts) GROUP BY 1
), listed AS (
    UPDATE actwin_estimate e
       SET exact = true,
           consumption = CASE WHEN t.before = 0 THEN t.total
                              ELSE round(e.consumption * t.total / t.before, 6) END
      FROM totals t WHERE e.id = t.estimate_id
)
INSERT INTO actwin_reading_version
    (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date, estimate_id)
SELECT f.channel_id, f.site_id, f.company_id, f.ts, p.value, '2', '5', 'estimate', 'taken',
       %(now)s, f.estimate_id
  FROM former f JOIN put p USING (channel_id, ts)
RETURNING channel_id, ts
"""

GONE_ON = """
UPDATE actwin_channel c
   SET extrapolated_from = (SELECT max(ts) FROM actwin_reading r
                             WHERE r.channel_id = c.id AND r.source <> 5)
 WHERE c.id = ANY(%s) AND c.extrapolated_from IS NULL
   AND EXISTS (SELECT FROM actwin_reading r
                WHERE r.channel_id = c.id AND r.source = 5
                  AND r.ts > (SELECT max(ts) FROM actwin_reading o
                               WHERE o.channel_id = c.id AND o.source <> 5))
"""

"""Statements of the rollup: from readings to consumption, for many channels at once.

The spans to compute come first (``DAYS`` or ``SPAN``), then ``STEPS`` turns their readings into
differences. Each span stands alone: it fetches the last usable reading before its start, so that
any way of cutting time into chunks gives the same figures.

A meter change enters as synthetic rows: the closing index ends the old meter's series (``seg``),
the opening index starts the new one's; differences are taken within a series only.
"""

NO_JIT = "SET LOCAL jit = off"
"""Compiling these long statements takes ten times as long as running them."""

DAYS = """
WITH todo AS MATERIALIZED (
    SELECT t.channel_id, t.day, b.start_ts, b.end_ts, c.kind, c.point_id, c.site_id, c.company_id,
           whole.id AS seg, whole.date_from AS seg_from,
           EXISTS (SELECT FROM actwin_meter_installation i WHERE i.point_id = c.point_id) AS metered
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
      JOIN actwin_channel c ON c.id = t.channel_id
      JOIN actwin_site s ON s.id = c.site_id
     CROSS JOIN LATERAL (
         SELECT (t.day::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS start_ts,
                ((t.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts) b
      LEFT JOIN LATERAL (
         SELECT i.id, i.date_from FROM actwin_meter_installation i
          WHERE i.point_id = c.point_id AND i.date_from <= b.start_ts
            AND (i.date_to IS NULL OR i.date_to > b.end_ts) LIMIT 1) whole ON true
)
"""

SPAN = """
WITH todo AS MATERIALIZED (
    SELECT c.id AS channel_id, NULL::date AS day, %(start)s::timestamp AS start_ts,
           %(end)s::timestamp AS end_ts, c.kind, c.point_id, c.site_id, c.company_id,
           whole.id AS seg, whole.date_from AS seg_from,
           EXISTS (SELECT FROM actwin_meter_installation i WHERE i.point_id = c.point_id) AS metered
      FROM actwin_channel c
      LEFT JOIN LATERAL (
         SELECT i.id, i.date_from FROM actwin_meter_installation i
          WHERE i.point_id = c.point_id AND i.date_from <= %(start)s
            AND (i.date_to IS NULL OR i.date_to > %(end)s) LIMIT 1) whole ON true
     WHERE c.id = ANY(%(channels)s)
)
"""

# of channel t at reading r; at the very moment of a change both meters qualify: the one whose
# noted index is nearer has it
SEGMENT = """(
    SELECT i.id FROM actwin_meter_installation i
      LEFT JOIN actwin_meter_installation_index x
        ON x.installation_id = i.id AND x.channel_id = t.channel_id
     WHERE i.point_id = t.point_id AND i.date_from <= r.ts
       AND (i.date_to IS NULL OR i.date_to >= r.ts)
     ORDER BY CASE r.ts
                  WHEN i.date_from THEN
                      abs(r.value - CASE WHEN x.has_opening THEN coalesce(x.opening_index, 0) END)
                  WHEN i.date_to THEN
                      abs(r.value - CASE WHEN x.has_closing THEN coalesce(x.closing_index, 0) END)
                  ELSE 0 END NULLS LAST,
              i.date_from
     LIMIT 1)"""

STEPS = f"""
, boundary AS MATERIALIZED (
    SELECT t.channel_id, t.day, r.ts, r.value, r.quality,
           CASE WHEN r.ts > t.seg_from THEN t.seg WHEN NOT t.metered THEN 0
                ELSE coalesce({SEGMENT}, -1) END AS seg
      FROM todo t
     CROSS JOIN LATERAL (
         SELECT ts, value, quality FROM actwin_reading
          WHERE channel_id = t.channel_id AND ts <= t.start_ts AND quality IN (0, 2, 3)
          ORDER BY ts DESC LIMIT 1) r
     WHERE t.kind = 'index'
), stream AS (
    SELECT t.channel_id, t.day, t.kind, r.ts, r.value, r.quality, true AS counted, true AS real,
           r.quality IN (0, 2, 3) AS usable, 1 AS ord,
           coalesce(t.seg, CASE WHEN NOT t.metered THEN 0 ELSE coalesce({SEGMENT}, -1) END) AS seg
      FROM todo t
     CROSS JOIN LATERAL (
         SELECT ts, value, quality FROM actwin_reading
          WHERE channel_id = t.channel_id AND ts > t.start_ts AND ts <= t.end_ts) r
    UNION ALL
    SELECT channel_id, day, 'index', ts, value, quality, false, true, true, 1, seg FROM boundary
    UNION ALL
    SELECT t.channel_id, t.day, 'index', i.date_from, coalesce(x.opening_index, 0), 0,
           i.date_from > t.start_ts, false, true, 0, i.id
      FROM todo t
      JOIN actwin_meter_installation i
        ON i.point_id = t.point_id AND i.date_from <= t.end_ts
       AND (i.date_to IS NULL OR i.date_to > t.start_ts)
      JOIN actwin_meter_installation_index x
        ON x.installation_id = i.id AND x.channel_id = t.channel_id AND x.has_opening
     WHERE t.kind = 'index'
    UNION ALL
    SELECT t.channel_id, t.day, 'index', i.date_to, coalesce(x.closing_index, 0), 0,
           true, false, true, 2, i.id
      FROM todo t
      JOIN actwin_meter_installation i
        ON i.point_id = t.point_id AND i.date_to > t.start_ts AND i.date_to <= t.end_ts
      JOIN actwin_meter_installation_index x
        ON x.installation_id = i.id AND x.channel_id = t.channel_id AND x.has_closing
     WHERE t.kind = 'index'
    UNION ALL
    -- a meter change without both indexes leaves a hole: a fault at its moment
    SELECT t.channel_id, t.day, 'gap', i.date_from, NULL, 0, true, false, false, 3, -2
      FROM todo t
      JOIN actwin_meter_installation i
        ON i.point_id = t.point_id AND i.date_from > t.start_ts AND i.date_from <= t.end_ts
     CROSS JOIN LATERAL (
         SELECT p.id, p.date_from FROM actwin_meter_installation p
          WHERE p.point_id = i.point_id AND p.date_from < i.date_from
          ORDER BY p.date_from DESC LIMIT 1) p
     WHERE t.kind = 'index'
       AND NOT (EXISTS (SELECT FROM actwin_meter_installation_index x
                         WHERE x.installation_id = i.id AND x.channel_id = t.channel_id
                           AND x.has_opening)
            AND EXISTS (SELECT FROM actwin_meter_installation_index x
                         WHERE x.installation_id = p.id AND x.channel_id = t.channel_id
                           AND x.has_closing))
       AND EXISTS (SELECT FROM actwin_reading r
                    WHERE r.channel_id = t.channel_id AND r.ts >= p.date_from
                      AND r.ts <= i.date_from)
), meter AS MATERIALIZED (
    SELECT k.channel_id, coalesce(i.id, 0) AS seg, coalesce(i.multiplier, 1) AS multiplier,
           ('1' || repeat('0', digits.n))::numeric AS modulus, digits.n > 0 AS rolls,
           c.max_per_hour, m.serial
      FROM (SELECT DISTINCT channel_id FROM todo) k
      JOIN actwin_channel c ON c.id = k.channel_id
      LEFT JOIN actwin_meter_installation i ON i.point_id = c.point_id
      LEFT JOIN actwin_meter m ON m.id = i.meter_id
     CROSS JOIN LATERAL (SELECT coalesce(nullif(c.digits, 0), m.digits, 0) AS n) digits
), moved AS (
    SELECT s.*, lag(value) OVER w AS before, lag(ts) OVER w AS since
      FROM stream s
    WINDOW w AS (PARTITION BY channel_id, day, seg, usable ORDER BY ts, ord)
), judged AS (
    SELECT s.*, m.multiplier, m.modulus, m.serial, s.value - s.before AS diff,
           s.value < s.before AND m.rolls AND CASE WHEN m.max_per_hour > 0
               THEN (s.value - s.before + m.modulus) * 3600
                    <= m.max_per_hour * extract(epoch FROM s.ts - s.since)
               ELSE s.before >= 0.9 * m.modulus AND s.value <= 0.1 * m.modulus END AS rolled
      FROM moved s LEFT JOIN meter m ON m.channel_id = s.channel_id AND m.seg = s.seg
), steps AS MATERIALIZED (
    SELECT channel_id, day, kind, ts, value, quality, counted, real, usable, ord, seg, serial,
           multiplier, before, since,
           CASE WHEN NOT usable THEN NULL
                WHEN kind = 'interval' THEN value * multiplier
                WHEN kind = 'index' AND diff >= 0 THEN diff * multiplier
                WHEN kind = 'index' AND rolled THEN (diff + modulus) * multiplier END AS used,
           (usable AND kind = 'index' AND rolled IS TRUE)::int AS rollover,
           (kind = 'gap' OR usable AND (
                kind = 'index' AND coalesce(diff < 0, false) AND rolled IS NOT TRUE
                OR kind IN ('index', 'interval') AND seg = -1))::int AS fault
      FROM judged
)
"""

# worst quality: the order of const.SEVERITY
_FIGURES = """
    trim_scale(sum(used)) AS consumption,
    trim_scale(min(value) FILTER (WHERE real AND usable)) AS value_min,
    trim_scale(max(value) FILTER (WHERE real AND usable)) AS value_max,
    count(*) FILTER (WHERE real AND usable) AS count,
    count(*) FILTER (WHERE real AND quality = 2) AS estimated,
    count(*) FILTER (WHERE real AND NOT usable) AS suspects,
    coalesce((ARRAY['0', '3', '2', '1', '4'])[
        max(array_position(ARRAY[0, 3, 2, 1, 4], quality::int)) FILTER (WHERE real)], '0')
        AS quality,
    sum(rollover) AS rollovers, sum(fault) AS faults"""

COLUMNS = (
    "consumption", "value_min", "value_max", "count", "estimated", "suspects", "quality",
    "rollovers", "faults",
)  # fmt: skip


def put(table, bucket, source, columns):
    """INSERT of the new rows of a rollup table that leaves unchanged ones untouched."""
    names = ", ".join(columns)
    return f"""
    INSERT INTO {table} AS old (channel_id, point_id, site_id, company_id, {bucket}, {names})
    SELECT n.channel_id, c.point_id, c.site_id, c.company_id, n.{bucket},
           {", ".join(f"n.{name}" for name in columns)}
      FROM {source} n JOIN actwin_channel c ON c.id = n.channel_id
    ON CONFLICT (channel_id, {bucket}) DO UPDATE
       SET {", ".join(f"{name} = excluded.{name}" for name in columns)},
           point_id = excluded.point_id, site_id = excluded.site_id,
           company_id = excluded.company_id
     WHERE ({", ".join(f"old.{name}" for name in columns)}, old.site_id, old.company_id)
           IS DISTINCT FROM
           ({", ".join(f"excluded.{name}" for name in columns)}, excluded.site_id,
            excluded.company_id)"""


DAY_COLUMNS = (*COLUMNS, "index_first", "index_last")

ROLL_DAYS = f"""{DAYS}{STEPS}
, hours AS MATERIALIZED (
    SELECT channel_id, date_trunc('hour', ts - interval '1 microsecond') AS hour, {_FIGURES}
      FROM steps WHERE counted GROUP BY 1, 2
), days AS MATERIALIZED (
    SELECT d.*, coalesce(b.value, d.first_value) AS index_first
      FROM (SELECT channel_id, day, {_FIGURES},
                   (array_agg(value ORDER BY ts, ord)
                       FILTER (WHERE real AND usable AND kind = 'index'))[1] AS first_value,
                   (array_agg(value ORDER BY ts DESC, ord DESC)
                       FILTER (WHERE real AND usable AND kind = 'index'))[1] AS index_last
              FROM steps WHERE counted GROUP BY 1, 2) d
      LEFT JOIN boundary b USING (channel_id, day)
), no_hours AS (
    DELETE FROM actwin_consumption_hour h USING todo t
     WHERE h.channel_id = t.channel_id AND h.hour >= t.start_ts AND h.hour < t.end_ts
       AND NOT EXISTS (SELECT FROM hours n WHERE n.channel_id = h.channel_id AND n.hour = h.hour)
), no_days AS (
    DELETE FROM actwin_consumption_day d USING todo t
     WHERE d.channel_id = t.channel_id AND d.day = t.day
       AND NOT EXISTS (SELECT FROM days n WHERE n.channel_id = d.channel_id AND n.day = d.day)
), put_hours AS ({put("actwin_consumption_hour", "hour", "hours", COLUMNS)})
{put("actwin_consumption_day", "day", "days", DAY_COLUMNS)}
"""

ROLL_MONTHS = f"""
WITH todo AS (
    SELECT DISTINCT channel_id, date_trunc('month', day)::date AS month
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
), months AS MATERIALIZED (
    SELECT t.channel_id, t.month, trim_scale(sum(d.consumption)) AS consumption,
           min(d.value_min) AS value_min, max(d.value_max) AS value_max, sum(d.count) AS count,
           sum(d.estimated) AS estimated, sum(d.suspects) AS suspects,
           (ARRAY['0', '3', '2', '1', '4'])[
               max(array_position(ARRAY['0', '3', '2', '1', '4'], d.quality::text))] AS quality,
           sum(d.rollovers) AS rollovers, sum(d.faults) AS faults
      FROM todo t
      JOIN actwin_consumption_day d
        ON d.channel_id = t.channel_id AND d.day >= t.month
       AND d.day < (t.month + interval '1 month')::date
     GROUP BY 1, 2
), no_months AS (
    DELETE FROM actwin_consumption_month m USING todo t
     WHERE m.channel_id = t.channel_id AND m.month = t.month
       AND NOT EXISTS (SELECT FROM months n
                        WHERE n.channel_id = m.channel_id AND n.month = m.month)
)
{put("actwin_consumption_month", "month", "months", COLUMNS)}
"""

_LOCAL_DAY = "((%s - interval '1 microsecond') AT TIME ZONE 'UTC' AT TIME ZONE %s)::date"


def local_day(moment, tz="s.tz"):
    """SQL of the site's day to which the interval that ends at ``moment`` belongs."""
    return _LOCAL_DAY % (moment, tz)


# a mark reaches as far as the next usable reading: its difference starts inside the marked day
TAKE_MARKS = f"""
WITH picked AS (
    SELECT channel_id, day FROM actwin_reading_dirty
     WHERE %(channels)s::int[] IS NULL OR channel_id = ANY(%(channels)s)
     GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %(limit)s
), gone AS (
    DELETE FROM actwin_reading_dirty d USING picked p
     WHERE d.channel_id = p.channel_id AND d.day = p.day
), ends AS (
    SELECT p.channel_id, p.day, s.tz, c.point_id, c.kind,
           ((p.day + 1)::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC' AS end_ts
      FROM picked p
      JOIN actwin_channel c ON c.id = p.channel_id JOIN actwin_site s ON s.id = c.site_id
), following AS (
    SELECT e.*, n.ts
      FROM ends e LEFT JOIN LATERAL (
           SELECT ts FROM actwin_reading r
            WHERE r.channel_id = e.channel_id AND r.ts > e.end_ts AND r.quality IN (0, 2, 3)
            ORDER BY ts LIMIT 1) n ON true
     WHERE e.kind = 'index'
)
SELECT channel_id, day, true FROM ends
UNION
SELECT s.channel_id, {local_day("s.ts")}, false FROM following s WHERE s.ts IS NOT NULL
UNION
SELECT s.channel_id, {local_day("change.ts")}, false
  FROM following s
  JOIN actwin_meter_installation i ON i.point_id = s.point_id
 CROSS JOIN LATERAL (VALUES (i.date_from), (i.date_to)) AS change (ts)
 WHERE change.ts > s.end_ts AND (s.ts IS NULL OR change.ts <= s.ts)
"""

MARK = f"""
INSERT INTO actwin_reading_dirty (channel_id, day)
SELECT DISTINCT r.channel_id, {local_day("r.ts")}
  FROM actwin_reading r
  JOIN actwin_channel c ON c.id = r.channel_id JOIN actwin_site s ON s.id = c.site_id
 WHERE r.channel_id = ANY(%(channels)s) AND r.ts > %(start)s AND r.ts <= %(end)s
UNION
SELECT d.channel_id, d.day
  FROM actwin_consumption_day d
  JOIN actwin_channel c ON c.id = d.channel_id JOIN actwin_site s ON s.id = c.site_id
 WHERE d.channel_id = ANY(%(channels)s)
   AND d.day BETWEEN {local_day("%(start)s::timestamp")} AND {local_day("%(end)s::timestamp")}
UNION
SELECT c.id, {local_day("change.ts")}
  FROM actwin_channel c JOIN actwin_site s ON s.id = c.site_id
 CROSS JOIN LATERAL (VALUES (%(start)s::timestamp), (%(end)s::timestamp)) AS change (ts)
 WHERE c.id = ANY(%(channels)s) AND c.last_ts IS NOT NULL
   AND change.ts BETWEEN timestamp '2000-01-01' AND timestamp '2100-01-01'
"""

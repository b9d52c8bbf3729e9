"""Electrical parameters of points: a table of quarter hours by signal, and rules E01–E17 on it.

``RULES[code]`` gives the readings to which a rule applies: (point_id, part, slot, bad, value). How
many of a part are bad decides, in percent, against the rule's ``limit``.
"""

SIGNALS = {
    "u1": ("32.7.0", "12.7.0", "voltage_l1"),
    "u2": ("52.7.0", "voltage_l2"),
    "u3": ("72.7.0", "voltage_l3"),
    "i1": ("31.7.0", "11.7.0", "current_l1"),
    "i2": ("51.7.0", "current_l2"),
    "i3": ("71.7.0", "current_l3"),
    "i_n": ("91.7.0", "current_n"),
    "p1": ("36.7.0", "active_power_l1"),
    "p2": ("56.7.0", "active_power_l2"),
    "p3": ("76.7.0", "active_power_l3"),
    "p": ("16.7.0", "active_power_total"),
    "q1": ("23.7.0", "reactive_power_l1"),
    "q2": ("43.7.0", "reactive_power_l2"),
    "q3": ("63.7.0", "reactive_power_l3"),
    "pf": ("13.7.0", "power_factor", "power_factor_total", "cosphi_total"),
    "f": ("14.7.0", "frequency"),
    "a1": ("81.7.40", "81.7.4"),
    "a2": ("81.7.51", "81.7.15"),
    "a3": ("81.7.62", "81.7.26"),
    "v12": ("81.7.10",),
}
"""{signal: codes of its channel, the best first}; powers in W, angles in degrees."""

_NAMES = ", ".join(SIGNALS)
TABLES = f"""
CREATE TEMP TABLE IF NOT EXISTS actwin_alarm_slot (
    point_id int, slot timestamp, {", ".join(f"{name} float8" for name in SIGNALS)}
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS actwin_alarm_point (
    point_id int PRIMARY KEY, last timestamp, un float8, imax float8, rating float8
) ON COMMIT DELETE ROWS;
DELETE FROM actwin_alarm_slot;
DELETE FROM actwin_alarm_point
"""

# the mean of what was measured in each quarter of an hour
FILL_SLOTS = f"""
WITH signal AS (
    SELECT DISTINCT ON (c.point_id, s.name) c.point_id, s.name, c.id AS channel_id,
           CASE WHEN c.unit ~ '^k(W|var)' THEN 1000 WHEN c.unit ~ '^M(W|var)' THEN 1000000
                ELSE 1 END AS factor
      FROM unnest(%(names)s, %(codes)s, %(ranks)s) AS s (name, code, rank)
      JOIN actwin_channel c ON c.obis = s.code AND c.active AND c.kind = 'instant'
     WHERE c.point_id = ANY(%(points)s)
     ORDER BY c.point_id, s.name, s.rank, c.id
), value AS (
    SELECT s.point_id, s.name, r.value::float8 * s.factor AS value,
           date_bin('15 minutes', r.ts - interval '1 microsecond', timestamp '2000-01-01')
               + interval '15 minutes' AS slot
      FROM signal s
      JOIN actwin_reading r ON r.channel_id = s.channel_id
     WHERE r.ts > %(start)s AND r.ts <= %(end)s AND r.quality IN (0, 2, 3)
)
INSERT INTO actwin_alarm_slot (point_id, slot, {_NAMES})
SELECT point_id, slot,
       {", ".join(f"avg(value) FILTER (WHERE name = '{name}')" for name in SIGNALS)}
  FROM value GROUP BY 1, 2
"""

# usual voltage, greatest current and apparent power of the last seven days
FILL_POINTS = """
INSERT INTO actwin_alarm_point
SELECT x.point_id, max(x.last),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(x.u1, x.u2, x.u3)),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY greatest(x.i1, x.i2, x.i3)),
       coalesce(nullif(max(p.contract_power_kw), 0) * 1000, percentile_cont(0.99) WITHIN GROUP (
           ORDER BY coalesce(x.u1 * x.i1, 0) + coalesce(x.u2 * x.i2, 0) + coalesce(x.u3 * x.i3, 0)))
  FROM (SELECT *, max(slot) OVER (PARTITION BY point_id) AS last FROM actwin_alarm_slot) x
  JOIN actwin_point p ON p.id = x.point_id
 WHERE x.slot > x.last - interval '7 days'
 GROUP BY 1
"""

# the last seven days; by phase, with the angle between voltage and current (capacitive below 0)
_HEAD = """
WITH rule AS (
    SELECT id, coalesce("limit", 0)::float8 AS "limit", coalesce(lower, 0)::float8 AS lower,
           coalesce(min_base, 0) AS fewest FROM actwin_alarm_rule WHERE id = %(rule)s
), slots AS (
    SELECT s.*, f.un, f.imax, f.rating, f.last, o.feeds_in
      FROM actwin_alarm_slot s
      JOIN actwin_alarm_point f USING (point_id)
      JOIN actwin_point o ON o.id = s.point_id
     WHERE s.point_id = ANY(%(points)s) AND s.slot > f.last - interval '7 days'
), phase AS (
    SELECT s.*, x.k, 'L' || x.k AS part, x.u, x.i, x.p AS p_k,
           coalesce(mod((x.a::numeric + 540), 360)::float8 - 180,
                    CASE WHEN x.p <> 0 OR x.q <> 0 THEN degrees(atan2(x.q, x.p)) END) AS phi,
           x.i > 0.02 * s.imax AS loaded, (x.other + x.another) / 2 AS others
      FROM slots s
     CROSS JOIN LATERAL (VALUES (1, s.u1, s.i1, s.p1, s.q1, s.a1, s.i2, s.i3),
                                (2, s.u2, s.i2, s.p2, s.q2, s.a2, s.i3, s.i1),
                                (3, s.u3, s.i3, s.p3, s.q3, s.a3, s.i1, s.i2))
           AS x (k, u, i, p, q, a, other, another)
), vector AS (
    SELECT point_id, slot, i_n, imax, greatest(max(i), i_n) AS largest,
           bool_and(i IS NOT NULL AND (phi IS NOT NULL OR NOT loaded)) AS whole,
           sqrt(sum(i * cosd(-120 * (k - 1) - coalesce(phi, 0))) ^ 2
                + sum(i * sind(-120 * (k - 1) - coalesce(phi, 0))) ^ 2) AS total
      FROM phase GROUP BY 1, 2, 3, 4
)
"""

RULES = {
    # voltage gone while current flows
    "E01": """
        SELECT point_id, part, slot, u < rule.lower / 100 * un AND i > 0.01 * imax, u
          FROM phase, rule WHERE u IS NOT NULL AND i IS NOT NULL AND imax > 0""",
    # no current in one phase while the others carry some
    "E02": """
        SELECT point_id, part, slot, i < rule.lower / 100 * others, i
          FROM phase, rule WHERE others > 0.05 * imax AND i IS NOT NULL""",
    # power of a phase flows back
    "E03": """
        SELECT point_id, part, slot, p_k < rule.lower, p_k
          FROM phase, rule WHERE loaded AND p_k IS NOT NULL AND feeds_in IS NOT TRUE""",
    # power flows back without own production
    "E04": """
        SELECT point_id, '', slot, coalesce(p, p1 + p2 + p3) < rule.lower, coalesce(p, p1 + p2 + p3)
          FROM slots, rule
         WHERE coalesce(p, p1 + p2 + p3) IS NOT NULL AND feeds_in IS NOT TRUE""",
    # an angle no load has
    "E05": """
        SELECT point_id, part, slot, abs(phi) > rule.lower AND abs(phi) < 165, phi
          FROM phase, rule WHERE loaded AND phi IS NOT NULL AND feeds_in IS NOT TRUE""",
    # low power factor
    "E06": """
        SELECT point_id, '', slot, abs(factor) < rule.lower, factor
          FROM (SELECT s.*, apparent.va,
                       coalesce(pf, coalesce(p, p1 + p2 + p3) / nullif(apparent.va, 0)) AS factor
                  FROM slots s
                 CROSS JOIN LATERAL (
                     SELECT coalesce(u1 * i1, 0) + coalesce(u2 * i2, 0) + coalesce(u3 * i3, 0)
                            AS va) apparent) x, rule
         WHERE va > 0.05 * rating AND factor IS NOT NULL AND feeds_in IS NOT TRUE""",
    # capacitive on every phase at once
    "E07": """
        SELECT point_id, '', slot, max(phi) < max(rule.lower), max(phi)
          FROM phase, rule WHERE loaded AND phi IS NOT NULL AND feeds_in IS NOT TRUE
         GROUP BY point_id, slot""",
    # the neutral carries something else than the phases leave for it
    "E08": """
        SELECT point_id, '', slot, abs(i_n - total) > rule.lower / 100 * largest
                   AND abs(i_n - total) > 0.02 * imax, abs(i_n - total)
          FROM vector, rule WHERE whole AND i_n IS NOT NULL AND largest > 0
        UNION ALL
        SELECT point_id, '', slot, abs(i_n - i1) > greatest(0.1 * i1, 0.5), abs(i_n - i1)
          FROM slots WHERE i2 IS NULL AND i3 IS NULL AND i_n IS NOT NULL AND i1 > 0""",
    # one phase carries far more than the mean
    "E09": """
        SELECT point_id, '', slot, greatest(i1, i2, i3) * 3 / (i1 + i2 + i3) - 1
                   > rule.lower / 100, greatest(i1, i2, i3) * 3 / (i1 + i2 + i3)
          FROM slots, rule WHERE i1 + i2 + i3 > 0.02 * imax""",
    # the register does not count what the power amounts to, by the day
    "E10": """
        SELECT x.point_id, '', x.day_end, abs(d.consumption / x.multiplier - x.kwh)
                   > rule.lower / 100 * x.kwh, d.consumption / x.multiplier
          FROM (SELECT s.point_id, c.id AS channel_id, b.day, b.end_ts AS day_end,
                       sum(coalesce(p, p1 + p2 + p3)) / 4000 AS kwh, count(*) AS slots,
                       max(coalesce(m.multiplier, 1)) AS multiplier
                  FROM slots s
                  JOIN actwin_point o ON o.id = s.point_id
                  JOIN actwin_site t ON t.id = o.site_id
                  JOIN actwin_channel c ON c.point_id = s.point_id AND c.active AND c.band IS NULL
                   AND c.quantity = 'active_import' AND c.kind = 'index'
                 CROSS JOIN LATERAL (
                     SELECT (((slot - interval '1 microsecond') AT TIME ZONE 'UTC')
                             AT TIME ZONE t.tz)::date AS day) l
                 CROSS JOIN LATERAL (
                     SELECT l.day, ((l.day + 1)::timestamp AT TIME ZONE t.tz) AT TIME ZONE 'UTC'
                            AS end_ts) b
                  LEFT JOIN actwin_meter_installation m ON m.point_id = s.point_id
                   AND m.date_from <= slot AND (m.date_to IS NULL OR m.date_to > slot)
                 WHERE s.feeds_in IS NOT TRUE
                 GROUP BY 1, 2, 3, 4) x
          JOIN actwin_consumption_day d ON d.channel_id = x.channel_id AND d.day = x.day, rule
         WHERE x.slots >= 92 AND x.kwh > 2 AND d.consumption IS NOT NULL AND d.faults = 0""",
    # a phase's share of the current is another one than the week before
    "E11": """
        SELECT point_id, part, last, abs(now_share - then_share) > rule.lower / 100, now_share
          FROM (SELECT h.point_id, x.part, f.last,
                       avg(x.i) FILTER (WHERE recent) * 3 / avg(i1 + i2 + i3) FILTER (WHERE recent)
                           AS now_share,
                       avg(x.i) FILTER (WHERE NOT recent) * 3
                           / avg(i1 + i2 + i3) FILTER (WHERE NOT recent) AS then_share,
                       count(*) FILTER (WHERE recent) AS now_count,
                       count(*) FILTER (WHERE NOT recent) AS then_count
                  FROM (SELECT s.*, s.slot > f.last - interval '7 days' AS recent
                          FROM actwin_alarm_slot s JOIN actwin_alarm_point f USING (point_id)
                         WHERE s.point_id = ANY(%(points)s)
                           AND s.i1 + s.i2 + s.i3 > 0.02 * f.imax) h
                  JOIN actwin_alarm_point f USING (point_id)
                 CROSS JOIN LATERAL (VALUES ('L1', h.i1), ('L2', h.i2), ('L3', h.i3)) x (part, i)
                 GROUP BY 1, 2, 3) y, rule
         WHERE now_count >= 48 AND then_count >= 48""",
    # voltage at the consumer's low-voltage point outside the permitted range
    "E12": """
        SELECT point_id, part, slot, u < rule.lower OR u > rule."limit", u
          FROM phase, rule WHERE u > 0.5 * un AND un BETWEEN 161 AND 299""",
    "E13": """
        SELECT point_id, '', slot, f < rule.lower OR f > rule."limit", f
          FROM slots, rule WHERE f > 0""",
    # the second phase does not follow the first by 120 degrees
    "E14": """
        SELECT point_id, '', slot, abs(mod(v12::numeric + 660, 360) - 180) > rule.lower, v12
          FROM slots, rule WHERE v12 IS NOT NULL AND v12 <> 0""",
    # the tariff registers do not add up to the total
    "E15": """
        SELECT c.point_id, '', r.ts, abs(r.value - parts.value) > rule.lower, r.value - parts.value
          FROM actwin_channel c
          JOIN actwin_alarm_point f ON f.point_id = c.point_id
          JOIN actwin_reading r ON r.channel_id = c.id AND r.ts > f.last - interval '7 days'
           AND r.quality IN (0, 2, 3)
         CROSS JOIN LATERAL (
             SELECT sum(v.value) AS value, count(*) AS found,
                    (SELECT count(*) FROM actwin_channel n
                      WHERE n.point_id = c.point_id AND n.quantity = c.quantity AND n.active
                        AND n.band IS NOT NULL AND n.kind = 'index') AS wanted
               FROM actwin_channel b
               JOIN actwin_reading v ON v.channel_id = b.id AND v.ts = r.ts
              WHERE b.point_id = c.point_id AND b.quantity = c.quantity AND b.active
                AND b.band IS NOT NULL AND b.kind = 'index') parts, rule
         WHERE c.point_id = ANY(%(points)s) AND c.quantity = 'active_import' AND c.band IS NULL
           AND c.kind = 'index' AND c.active AND parts.found = parts.wanted AND parts.found > 0""",
    # the highest demand lies below an hour's mean power since it was last set back
    "E17": """
        SELECT c.point_id, '', h.hour + interval '1 hour', h.consumption / m.multiplier
                   > d.value * (1 + rule.lower / 100), d.value
          FROM actwin_channel x
          JOIN actwin_alarm_point f ON f.point_id = x.point_id
          JOIN actwin_channel c ON c.point_id = x.point_id AND c.quantity = 'active_import'
           AND c.kind = 'index' AND c.band IS NULL AND c.active
          JOIN actwin_site s ON s.id = x.site_id
         CROSS JOIN LATERAL (
             SELECT greatest(f.last - interval '7 days',
                        (date_trunc('month', (f.last AT TIME ZONE 'UTC') AT TIME ZONE s.tz)
                         AT TIME ZONE s.tz) AT TIME ZONE 'UTC') AS ts) begun
         CROSS JOIN LATERAL (
             SELECT max(value) * CASE x.unit WHEN 'W' THEN 0.001 ELSE 1 END AS value
               FROM actwin_reading WHERE channel_id = x.id AND ts > begun.ts
                AND quality IN (0, 2, 3)) d
          JOIN actwin_consumption_hour h ON h.channel_id = c.id AND h.hour >= begun.ts
           AND h.consumption IS NOT NULL AND h.faults = 0
         CROSS JOIN LATERAL (
             SELECT coalesce(max(i.multiplier), 1) AS multiplier FROM actwin_meter_installation i
              WHERE i.point_id = x.point_id AND i.date_from <= h.hour
                AND (i.date_to IS NULL OR i.date_to > h.hour)) m, rule
         WHERE x.point_id = ANY(%(points)s) AND x.quantity = 'demand' AND x.kind = 'instant'
           AND x.active AND d.value > 0""",
}
"""{code: readings to which the rule applies}. E16 (the clock) is told by events."""

SINGLE = ("E12", "E13")
"""Rules of which one bad reading is enough: their limits bound the value itself."""


def judged(code):
    """The statement that judges points by a rule: on, where enough readings are bad, some of them
    of the last day; unsure, where so they were, but the last day had none to judge.
    """
    share = "0" if code in SINGLE else 'rule."limit"'
    return f"""{_HEAD}
, told (point_id, part, slot, bad, value) AS ({RULES[code]}), judged AS (
    SELECT t.point_id, t.part, count(*) AS n,
           100.0 * count(*) FILTER (WHERE bad) / count(*) AS share,
           min(slot) FILTER (WHERE bad) AS ts, max(slot) FILTER (WHERE bad) AS ts_last,
           max(slot) FILTER (WHERE NOT bad) AS good,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE bad) AS value,
           bool_or(bad AND slot > f.last - interval '1 day') AS lately,
           bool_or(slot > f.last - interval '1 day') AS known
      FROM told t JOIN actwin_alarm_point f USING (point_id)
     WHERE bad IS NOT NULL
     GROUP BY 1, 2
), verdict AS (
    SELECT j.*, n >= fewest AND share > {share} AND lately AS is_on,
           n >= fewest AND share > {share} AND NOT known AS unsure
      FROM judged j, rule
)
SELECT point_id, bool_or(is_on) AS is_on, bool_or(unsure) AS unsure, max(good) AS good,
       min(ts) FILTER (WHERE is_on) AS ts, max(ts_last) FILTER (WHERE is_on) AS ts_last,
       sum(n) FILTER (WHERE is_on)::int AS n,
       round(max(share) FILTER (WHERE is_on), 1)::text AS share,
       string_agg(part, ', ' ORDER BY part) FILTER (WHERE is_on AND part <> '') AS part,
       (array_agg(round(value::numeric, 3)::text ORDER BY share DESC) FILTER (WHERE is_on))[1]
           AS value
  FROM verdict GROUP BY 1
"""

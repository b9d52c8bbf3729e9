"""What rules watch: the table of watched figures, and how it is filled.

A row is a figure that a rule reads at a point: ``channel_id`` names the alarm (0 for a
formula), ``source_id`` is the channel that is read, ``part`` its place in the rule: ``n`` alone or
above, ``d`` below a ratio's line, else a formula's name. Limits are those that hold at the point.
"""

from datetime import timedelta

HORIZON = timedelta(days=62)
"""What lies further back is history nobody can act on; it raises nothing."""


def since(now):
    """Since when something must have happened to be judged now."""
    return now - HORIZON


TABLE = """
CREATE TEMP TABLE IF NOT EXISTS actwin_alarm_watch (
    rule_id int, point_id int, channel_id int, source_id int, part text, type text, basis text,
    day date, tz text, read_ts timestamp, from_ts timestamp, upper numeric, lower numeric,
    hysteresis numeric, hold interval, calm interval, rate_minutes int, always boolean, unit text
) ON COMMIT DELETE ROWS;
DELETE FROM actwin_alarm_watch
"""

TYPES = ("threshold", "band", "ratio", "rate", "formula")

OF_ITS_POINTS = """
       (NOT EXISTS (SELECT FROM actwin_alarm_rule_point_rel o WHERE o.rule_id = r.id)
        OR EXISTS (SELECT FROM actwin_alarm_rule_point_rel o
                    WHERE o.rule_id = r.id AND o.point_id = p.id))
"""

# a rule and a point of its scope
SCOPE = f"""
       p.active AND r.type = ANY(%(types)s)
   AND CASE WHEN %(rules)s::int[] IS NULL THEN r.active ELSE r.id = ANY(%(rules)s) END
   AND (r.company_id IS NULL OR r.company_id = p.company_id)
   AND (r.site_id IS NULL OR r.site_id = p.site_id)
   AND (coalesce(r.role, '') = '' OR r.role = p.role)
   AND (coalesce(r.commodity, '') = '' OR r.commodity = p.commodity)
   AND {OF_ITS_POINTS}
"""


def on_duty(rule, moment, tz, whole_day="false"):
    """SQL: does ``rule`` watch at a UTC moment, on the clock of ``tz``.

    After midnight a shift still belongs to the day on which it began.
    """
    begins = f"coalesce({rule}.hour_from, 0)"
    return f"""(
    SELECT (ARRAY[{rule}.mon, {rule}.tue, {rule}.wed, {rule}.thu, {rule}.fri, {rule}.sat,
                  {rule}.sun])[extract(isodow FROM
               at.local - CASE WHEN {begins} >= {rule}.hour_to AND at.hour < {rule}.hour_to
                               THEN interval '1 day' ELSE interval '0' END)::int]
           AND ({whole_day}
                OR CASE WHEN {begins} < {rule}.hour_to
                        THEN at.hour >= {begins} AND at.hour < {rule}.hour_to
                        ELSE at.hour >= {begins} OR at.hour < {rule}.hour_to END)
      FROM (SELECT zoned.local, extract(epoch FROM zoned.local::time) / 3600 AS hour
              FROM (SELECT ({moment} AT TIME ZONE 'UTC') AT TIME ZONE {tz} AS local) zoned) at)"""


def is_register(channel, quantity, obis):
    """SQL: does ``channel`` have the quantity and one of the codes; a band's only by its code."""
    return f"""({channel}.active
       AND (coalesce({quantity}, '') = '' OR {channel}.quantity = {quantity})
       AND CASE WHEN coalesce({obis}, '') = '' THEN {channel}.band IS NULL
                ELSE {channel}.obis = ANY({_codes(obis)}) END)"""


def _codes(obis):
    return f"string_to_array(replace({obis}, ' ', ''), ',')"


def _the_register(quantity, obis):
    """SQL of the one register of point ``p`` that is meant: the first code, an index before a
    profile."""
    return f"""(
        SELECT c.id FROM actwin_channel c
         WHERE c.point_id = p.id AND {is_register("c", quantity, obis)}
         ORDER BY array_position({_codes(obis)}, c.obis::text),
                  array_position(ARRAY['index', 'interval', 'virtual', 'instant'], c.kind::text),
                  c.id LIMIT 1)"""


# the kilowatts of a register's unit, of power as well as of energy by the hour; a formula's are its
_KILO = """CASE WHEN r.type = 'formula' THEN 1 ELSE CASE lower(left(c.unit, 1))
    WHEN 'k' THEN 1 WHEN 'm' THEN 1000 ELSE 0.001 END END"""

# limits at the point; a percentage of what is not known is no limit. Of the lawful limits the
# newest hold, of those the narrowest the point's power falls under
_LIMITS = f"""
  LEFT JOIN LATERAL (
      SELECT CASE r.quantity WHEN 'reactive_capacitive' THEN x.capacitive
                  ELSE x.inductive END AS percent
        FROM actwin_reactive_limit x
       WHERE r.limit_source = 'reactive' AND x.date_from <= t.until_day
         AND (coalesce(x.below_kva, 0) = 0
              OR p.contract_power_kw > 0 AND p.contract_power_kw < x.below_kva)
       ORDER BY x.date_from DESC, nullif(x.below_kva, 0) NULLS LAST
       LIMIT 1) lawful ON true
  CROSS JOIN LATERAL (
      SELECT CASE r.limit_source
                 WHEN 'contract_power' THEN nullif(p.contract_power_kw, 0) / 100 / {_KILO}
                 WHEN 'contract_day' THEN nullif(p.contract_day_max, 0) / 100
                 WHEN 'reactive' THEN nullif(lawful.percent, 0) / 100
                 ELSE 1 END AS high,
             CASE r.limit_source
                 WHEN 'contract_power' THEN nullif(p.contract_power_kw, 0) / 100 / {_KILO}
                 WHEN 'contract_day' THEN nullif(p.contract_day_min, 0) / 100
                 WHEN 'reactive' THEN nullif(lawful.percent, 0) / 100
                 ELSE 1 END AS low) scale
  CROSS JOIN LATERAL (
      SELECT CASE WHEN r.type = 'band' OR r.direction = 'above'
                  THEN coalesce(r."limit", 0) * scale.high END AS upper,
             CASE WHEN r.type = 'band' OR r.direction = 'below'
                  THEN coalesce(r.lower, 0) * scale.low END AS lower,
             coalesce(r.hysteresis, 0) * coalesce(scale.high, scale.low) AS hysteresis) bound
"""

# from where on a figure is judged, and how far back what it is judged by reaches
_ROW = """
       r.type, r.basis, t.day, s.tz, span.start - make_interval(mins => CASE r.type
           WHEN 'rate' THEN r.rate_minutes ELSE 0 END), span.start, bound.upper, bound.lower,
       bound.hysteresis, make_interval(mins => coalesce(r.delay_minutes, 0)),
       make_interval(mins => coalesce(r.clear_minutes, 0)), r.rate_minutes,
       r.mon AND r.tue AND r.wed AND r.thu AND r.fri AND r.sat AND r.sun
           AND coalesce(r.hour_from, 0) = 0 AND r.hour_to = 24,
       CASE r.type WHEN 'ratio' THEN '%%' WHEN 'formula' THEN '' ELSE CASE
           WHEN r.type = 'rate' AND r.rate_percent THEN '%%'
           WHEN r.basis IN ('power', 'demand') AND c.kind <> 'instant'
               THEN CASE WHEN c.unit ~* 'wh$' THEN left(c.unit, -1) ELSE c.unit || '/h' END
           ELSE c.unit END END
"""
_SPAN = """
  CROSS JOIN LATERAL (
      SELECT ((CASE r.basis WHEN 'month' THEN date_trunc('month', t.day) ELSE t.day END)
              ::timestamp AT TIME ZONE s.tz) AT TIME ZONE 'UTC'
             - CASE r.basis WHEN 'month' THEN interval '0' ELSE make_interval(
                   mins => coalesce(r.delay_minutes, 0) + coalesce(r.clear_minutes, 0)) END
             AS start) span
"""
_DAYS = """
WITH t AS MATERIALIZED (
    SELECT channel_id, min(day) AS day, max(day) AS until_day
      FROM unnest(%(channels)s::int[], %(days)s::date[]) AS t (channel_id, day)
     WHERE day >= %(since)s GROUP BY 1
)"""
_POINTS = f"""{_DAYS}, touched AS MATERIALIZED (
    SELECT c.point_id, min(t.day) AS day, max(t.until_day) AS until_day, array_agg(c.id) AS channels
      FROM t JOIN actwin_channel c ON c.id = t.channel_id GROUP BY 1
)"""
_INSERT = "INSERT INTO actwin_alarm_watch"

# a profile beside an index of the same register would tell everything twice
_SINGLE = f"""{_DAYS}
{_INSERT}
SELECT r.id, p.id, c.id, c.id, 'n', {_ROW}
  FROM t
  JOIN actwin_channel c ON c.id = t.channel_id
  JOIN actwin_point p ON p.id = c.point_id
  JOIN actwin_site s ON s.id = p.site_id
  JOIN actwin_alarm_rule r ON r.type IN ('threshold', 'band', 'rate') AND {SCOPE}
   AND {is_register("c", "r.quantity", "r.obis")}
{_LIMITS}{_SPAN}
 WHERE (bound.upper IS NOT NULL OR bound.lower IS NOT NULL)
   AND (c.kind <> 'interval' OR r.basis = 'reading' OR NOT EXISTS (
        SELECT FROM actwin_channel o
         WHERE o.point_id = p.id AND o.active AND o.kind = 'index' AND o.quantity = c.quantity
           AND o.band IS NOT DISTINCT FROM c.band AND coalesce(r.obis, '') = ''))
"""
_RATIO = f"""{_POINTS}
{_INSERT}
SELECT r.id, p.id, c.id, part.source_id, part.part, {_ROW}
  FROM touched t
  JOIN actwin_point p ON p.id = t.point_id
  JOIN actwin_site s ON s.id = p.site_id
  JOIN actwin_alarm_rule r ON r.type = 'ratio' AND {SCOPE}
  JOIN actwin_channel c ON c.id = {_the_register("r.quantity", "r.obis")}
  JOIN actwin_channel d ON d.id = {_the_register("r.quantity_base", "r.obis_base")}
{_LIMITS}{_SPAN}
 CROSS JOIN LATERAL (VALUES (c.id, 'n'), (d.id, 'd')) part (source_id, part)
 WHERE (bound.upper IS NOT NULL OR bound.lower IS NOT NULL)
   AND t.channels && ARRAY[c.id, d.id]
"""
_FORMULA = f"""{_POINTS}, meant AS MATERIALIZED (
    SELECT r.id AS rule_id, p.id AS point_id, i.name, t.day, t.until_day,
           {_the_register("i.quantity", "i.obis")} AS source_id, t.channels
      FROM touched t
      JOIN actwin_point p ON p.id = t.point_id
      JOIN actwin_alarm_rule r ON r.type = 'formula' AND {SCOPE}
      JOIN actwin_alarm_rule_input i ON i.rule_id = r.id
)
{_INSERT}
SELECT r.id, p.id, 0, t.source_id, t.name, {_ROW}
  FROM meant t
  JOIN actwin_alarm_rule r ON r.id = t.rule_id
  JOIN actwin_point p ON p.id = t.point_id
  JOIN actwin_site s ON s.id = p.site_id
  JOIN actwin_channel c ON c.id = t.source_id
{_LIMITS}{_SPAN}
 WHERE (bound.upper IS NOT NULL OR bound.lower IS NOT NULL)
   AND NOT EXISTS (SELECT FROM meant o WHERE o.rule_id = t.rule_id AND o.point_id = t.point_id
                      AND o.source_id IS NULL)
   AND EXISTS (SELECT FROM meant o WHERE o.rule_id = t.rule_id AND o.point_id = t.point_id
                  AND o.source_id = ANY(o.channels))
"""
FILL = {
    ("threshold", "band", "rate"): _SINGLE,
    ("ratio",): _RATIO,
    ("formula",): _FORMULA,
}
"""{types of rules: statement that notes what they watch among channels and their days}."""

"""What a channel usually uses: in the hours of days alike, in former periods."""

# the nearest like days before the gap, as far as they were measured; with `beside`, also for the
# day on either side of the gap, together with what was used there
LIKE = """
WITH gap AS (
    SELECT g.n, g.channel_id, g.since, g.till, g.like_days, g.tz,
           CASE WHEN g.beside THEN interval '24 hours' ELSE interval '0' END AS margin
      FROM jsonb_to_recordset(%s) AS g (n int, channel_id int, since timestamp, till timestamp,
                                        like_days text, beside boolean, tz text)
), hours AS (
    SELECT g.*, h.hour, h.hour AT TIME ZONE 'UTC' AT TIME ZONE g.tz AS local,
           CASE WHEN h.hour + interval '1 hour' <= g.since THEN 'before'
                WHEN h.hour >= g.till THEN 'after' ELSE 'in' END AS side
      FROM gap g
     CROSS JOIN LATERAL generate_series(
         date_trunc('hour', g.since) - g.margin,
         date_trunc('hour', g.till) + g.margin, interval '1 hour') h (hour)
)
SELECT h.n, extract(epoch FROM h.hour)::int8, h.side, l.mean::text, a.consumption::text,
       l.first::text, l.last::text
  FROM hours h
 CROSS JOIN LATERAL (
     SELECT avg(consumption) AS mean, min(day) AS first, max(day) AS last
       FROM (
         -- nearest first, each looked up by its key: no more are read than are wanted
         SELECT c.consumption, h.local::date - o.days AS day
           FROM (SELECT days
                   FROM generate_series(
                            1, CASE h.like_days WHEN 'week' THEN 56 ELSE 35 END) AS d (days)
                  WHERE CASE h.like_days
                        WHEN 'week' THEN days %% 7 = 0
                        ELSE ((extract(isodow FROM h.local)::int + 34 - days) %% 7 + 1 >= 6)
                             = (extract(isodow FROM h.local) >= 6) END
                  ORDER BY days) o
          CROSS JOIN LATERAL (
              SELECT consumption FROM actwin_consumption_hour c
               WHERE c.channel_id = h.channel_id
                 AND c.hour = h.hour - make_interval(days => o.days)
                 AND c.estimated = 0 AND c.suspects = 0 AND c.faults = 0
                 AND c.consumption IS NOT NULL
                 AND (c.hour + interval '1 hour' <= h.since OR c.hour >= h.till) LIMIT 1) c
          LIMIT CASE h.like_days WHEN 'week' THEN 6 ELSE 5 END) alike) l
  LEFT JOIN actwin_consumption_hour a
    ON h.side <> 'in' AND a.channel_id = h.channel_id AND a.hour = h.hour
   AND a.estimated = 0 AND a.suspects = 0 AND a.faults = 0
 ORDER BY 1, 2
"""

# consumption a day: of the month a year ago times the year's trend, else of the last three months,
# else of the last weeks. Only months that ended before the gap, and as far as they were measured
FORMER = """
WITH gap AS (
    SELECT g.n, g.channel_id,
           date_trunc('month', g.since AT TIME ZONE 'UTC' AT TIME ZONE g.tz)::date AS month
      FROM jsonb_to_recordset(%s) AS g (n int, channel_id int, since timestamp, tz text)
), months AS (
    SELECT g.n, g.month AS now, m.month,
           m.consumption / extract(day FROM m.month + interval '1 month' - interval '1 day')
               AS a_day
      FROM gap g
      JOIN actwin_consumption_month m
        ON m.channel_id = g.channel_id AND m.month < g.month
       AND m.month >= g.month - interval '15 months'
     WHERE m.consumption IS NOT NULL AND m.faults = 0
       AND EXISTS (SELECT FROM actwin_consumption_month f  -- not the month in which it began
                    WHERE f.channel_id = m.channel_id AND f.month < m.month)
), means AS (
    SELECT n, max(a_day) FILTER (WHERE month = now - interval '12 months') AS year_ago,
           avg(a_day) FILTER (WHERE month >= now - interval '3 months') AS recent,
           avg(a_day) FILTER (WHERE month < now - interval '12 months') AS recent_year_ago,
           array_agg(to_char(month, 'YYYY-MM') ORDER BY month)
               FILTER (WHERE month >= now - interval '3 months') AS last_months,
           array_agg(to_char(month, 'YYYY-MM') ORDER BY month)
               FILTER (WHERE month = now - interval '12 months') AS that_month
      FROM months GROUP BY 1
), chosen AS (
    SELECT g.n, coalesce(m.year_ago * m.recent / nullif(m.recent_year_ago, 0), m.recent,
                         s.day_mean) AS a_day,
           CASE WHEN m.year_ago * m.recent / nullif(m.recent_year_ago, 0) IS NOT NULL
                THEN m.that_month || m.last_months ELSE coalesce(m.last_months, '{}') END AS months
      FROM gap g
      LEFT JOIN means m USING (n)
      LEFT JOIN actwin_channel_statistic s ON s.channel_id = g.channel_id
)
SELECT n, a_day::text, months FROM chosen WHERE a_day > 0
"""

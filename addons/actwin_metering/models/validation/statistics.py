from odoo import api, models

_DAYS = 60

# whole days only: the rest of today would look like a fall
_REFRESH = """
WITH span AS (
    SELECT c.id AS channel_id, c.last_ts::date - %(days)s AS since, c.last_ts::date AS till
      FROM actwin_channel c
     WHERE c.last_ts IS NOT NULL AND (%(channels)s::int[] IS NULL OR c.id = ANY(%(channels)s))
       AND c.kind IN ('index', 'interval')
), days AS (
    SELECT d.channel_id, d.consumption
      FROM span s JOIN actwin_consumption_day d
        ON d.channel_id = s.channel_id AND d.day >= s.since AND d.day < s.till
     WHERE d.consumption IS NOT NULL AND d.suspects = 0 AND d.faults = 0
), middle AS (
    SELECT channel_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY consumption) AS median,
           avg(consumption) AS mean, count(*) AS days,
           count(*) FILTER (WHERE consumption = 0) AS zero_days
      FROM days GROUP BY 1
), spread AS (
    SELECT d.channel_id,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(d.consumption - m.median)) AS mad
      FROM days d JOIN middle m USING (channel_id) GROUP BY 1
), hours AS (
    SELECT h.channel_id, max(h.consumption) AS hour_max,
           percentile_disc(0.995) WITHIN GROUP (ORDER BY h.consumption) AS hour_p995
      FROM span s JOIN actwin_consumption_hour h
        ON h.channel_id = s.channel_id AND h.hour >= s.since AND h.hour < s.till
     WHERE h.consumption IS NOT NULL AND h.suspects = 0 AND h.faults = 0 GROUP BY 1
)
INSERT INTO actwin_channel_statistic AS old
    (channel_id, till, days, day_mean, day_median, day_mad, zero_days, hour_max, hour_p995,
     refreshed)
SELECT m.channel_id, p.till, m.days, m.mean, m.median, s.mad, m.zero_days, h.hour_max, h.hour_p995,
       now() AT TIME ZONE 'UTC'
  FROM span p JOIN middle m USING (channel_id) JOIN spread s USING (channel_id)
  LEFT JOIN hours h USING (channel_id)
ON CONFLICT (channel_id) DO UPDATE
   SET till = excluded.till, days = excluded.days, day_mean = excluded.day_mean,
       day_median = excluded.day_median, day_mad = excluded.day_mad,
       zero_days = excluded.zero_days, hour_max = excluded.hour_max,
       hour_p995 = excluded.hour_p995, refreshed = excluded.refreshed
"""


class ActwinValidationStatistics(models.AbstractModel):
    """What is usual for a channel, kept ready: the rules that compare with it cost a lookup.

    Days that are suspect or faulty stay out of it, so that an error does not widen its own limit.
    """

    _name = "actwin.validation.statistics"
    _description = "Validation Statistics"

    def init(self):
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS actwin_channel_statistic (
                channel_id integer PRIMARY KEY,
                till date NOT NULL,
                days integer NOT NULL,
                zero_days integer NOT NULL,
                day_mean numeric, day_median numeric, day_mad numeric,
                hour_max numeric, hour_p995 numeric,
                refreshed timestamp NOT NULL
            )
            """
        )

    @api.model
    def _refresh(self, channel_ids=None):
        """Compute the last 60 days' figures of channels anew; of all when none are named."""
        channels = None if channel_ids is None else list(channel_ids)
        self.env.cr.execute(_REFRESH, {"days": _DAYS, "channels": channels})

    @api.model
    def _refresh_missing(self, channel_literal):
        """Have figures ready for channels that have none yet, or whose days ran ahead of them."""
        self.env.cr.execute(
            """
            SELECT c.id FROM actwin_channel c
              LEFT JOIN actwin_channel_statistic s ON s.channel_id = c.id
             WHERE c.id = ANY(%s::int[]) AND c.kind IN ('index', 'interval')
               AND (s.channel_id IS NULL OR s.till < c.last_ts::date - 2)
            """,
            [channel_literal],
        )
        missing = [row[0] for row in self.env.cr.fetchall()]
        if missing:
            self._refresh(missing)

    @api.model
    def _cron_refresh(self):
        self._refresh()

from odoo import api, models

from . import watch_sql

# a collector that is not heard is one alarm, not one for each of its thousand meters
_HEARD = """(k.last_seen IS NOT NULL
    AND k.last_seen > %(now)s - make_interval(mins => greatest(r.silent_minutes, 15)))"""

# three polls of its schedule where the rule gives no time
_POLLS = """make_interval(secs => 3 * greatest(h.poll_seconds, h.store_seconds, 60))"""


def _patience(otherwise):
    return f"""CASE WHEN r.silent_minutes > 0 THEN make_interval(mins => r.silent_minutes)
                    ELSE {otherwise} END"""


_OF_DEVICE = "(SELECT " + _POLLS + " FROM actwin_schedule h WHERE h.id = d.schedule_id)"

_WATCHED = f"""
    r.type = 'absence' AND r.active
   AND (r.company_id IS NULL OR r.company_id = s.company_id)
   AND (r.site_id IS NULL OR r.site_id = s.id) AND s.active
   AND {watch_sql.on_duty("r", "%(now)s", "s.tz")}
"""
_PLACE = f"""
       (coalesce(r.role, '') = '' OR r.role = p.role)
   AND (coalesce(r.commodity, '') = '' OR r.commodity = p.commodity)
   AND {watch_sql.OF_ITS_POINTS}
"""

# registers that used to deliver; those of a stopped line or an unheard collector are explained
_READINGS = f"""
SELECT r.id AS rule_id, s.id AS site_id, c.point_id, c.id AS channel_id, NULL::int AS collector_id,
       NULL::text AS device_key, d.id AS device_id, c.last_ts AS ts
  FROM actwin_channel c
  JOIN actwin_point p ON p.id = c.point_id AND p.active
  JOIN actwin_site s ON s.id = c.site_id
  JOIN actwin_alarm_rule r ON r.absence_of = 'reading' AND {_WATCHED} AND {_PLACE}
   AND {watch_sql.is_register("c", "r.quantity", "r.obis")}
  LEFT JOIN LATERAL (
      SELECT a.device_id FROM actwin_device_parameter a WHERE a.channel_id = c.id LIMIT 1) a ON true
  LEFT JOIN actwin_device d ON d.id = a.device_id
  LEFT JOIN actwin_collector k ON k.id = d.collector_id
  LEFT JOIN actwin_line l ON l.id = d.line_id
 WHERE c.kind <> 'virtual' AND c.last_ts < %(now)s - {_patience(_OF_DEVICE)}
   AND (d.id IS NULL OR d.active AND coalesce(l.enabled, true) AND {_HEARD})
"""
# one that never answered counts from the day it was set up
_DEVICES = f"""
SELECT r.id, s.id, p.id, NULL, d.collector_id, d.key, d.id, coalesce(d.last_ok, d.create_date)
  FROM actwin_device d
  JOIN actwin_collector k ON k.id = d.collector_id AND k.active
  JOIN actwin_site s ON s.id = d.site_id
  LEFT JOIN actwin_line l ON l.id = d.line_id
  LEFT JOIN LATERAL (
      SELECT min(c.point_id) AS id FROM actwin_device_parameter a
        JOIN actwin_channel c ON c.id = a.channel_id
       WHERE a.device_id = d.id HAVING min(c.point_id) = max(c.point_id)) one ON true
  LEFT JOIN actwin_point p ON p.id = one.id
  JOIN actwin_alarm_rule r ON r.absence_of = 'device' AND {_WATCHED} AND {_PLACE}
 WHERE d.active AND coalesce(l.enabled, true) AND {_HEARD}
   AND coalesce(d.last_ok, d.create_date) < %(now)s - {_patience(_OF_DEVICE)}
"""
_COLLECTORS = f"""
SELECT r.id, s.id, NULL, NULL, k.id, NULL, NULL, k.last_seen
  FROM actwin_collector k
  JOIN actwin_site s ON s.id = k.site_id
  JOIN actwin_alarm_rule r ON r.absence_of = 'collector' AND {_WATCHED}
 WHERE k.active AND k.last_seen < %(now)s - {_patience("interval '1 hour'")}
"""
_SILENT = f"{_READINGS} UNION ALL {_DEVICES} UNION ALL {_COLLECTORS}"

# whoever is heard again, since then; at night too, and whatever became of the rule's hours
_BACK = """
SELECT a.rule_id, a.site_id, a.point_id, a.channel_id, a.collector_id, a.device_key, heard.ts
  FROM actwin_alarm a
  JOIN actwin_alarm_rule r ON r.id = a.rule_id AND r.type = 'absence'
 CROSS JOIN LATERAL (
     SELECT CASE
         WHEN a.channel_id IS NOT NULL THEN (
             SELECT min(v.ts) FROM actwin_reading v
              WHERE v.channel_id = a.channel_id AND v.ts > a.ts)
         WHEN a.device_key IS NOT NULL THEN (
             SELECT CASE WHEN d.last_ok > a.ts THEN d.last_ok END FROM actwin_device d
              WHERE d.collector_id = a.collector_id AND d.key = a.device_key)
         ELSE (SELECT CASE WHEN k.last_seen > a.ts THEN k.last_seen END
                 FROM actwin_collector k WHERE k.id = a.collector_id) END AS ts) heard
 WHERE (a.open OR a.still_on) AND heard.ts IS NOT NULL
"""


class ActwinAlarmWatch(models.AbstractModel):
    """Rules about what does not come: looked at by the clock, because nothing else happens."""

    _inherit = "actwin.alarm.watch"

    @api.model
    def _cron_watch(self):
        """Raise what fell silent, clear what is heard again or no longer watched."""
        self._watch_absence()
        self._clear_unwatched()

    @api.model
    def _watch_absence(self):
        alarms = self.env["actwin.alarm"]
        self.env.flush_all()
        self.env.cr.execute(_SILENT, {"now": self.env.cr.now()})
        silent = self.env.cr.dictfetchall()
        still = {_key(hit) for hit in silent}
        self.env.cr.execute(_BACK)
        # what comes late says nothing of now
        alarms._clear([hit for hit in self.env.cr.dictfetchall() if _key(hit) not in still])
        alarms._raise(silent)


def _key(hit):
    names = ("rule_id", "site_id", "point_id", "channel_id", "collector_id", "device_key")
    return tuple(hit[name] for name in names)

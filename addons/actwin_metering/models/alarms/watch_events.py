from odoo import api, models

from . import watch_sql

# a rule that names a kind goes before those for all that raise alarms by themselves; what was
# over before it was told is over
_OPENED = f"""
WITH fitting AS MATERIALIZED (
    SELECT r.id AS rule_id, r.severity AS rule_severity, n.rule_id IS NOT NULL AS named,
           e.id, e.site_id, e.point_id, e.collector_id, e.device_key, e.device_id, e.kind_id, e.ts,
           e.part, e.text, k.closed_by_id, k.severity
      FROM actwin_device_event e
      JOIN actwin_event_kind k ON k.id = e.kind_id
      JOIN actwin_site s ON s.id = e.site_id
      LEFT JOIN actwin_point p ON p.id = e.point_id
      JOIN actwin_alarm_rule r ON r.type = 'event' AND r.active
       AND (r.company_id IS NULL OR r.company_id = e.company_id)
       AND (r.site_id IS NULL OR r.site_id = e.site_id)
       AND (coalesce(r.role, '') = '' OR r.role = p.role)
       AND (coalesce(r.commodity, '') = '' OR r.commodity = p.commodity)
       AND {watch_sql.OF_ITS_POINTS}
       AND {watch_sql.on_duty("r", "e.ts", "s.tz")}
      LEFT JOIN actwin_alarm_rule_kind_rel n ON n.rule_id = r.id AND n.kind_id = e.kind_id
     WHERE e.id = ANY(%(ids)s) AND e.ts >= %(since)s
       AND (n.rule_id IS NOT NULL OR k.opens_alarm AND NOT EXISTS (
            SELECT FROM actwin_alarm_rule_kind_rel o WHERE o.rule_id = r.id))
)
SELECT f.rule_id, f.site_id, f.point_id, f.collector_id, f.device_key, f.kind_id,
       max(f.device_id) AS device_id,
       CASE WHEN f.named THEN f.rule_severity ELSE f.severity END AS severity,
       over.ts AS until, min(f.ts) AS ts, max(f.ts) AS ts_last, count(*) AS count,
       (array_agg(nullif(concat_ws(': ', nullif(f.part, ''), nullif(f.text, '')), '')
                  ORDER BY f.ts DESC))[1] AS text
  FROM fitting f
  LEFT JOIN LATERAL (
      SELECT min(x.ts) AS ts FROM actwin_device_event x
       WHERE x.collector_id = f.collector_id AND x.device_key = f.device_key
         AND x.kind_id = f.closed_by_id AND x.ts >= f.ts
         AND x.part IS NOT DISTINCT FROM f.part) over ON true
 WHERE f.named OR NOT EXISTS (SELECT FROM fitting o WHERE o.id = f.id AND o.named)
 GROUP BY 1, 2, 3, 4, 5, 6, 8, 9
"""

# over, when whatever was told since it began, on any phase, has ended
_CLOSED = """
SELECT a.rule_id, a.site_id, a.point_id, a.collector_id, a.device_key, a.kind_id, max(e.ts) AS ts
  FROM actwin_device_event e
  JOIN actwin_event_kind k ON k.closed_by_id = e.kind_id
  JOIN actwin_alarm a ON a.kind_id = k.id AND a.collector_id = e.collector_id
   AND a.device_key = e.device_key AND a.open AND a.ts <= e.ts
 WHERE e.id = ANY(%(ids)s)
   AND NOT EXISTS (
       SELECT FROM actwin_device_event o
        WHERE o.collector_id = a.collector_id AND o.device_key = a.device_key
          AND o.kind_id = a.kind_id AND o.ts >= a.ts
          AND NOT EXISTS (
              SELECT FROM actwin_device_event x
               WHERE x.collector_id = a.collector_id AND x.device_key = a.device_key
                 AND x.kind_id = k.closed_by_id AND x.ts >= o.ts
                 AND x.part IS NOT DISTINCT FROM o.part))
 GROUP BY 1, 2, 3, 4, 5, 6
"""


class ActwinDeviceEvent(models.Model):
    """What devices tell raises and clears alarms in the delivery's own transaction."""

    _inherit = "actwin.device.event"

    @api.model
    def _store(self, collector, events):
        new = super()._store(collector, events)
        if new:
            self._raise_alarms(new)
        return new

    @api.model
    def _raise_alarms(self, ids):
        since = watch_sql.since(self.env.cr.now())
        self.env.flush_all()
        self.env.cr.execute(_OPENED, {"ids": ids, "since": since})
        hits = self.env.cr.dictfetchall()
        for hit in hits:
            text = hit.pop("text")
            hit["evidence"] = {"text": text} if text else None
        alarms = self.env["actwin.alarm"]
        alarms._raise(hits)
        self.env.cr.execute(_CLOSED, {"ids": ids})
        alarms._clear(self.env.cr.dictfetchall())

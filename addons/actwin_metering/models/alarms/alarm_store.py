import json
from datetime import timedelta

from odoo import api, models

from ..readings.rollup_sql import NO_JIT

_HISTORY = timedelta(days=1)
"""What has been over for so long when it is found is kept, but nobody is told."""

_COLUMNS = """rule_id int, site_id int, point_id int, channel_id int, collector_id int,
    device_id int, device_key varchar, kind_id int, severity varchar, ts timestamp,
    ts_last timestamp, until timestamp, count int, value numeric, peak numeric, "limit" numeric,
    unit varchar, evidence jsonb"""
_KEY = "rule_id, site_id, point_id, channel_id, collector_id, device_key, kind_id"


def _same(one, other):
    """SQL: have two rows one key; as the index of alarms has it, because NULL equals nothing."""
    return " AND ".join(
        f"{left} = {right}" for left, right in zip(_key(one), _key(other), strict=True)
    )


def _key(alias):
    yield f"{alias}.rule_id"
    yield f"{alias}.site_id"
    for name in ("point_id", "channel_id", "collector_id", "kind_id"):
        yield f"coalesce({alias}.{name}, 0)"
    yield f"coalesce({alias}.device_key, '')"


# what a detector leaves out follows from the rest; hits of one key are one alarm, apart from those
# that ended: each of them is its own
_HITS = f"""
WITH told AS (
    SELECT h.rule_id, coalesce(h.site_id, p.site_id, c.site_id, d.site_id, k.site_id) AS site_id,
           coalesce(h.point_id, c.point_id) AS point_id, h.channel_id, h.collector_id,
           h.device_key, h.device_id, h.kind_id, h.severity, h.ts,
           coalesce(h.ts_last, h.ts) AS ts_last, h.until, coalesce(h.count, 1) AS count, h.value,
           coalesce(h.peak, h.value) AS peak, h."limit", coalesce(h.unit, c.unit) AS unit,
           h.evidence
      FROM jsonb_to_recordset(%(hits)s) AS h ({_COLUMNS})
      LEFT JOIN actwin_channel c ON c.id = h.channel_id
      LEFT JOIN actwin_point p ON p.id = h.point_id
      LEFT JOIN actwin_device d ON d.id = h.device_id
      LEFT JOIN actwin_collector k ON k.id = h.collector_id
), hit AS MATERIALIZED (
    SELECT {_KEY}, max(device_id) AS device_id, min(ts) AS ts, max(ts_last) AS ts_last,
           max(until) AS until,
           sum(count) AS count, max("limit") AS "limit", max(unit) AS unit,
           (array_agg(severity ORDER BY ts_last DESC))[1] AS severity,
           (array_agg(value ORDER BY ts_last DESC))[1] AS value,
           (array_agg(peak ORDER BY abs(peak - "limit") DESC NULLS LAST))[1] AS peak,
           (array_agg(evidence ORDER BY ts_last DESC))[1] AS evidence
      FROM told WHERE site_id IS NOT NULL
     GROUP BY {_KEY}, CASE WHEN until IS NOT NULL THEN ts END
)"""

# it is back before it was away for long, or late figures show that it never went: the same again
_REOPEN = f"""{_HITS}
UPDATE actwin_alarm a
   SET state = CASE WHEN a.acknowledged_date IS NULL THEN 'raised' ELSE 'acknowledged' END,
       open = true, cleared_ts = NULL, cleared_date = NULL, clear_reason = NULL,
       raised_date = %(now)s, escalation_level = 0, escalated_date = NULL
  FROM hit h
  JOIN actwin_alarm_rule r ON r.id = h.rule_id AND r.reopen_minutes > 0
 WHERE a.id = (SELECT b.id FROM actwin_alarm b
                WHERE {_same("b", "h")} AND NOT b.open AND b.cleared_by IS NULL
                  AND b.cleared_ts <= h.ts_last
                  AND b.cleared_ts > h.ts - make_interval(mins => r.reopen_minutes)
                ORDER BY b.cleared_ts DESC LIMIT 1)
   AND h.until IS NULL
   AND NOT EXISTS (SELECT FROM actwin_alarm o WHERE {_same("o", "h")} AND o.open)
"""

# cleared by hand while its cause lasts: nothing but until when it was seen
_SEEN = f"""{_HITS}
UPDATE actwin_alarm a SET ts_last = h.ts_last FROM hit h
 WHERE {_same("a", "h")} AND a.still_on AND h.until IS NULL AND h.ts_last > a.ts_last
"""

# late figures show that it began earlier, lasted longer or was worse than told
_EXTEND = f"""{_HITS}
UPDATE actwin_alarm a
   SET ts = least(a.ts, h.ts), cleared_ts = greatest(a.cleared_ts, h.until),
       ts_last = greatest(a.ts_last, h.ts_last), count = greatest(a.count, h.count),
       peak = CASE WHEN abs(h.peak - h."limit") > abs(a.peak - h."limit") OR a.peak IS NULL
                   THEN h.peak ELSE a.peak END
  FROM hit h
 WHERE a.id = (SELECT b.id FROM actwin_alarm b
                WHERE {_same("b", "h")} AND NOT b.open AND b.cleared_by IS NULL
                  AND b.ts <= h.until AND b.cleared_ts >= h.ts
                ORDER BY b.ts LIMIT 1)
   AND h.until IS NOT NULL
   AND (h.ts < a.ts OR h.until > a.cleared_ts OR h.ts_last > a.ts_last OR h.count > a.count)
"""

# a hit that ended already is history, and one that falls into a known alarm is known
_RAISE = f"""{_HITS}
INSERT INTO actwin_alarm AS old
    ({_KEY}, device_id, meter_id, company_id, severity, severity_rank, state, open, ts,
     ts_last, cleared_ts, cleared_date, count, value, peak, "limit", unit, evidence, raised_date,
     user_id, shelved_until, shelve_reason, escalation_level, still_on,
     create_uid, create_date, write_uid, write_date)
SELECT h.rule_id, h.site_id, h.point_id, h.channel_id, h.collector_id, h.device_key, h.kind_id,
       h.device_id, coalesce(d.meter_id, m.meter_id), s.company_id, v.severity,
       array_position(ARRAY['info', 'warning', 'serious', 'critical'], v.severity),
       CASE WHEN h.until IS NULL THEN 'raised' ELSE 'cleared' END, h.until IS NULL, h.ts, h.ts_last,
       h.until, CASE WHEN h.until IS NOT NULL THEN %(now)s::timestamp END, h.count, h.value, h.peak,
       h."limit", h.unit, h.evidence, %(now)s, r.user_id, mute.until, mute.reason, 0, false,
       %(user)s, %(now)s, %(user)s, %(now)s
  FROM hit h
  JOIN actwin_alarm_rule r ON r.id = h.rule_id
  JOIN actwin_site s ON s.id = h.site_id
  LEFT JOIN actwin_device d ON d.id = h.device_id
 CROSS JOIN LATERAL (SELECT coalesce(h.severity, r.severity) AS severity) v
  LEFT JOIN LATERAL (
      SELECT i.meter_id FROM actwin_meter_installation i
       WHERE i.point_id = h.point_id AND i.date_from <= h.ts
         AND (i.date_to IS NULL OR i.date_to > h.ts) ORDER BY i.date_from DESC LIMIT 1) m ON true
  LEFT JOIN LATERAL (
      SELECT u.until, u.reason FROM actwin_alarm_mute u
       WHERE u.site_id = h.site_id AND u.until > %(now)s
         AND (u.point_id IS NULL OR u.point_id = h.point_id)
         AND (u.rule_id = h.rule_id OR u.rule_id IS NULL AND v.severity <> 'critical')
       ORDER BY u.until DESC LIMIT 1) mute ON true
 WHERE NOT EXISTS (
       SELECT FROM actwin_alarm a
        WHERE {_same("a", "h")} AND NOT a.open
          AND (a.ts = h.ts AND a.ts_last >= h.ts_last
               OR a.ts <= coalesce(h.until, 'infinity')
               AND CASE WHEN a.still_on THEN 'infinity'
                        WHEN a.cleared_by IS NOT NULL
                             THEN a.ts_last + interval '1 microsecond'
                        ELSE a.cleared_ts END
                   > CASE WHEN h.until IS NULL THEN h.ts_last ELSE h.ts END))
 ORDER BY h.rule_id, h.site_id, h.point_id, h.channel_id, h.collector_id, h.device_key, h.kind_id
ON CONFLICT ({_KEY}) WHERE open DO UPDATE
   SET count = old.count + excluded.count, ts_last = greatest(old.ts_last, excluded.ts_last),
       ts = least(old.ts, excluded.ts), value = excluded.value, "limit" = excluded."limit",
       peak = CASE WHEN abs(excluded.peak - excluded."limit") > abs(old.peak - excluded."limit")
                     OR old.peak IS NULL THEN excluded.peak ELSE old.peak END,
       evidence = excluded.evidence,
       severity = CASE WHEN excluded.severity_rank > old.severity_rank
                       THEN excluded.severity ELSE old.severity END,
       severity_rank = greatest(old.severity_rank, excluded.severity_rank)
 WHERE excluded.ts_last > old.ts_last
RETURNING id, xmax = 0
"""

_CLEAR = f"""{_HITS}
UPDATE actwin_alarm a
   SET state = 'cleared', open = false, still_on = false,
       cleared_ts = CASE WHEN a.open THEN greatest(h.ts, a.ts) ELSE a.cleared_ts END,
       cleared_date = CASE WHEN a.open THEN %(now)s::timestamp ELSE a.cleared_date END,
       clear_reason = CASE WHEN a.open THEN h.evidence->>'reason' ELSE a.clear_reason END,
       write_uid = %(user)s, write_date = %(now)s
  FROM hit h, actwin_alarm before
 WHERE {_same("a", "h")} AND (a.open OR a.still_on) AND a.ts <= h.ts AND before.id = a.id
RETURNING a.id, before.open
"""


class ActwinAlarm(models.Model):
    """How detectors open and close alarms: whole sets of them, in a few statements."""

    _inherit = "actwin.alarm"

    @api.model
    def _raise(self, hits):
        """Open an alarm for every hit, or count it on the one that is open for its key.

        :param hits: dicts with ``rule_id``, ``ts`` (UTC datetime) and any of ``point_id``,
            ``channel_id``, ``collector_id``, ``device_key``, ``kind_id`` (together the key),
            ``device_id``, ``site_id``, ``value``, ``limit``, ``peak``, ``unit``, ``severity`` (else
            the rule's), ``evidence`` (dict), ``ts_last``, ``count``, and ``until`` for what has
            ended already. The same hit twice counts once.
        :return: the alarms that are new
        """
        if not hits:
            return self.browse()
        for statement in (_SEEN, _REOPEN, _EXTEND):
            self._execute(statement, hits)
        found = self._execute(_RAISE, hits)
        new = self.browse([id_ for id_, is_new in found if is_new])
        lately = self.env.cr.now() - _HISTORY
        new.filtered(lambda alarm: alarm.open or alarm.cleared_ts > lately)._tell("alarm_raised")
        return new

    @api.model
    def _clear(self, hits):
        """Close the open alarms of the hits' keys, which began before the hit's ``ts``.

        :param hits: dicts with the key as in ``_raise`` and ``ts``; ``evidence`` may say the
            ``reason``
        :return: the alarms that were closed
        """
        if not hits:
            return self.browse()
        found = self._execute(_CLEAR, hits)
        closed = self.browse([id_ for id_, was_open in found if was_open])
        closed._tell("alarm_cleared")
        return closed

    def _execute(self, statement, hits):
        self.env.flush_all()
        parameters = {
            "hits": json.dumps(hits, default=str),
            "now": self.env.cr.now(),
            "user": self.env.uid,
        }
        self.env.cr.execute(NO_JIT)
        self.env.cr.execute(statement, parameters)
        rows = self.env.cr.fetchall() if self.env.cr.description else []
        self.invalidate_model()
        self.env["actwin.alarm.rule"].invalidate_model(["open_count"])
        return rows

    def _tell(self, kind, values=None):
        """Have people told, and the open screens refreshed; shelved alarms stay quiet."""
        if not self:
            return
        loud = self.filtered(lambda alarm: not alarm.shelved_until)
        if loud and "actwin.message" in self.env:
            self.env["actwin.message"]._notify(kind, loud, values)
        self._tell_screens()

from odoo import api, models

from . import watch_sql

_SCOPE = {
    "active", "company_id", "site_id", "point_ids", "role", "commodity", "quantity", "obis", "type",
    "basis", "limit_source", "quantity_base", "obis_base", "absence_of", "event_kind_ids",
}  # fmt: skip

_LASTING = """
SELECT a.rule_id, c.id
  FROM actwin_alarm a
  JOIN actwin_alarm_rule r ON r.id = a.rule_id AND r.type = ANY(%(types)s)
  JOIN actwin_channel c ON c.point_id = a.point_id
   AND (c.id = a.channel_id OR a.channel_id IS NULL)
 WHERE (a.open OR a.still_on) AND (%(rules)s::int[] IS NULL OR a.rule_id = ANY(%(rules)s))
"""
_UNWATCHED = """
SELECT a.rule_id, a.site_id, a.point_id, a.channel_id, a.collector_id, a.device_key, a.kind_id,
       %(now)s AS ts
  FROM actwin_alarm a
  JOIN actwin_alarm_rule r ON r.id = a.rule_id
  LEFT JOIN actwin_channel c ON c.id = a.channel_id
  LEFT JOIN actwin_point p ON p.id = a.point_id
 WHERE (a.open OR a.still_on) AND (%(rules)s::int[] IS NULL OR a.rule_id = ANY(%(rules)s))
   AND (NOT (r.active AND coalesce(c.active, true) AND coalesce(p.active, true))
        OR r.type = ANY(%(types)s) AND NOT EXISTS (
            SELECT FROM actwin_alarm_watch w
             WHERE w.rule_id = a.rule_id AND w.point_id = a.point_id
               AND w.channel_id = coalesce(a.channel_id, 0)))
"""


class ActwinAlarmWatch(models.AbstractModel):
    """Nobody waits for the end of what is not looked at any more."""

    _inherit = "actwin.alarm.watch"

    @api.model
    def _clear_unwatched(self, rules=None):
        """Clear alarms whose rule was switched off or does not hold for their register any more.

        :param rules: ids of the rules; all of them when not given
        """
        self.env.flush_all()
        parameters = {"types": list(watch_sql.TYPES), "rules": rules, "now": self.env.cr.now()}
        self.env.cr.execute(_LASTING, parameters)
        lasting = self.env.cr.fetchall()
        today = parameters["now"].date()
        days = sorted({(channel, today) for _rule, channel in lasting})
        self.env.cr.execute(watch_sql.TABLE)
        self._fill(days, today, sorted({rule for rule, _channel in lasting}))
        self.env.cr.execute(_UNWATCHED, parameters)
        hits = self.env.cr.dictfetchall()
        reason = {"reason": self.env._("No rule watches this any more.")}
        self.env["actwin.alarm"]._clear([hit | {"evidence": reason} for hit in hits])


class ActwinAlarmRule(models.Model):
    _inherit = "actwin.alarm.rule"

    def write(self, vals):
        result = super().write(vals)
        if _SCOPE & vals.keys():
            # sudo: alarms are written by nobody but their detectors
            self.env["actwin.alarm.watch"].sudo()._clear_unwatched(self.ids)
        return result

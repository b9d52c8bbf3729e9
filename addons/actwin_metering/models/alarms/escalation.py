from collections import defaultdict

from odoo import api, fields, models

# on to the next level for which somebody is to be told; a reopened alarm begins anew
_ESCALATE = """
UPDATE actwin_alarm a SET escalation_level = next.level, escalated_date = %(now)s
  FROM actwin_alarm_rule r, LATERAL (
       SELECT x.id, min(m.level) AS level
         FROM actwin_alarm x
         JOIN actwin_message_route m ON m.active AND m.company_id = x.company_id
          AND m.level > coalesce(x.escalation_level, 0)
          AND coalesce(m.category, 'alarm') = 'alarm'
          AND array_position(%(ranks)s, m.severity::text)
              <= array_position(%(ranks)s, x.severity::text)
        WHERE x.rule_id = r.id AND x.state = 'raised' AND x.open AND x.shelved_until IS NULL
          AND greatest(x.escalated_date, x.raised_date)
              <= %(now)s - make_interval(mins => r.escalate_minutes)
        GROUP BY x.id) next
 WHERE r.escalate_minutes > 0 AND a.id = next.id
RETURNING a.id, next.level
"""
# the time of a shelf is up: who cared for quiet has had it
_UNSHELVE = """
UPDATE actwin_alarm SET shelved_until = NULL, shelve_reason = NULL
 WHERE open AND shelved_until <= %s RETURNING id
"""


class ActwinAlarm(models.Model):
    """An alarm nobody acknowledges climbs from level to level, and so from route to route."""

    _inherit = "actwin.alarm"

    @api.model
    def _escalate(self):
        """Tell the next ones of alarms that were raised too long ago; the alarms."""
        self.env.flush_all()
        cr, now = self.env.cr, self.env.cr.now()
        cr.execute(_UNSHELVE, [now])
        back = self.browse([row[0] for row in cr.fetchall()])
        ranks = [code for code, _name in self._fields["severity"].selection]
        cr.execute(_ESCALATE, {"now": now, "ranks": ranks})
        levels = defaultdict(self.browse)
        for alarm_id, level in cr.fetchall():
            levels[level] |= self.browse(alarm_id)
        self.invalidate_model()
        back.filtered(lambda alarm: alarm.state == "raised")._tell("alarm_raised")
        for level, alarms in sorted(levels.items()):
            alarms._tell("alarm_escalated", {"level": level})
        return self.browse().union(*levels.values())


class ActwinAlarmRule(models.Model):
    _inherit = "actwin.alarm.rule"

    escalate_minutes = fields.Integer(
        "Escalate After (Minutes)",
        default=60,
        aggregator=None,
        help="As long as nobody acknowledges an alarm of the rule, the next level of recipients is "
        "told every so many minutes. 0: never.",
    )

    _escalate_check = models.Constraint(
        "CHECK (escalate_minutes >= 0)", "An escalation does not lie in the past."
    )


class ActwinAlarmWatch(models.AbstractModel):
    _inherit = "actwin.alarm.watch"

    @api.model
    def _cron_watch(self):
        super()._cron_watch()
        self.env["actwin.alarm"]._escalate()

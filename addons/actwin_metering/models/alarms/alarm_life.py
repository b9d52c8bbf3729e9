from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ActwinAlarm(models.Model):
    """What people do with an alarm."""

    _inherit = "actwin.alarm"

    def action_acknowledge(self):
        """Somebody has seen it and looks after it."""
        for alarm in self._mine().filtered(lambda item: item.state == "raised"):
            alarm.write(
                {
                    "state": "acknowledged",
                    "acknowledged_by": self.env.uid,
                    "acknowledged_date": fields.Datetime.now(),
                    "user_id": alarm.user_id.id or self.env.uid,
                }
            )
        self._tell_screens()
        return True

    def action_take_over(self):
        self._mine().write({"user_id": self.env.uid})
        return True

    def action_ask_clear(self):
        return self._ask(self.env._("Clear Alarms"), "clear")

    def action_ask_shelve(self):
        return self._ask(self.env._("Shelve Alarms"), "shelve")

    def _ask(self, title, decision):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "actwin.alarm.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_alarm_ids": self.ids, "default_decision": decision},
        }

    def action_unshelve(self):
        alarms = self._mine().filtered("shelved_until")
        alarms.write({"shelved_until": False, "shelve_reason": False})
        self._tell_screens()
        return True

    def _clear_by_hand(self, reason):
        """Close alarms for a reason. While the cause lasts it raises no other one."""
        alarms = self._mine().filtered("open")
        reason = self._reason(reason)
        now = fields.Datetime.now()
        vals = {
            "state": "cleared",
            "open": False,
            "cleared_ts": now,
            "cleared_date": now,
            "cleared_by": self.env.uid,
            "clear_reason": reason,
        }
        # an event is over as soon as it is told; another one is another alarm
        events = alarms.filtered(lambda alarm: alarm.rule_type == "event")
        events.write(vals | {"still_on": False})
        (alarms - events).write(vals | {"still_on": True})
        for alarm in alarms:
            alarm.message_post(
                body=self.env._("Cleared: %s", reason), author_id=self.env.user.partner_id.id
            )
        self._tell_screens()

    def _shelve(self, until, reason):
        """Keep alarms quiet until a moment; they go on being counted."""
        reason = self._reason(reason)
        if until <= fields.Datetime.now():
            raise UserError(self.env._("The end lies in the past."))
        if until > fields.Datetime.add(fields.Datetime.now(), years=1):
            raise UserError(self.env._("An alarm is shelved for a year at most."))
        self._mine().filtered("open").write({"shelved_until": until, "shelve_reason": reason})
        self._tell_screens()

    def _reason(self, text):
        text = " ".join((text or "").split())
        if len(text) < 3:
            raise UserError(self.env._("Say why, for those who look at it later."))
        return text[:500]

    def _mine(self):
        """The alarms, writable, once it is sure that the user may decide on them."""
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators decide on alarms."))
        self.check_access("read")
        # sudo: an alarm is changed by these buttons only; group and records were checked
        return self.sudo()

    @api.model
    def _tell_screens(self):
        # sudo: a bare ping; who hears it asks with rights of their own
        group = self.env.ref("actwin_metering.group_technician").sudo()
        group._bus_send("actwin_metering.alarms", {})

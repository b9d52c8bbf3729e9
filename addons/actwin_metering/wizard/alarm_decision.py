from odoo import fields, models


class ActwinAlarmDecision(models.TransientModel):
    """Why alarms are cleared or shelved, and how long."""

    _name = "actwin.alarm.decision"
    _description = "Decision on Alarms"

    alarm_ids = fields.Many2many("actwin.alarm", required=True)
    decision = fields.Selection(
        [("clear", "Clear"), ("shelve", "Shelve")], required=True, default="clear"
    )
    reason = fields.Char(required=True)
    until = fields.Datetime(default=lambda self: fields.Datetime.add(fields.Datetime.now(), days=1))
    coming = fields.Boolean(
        "Coming ones too", help="Also what these rules find at these points until then."
    )

    def action_apply(self):
        self.ensure_one()
        if self.decision == "clear":
            self.alarm_ids._clear_by_hand(self.reason)
        else:
            self.alarm_ids._shelve(self.until, self.reason)
            if self.coming:
                self._mute()
        return {"type": "ir.actions.act_window_close"}

    def _mute(self):
        keys = {(alarm.site_id, alarm.point_id, alarm.rule_id) for alarm in self.alarm_ids}
        self.env["actwin.alarm.mute"].create(
            [
                {
                    "site_id": site.id,
                    "point_id": point.id,
                    "rule_id": rule.id,
                    "until": self.until,
                    "reason": self.reason,
                }
                for site, point, rule in keys
            ]
        )

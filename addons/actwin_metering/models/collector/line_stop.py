from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

_SUPERVISOR = "actwin_metering.group_manager"
_SWITCH = {"enabled", "stop_reason", "stopped_at", "stopped_by_id", "reminded_at"}
_REMIND_AFTER = timedelta(hours=20)
"""Less than a day, so that a job that comes a little early still reminds."""


class _Switch(dict):
    """Values that ``stop`` and ``start`` write; no call from outside can make one."""


class ActwinLine(models.Model):
    """Stopping and starting a line: by a supervisor, for a reason, told to those responsible.

    ``enabled`` changes by ``stop`` and ``start`` only, whoever writes and by whichever way.
    """

    _inherit = "actwin.line"

    enabled = fields.Boolean("Running", default=True, readonly=True, copy=False)
    stop_reason = fields.Char(readonly=True, copy=False)
    stopped_at = fields.Datetime("Stopped Since", readonly=True, copy=False)
    stopped_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    reminded_at = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        [("running", "Running"), ("stopped", "Stopped")], compute="_compute_state"
    )

    @api.depends("enabled")
    def _compute_state(self):
        for line in self:
            line.state = "running" if line.enabled else "stopped"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_switch(vals)
        return super().create(vals_list)

    def write(self, vals):
        if not isinstance(vals, _Switch):
            self._refuse_switch(vals)
        return super().write(dict(vals))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_stopped(self):
        if any(not line.enabled for line in self):
            raise UserError(self.env._("Start a stopped line before you delete it."))

    def _refuse_switch(self, vals):
        given = _SWITCH & vals.keys()
        if given - {"enabled"} or ("enabled" in given and vals["enabled"] is not True):
            raise UserError(
                self.env._(
                    "A line is stopped with a reason and started again by its own buttons; its "
                    "state cannot be edited or imported."
                )
            )
        if "enabled" in given and any(not line.enabled for line in self):
            raise UserError(self.env._("Use the button to start a stopped line again."))

    def action_ask_stop(self):
        """Ask for the reason."""
        self._check_supervisor()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Stop Line"),
            "res_model": "actwin.line.stop",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids},
        }

    def stop(self, reason):
        """Stop reading over these lines until a supervisor starts them again.

        :param str reason: why, for those who find the line stopped
        """
        self._check_supervisor()
        reason = " ".join(str(reason or "").split())[:500]
        if len(reason) < 3:
            raise UserError(self.env._("Say why the line is stopped."))
        now = fields.Datetime.now()
        for line in self.filtered("enabled"):
            line.write(
                _Switch(
                    enabled=False,
                    stop_reason=reason,
                    stopped_at=now,
                    stopped_by_id=self.env.user.id,
                    reminded_at=now,
                )
            )
            line._log_switch("line_stopped", self.env._("Line stopped: %s", reason))
            line._ask_to_start()
        return True

    def start(self):
        """Let the collector read over these lines again."""
        self._check_supervisor()
        for line in self.filtered(lambda line: not line.enabled):
            line.write(_Switch(dict.fromkeys(_SWITCH, False), enabled=True))
            line._log_switch("line_started", self.env._("Line started again."))
            # sudo: the reminders of everybody responsible, not the caller's alone
            line.sudo().activity_unlink(["actwin_metering.activity_line_stopped"])
        return True

    def _check_supervisor(self):
        if not self.env.su and not self.env.user.has_group(_SUPERVISOR):
            raise AccessError(
                self.env._("Only an energy manager or an administrator stops or starts a line.")
            )
        self.check_access("write")

    def _responsible_users(self):
        """Supervisors who see the site: its own staff when it has some, else all of the company."""
        self.ensure_one()
        # sudo: who they are is not for the caller's eyes alone
        group = self.env.ref(_SUPERVISOR).sudo()
        users = group.all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids and not user.share
        )
        staff = self.site_id.sudo().user_ids
        return users & staff if users & staff else users

    def _log_switch(self, code, text):
        """Chatter of line and collector, a record among the device events, and word by mail."""
        users = self._responsible_users()
        link = Markup("<b>%s</b>: %s") % (self.key, text)
        # sudo: the responsible need not be followers the caller may see
        self.sudo().message_post(
            body=link,
            subject=self.env._("Line %(line)s of %(site)s", line=self.key, site=self.site_id.name),
            author_id=self.env.user.partner_id.id,
            partner_ids=users.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )
        self.collector_id.sudo().message_post(
            body=link, author_id=self.env.user.partner_id.id, message_type="notification"
        )
        event = {
            "device_key": self.key,
            "ts": self.env.cr.now().isoformat(),
            "code": code,
            "text": f"{self.env.user.name}: {text}"[:200],
        }
        # sudo: events are nobody's to write but the system's
        self.env["actwin.device.event"].sudo()._store(self.collector_id, [event])

    def _ask_to_start(self):
        for user in self._responsible_users():
            # sudo: the task is for users the caller may not see
            self.sudo().activity_schedule(
                "actwin_metering.activity_line_stopped",
                summary=self.env._("Line %s is stopped", self.key),
                note=self.stop_reason,
                user_id=user.id,
            )

    @api.model
    def _cron_remind_stopped(self):
        """Remind once a day of every line that is stopped."""
        limit = fields.Datetime.now() - _REMIND_AFTER
        for line in self.search([("enabled", "=", False), ("reminded_at", "<=", limit)]):
            self.env.cr.execute(  # by SQL: a reminder is no change of the configuration
                "UPDATE actwin_line SET reminded_at = %s WHERE id = %s",
                [fields.Datetime.now(), line.id],
            )
            text = self.env._(
                "Still stopped since %(since)s by %(user)s: %(reason)s",
                since=fields.Datetime.context_timestamp(line, line.stopped_at).strftime(
                    "%Y-%m-%d %H:%M"
                ),
                user=line.stopped_by_id.name,
                reason=line.stop_reason,
            )
            line._log_switch("line_still_stopped", text)
        self.invalidate_model(["reminded_at"])

import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

KINDS = [
    ("read_now", "Read now"),
    ("trace", "Trace a reading"),
    ("scan", "Search the line"),
    ("read_profile", "Read load profile"),
    ("set_clock", "Set clock"),
    ("logs", "Show log"),
    ("queue", "Show queue"),
    ("check", "Check"),
]
_LOWEST = {
    "read_now": "group_technician",
    "trace": "group_technician",
    "logs": "group_technician",
    "queue": "group_technician",
    "check": "group_technician",
    "scan": "group_operator",
    "read_profile": "group_operator",
    "requeue": "group_operator",
    "set_clock": "group_manager",
}
"""Lowest role that may ask; a meter's clock decides about its bill."""

_OF_DEVICE = ("read_now", "trace", "read_profile", "set_clock")
OPEN = ("queued", "sent")
_PATIENCE = timedelta(minutes=5)
"""How long a command may wait for its collector before it is given up."""

_WORK = {"scan": timedelta(minutes=45), "read_profile": timedelta(minutes=45)}
_KEEP_DAYS = 90


class ActwinCollectorCommand(models.Model):
    """Something a person asked a collector to do now, and what came of it.

    Made by ``_request`` only, which knows who may ask what; answered by the collector only.
    """

    _name = "actwin.collector.command"
    _description = "Collector Command"
    _order = "id desc"
    _rec_name = "kind"

    ref = fields.Char(
        required=True, readonly=True, index=True, default=lambda self: str(uuid.uuid4())
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    collector_id = fields.Many2one(
        "actwin.collector", required=True, readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one(related="collector_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="collector_id.company_id", store=True, index=True)
    device_id = fields.Many2one(
        "actwin.device", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    line_id = fields.Many2one(
        "actwin.line", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    args = fields.Json("Details", readonly=True)
    state = fields.Selection(
        [
            ("queued", "Waiting for the collector"),
            ("sent", "Under way"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("expired", "Not answered"),
        ],
        required=True,
        readonly=True,
        default="queued",
    )
    user_id = fields.Many2one("res.users", "Asked By", readonly=True, ondelete="set null")
    sent_at = fields.Datetime("Taken", readonly=True)
    done_at = fields.Datetime("Answered", readonly=True)
    expires_at = fields.Datetime("Given Up", readonly=True)
    error_code = fields.Char(readonly=True)
    text = fields.Text("Result", readonly=True)
    data = fields.Json(readonly=True)

    _ref_uniq = models.Constraint("UNIQUE (ref)", "The command is known already.")
    _open_index = models.Index("(collector_id, id) WHERE state IN ('queued', 'sent')")

    @api.depends("kind", "device_id", "line_id", "collector_id")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for command in self:
            target = command.device_id or command.line_id or command.collector_id
            command.display_name = f"{labels.get(command.kind)}: {target.display_name}"

    @api.model
    def _request(self, kind, target, args=None):
        """Queue a command for a device, a line or a collector; an open one of the same is reused.

        Raises AccessError when the user's role or site does not allow it.
        """
        target.ensure_one()
        args = args or {}
        self._check_role("requeue" if args.get("requeue") else kind)
        target.check_access("read")
        self._check_target(kind, target)
        values = self._target_values(target) | {"kind": kind, "args": args}
        # sudo: nobody may write commands but by this method, after the checks above
        commands = self.sudo()
        domain = [(name, "=", value) for name, value in values.items() if name != "args"]
        for command in commands.search([*domain, ("state", "in", OPEN)]):
            if (command.args or {}) == args:
                return command.sudo(False)
        wait = _PATIENCE + _WORK.get(kind, timedelta())
        values |= {"user_id": self.env.uid, "expires_at": fields.Datetime.now() + wait}
        return commands.create(values).sudo(False)

    def _check_role(self, kind):
        group = _LOWEST[kind]
        if not self.env.su and not self.env.user.has_group(f"actwin_metering.{group}"):
            # sudo: only the role's name
            role = self.env.ref(f"actwin_metering.{group}").sudo().name
            raise AccessError(self.env._("This takes the role %s at least.", role))

    def _check_target(self, kind, target):
        if kind in _OF_DEVICE and target._name != "actwin.device":
            raise UserError(self.env._("This is asked of a device."))
        line = {"actwin.device": "line_id"}.get(target._name)
        line = target[line] if line else target
        if line._name == "actwin.line" and line and not line.enabled:
            raise UserError(
                self.env._(
                    "Line %(line)s is stopped: %(reason)s", line=line.key, reason=line.stop_reason
                )
            )

    def _target_values(self, target):
        if target._name == "actwin.collector":
            return {"collector_id": target.id, "device_id": False, "line_id": False}
        device = target if target._name == "actwin.device" else target.browse()
        line = device.line_id if device else target
        return {
            "collector_id": target.collector_id.id,
            "device_id": device.id,
            "line_id": line.id,
        }

    def _open(self):
        """Action that shows the command, and its result as soon as it is there."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (self.env.ref("actwin_metering.actwin_collector_command_view_dialog").id, "form")
            ],
            "target": "new",
        }

    def action_again(self):
        """Ask the same once more."""
        self.ensure_one()
        self.check_access("read")
        target = self.device_id or self.line_id or self.collector_id
        return self._request(self.kind, target, self.args)._open()

    def action_create_devices(self):
        """Choose which of the found devices are set up."""
        self.ensure_one()
        return self.env["actwin.scan.create"]._open(self)

    def _notify_user(self):
        """Tell the browser of who asked that the command has moved."""
        for command in self:
            command.user_id._bus_send(
                "actwin_metering/command", {"id": command.id, "state": command.state}
            )

    @api.model
    def _cron_expire(self):
        """Give up what no collector has answered in time."""
        late = self.search([("state", "in", OPEN), ("expires_at", "<", fields.Datetime.now())])
        late.write({"state": "expired", "done_at": fields.Datetime.now()})
        late._notify_user()

    @api.autovacuum
    def _gc_commands(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=_KEEP_DAYS)
        self.search([("create_date", "<", limit)], limit=10_000).unlink()

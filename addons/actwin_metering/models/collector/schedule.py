from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core import cron

_SNAPSHOTS = 20


class ActwinSchedule(models.Model):
    """How often a device is polled and how often, and as which figure, a value is stored.

    The periods hold unless a plan (cron text, in the site's time) takes their place.
    """

    _name = "actwin.schedule"
    _description = "Reading Schedule"
    _inherit = ["actwin.config.mixin"]
    _order = "poll_seconds, name"

    name = fields.Char(required=True, translate=True)
    key = fields.Char(required=True)
    poll_seconds = fields.Integer(required=True, default=60, aggregator=None)
    store_seconds = fields.Integer(required=True, default=900, aggregator=None)
    mode = fields.Selection(
        [("last", "Last"), ("mean", "Mean"), ("max", "Highest"), ("min", "Lowest")],
        required=True,
        default="last",
    )
    poll_plan = fields.Char(
        "Reading Plan",
        help="When devices are read, in cron's five fields: minute, hour, day, month, weekday. "
        "Empty: every so many seconds as set.",
    )
    store_plan = fields.Char(
        "Storing Plan", help="When a value is stored, in the same form. Empty: as set in seconds."
    )
    snapshots = fields.Text(
        help="Readings that must not be missed, such as at the turn of the month: one plan a line, "
        "or month_end.",
    )
    snapshot_window_seconds = fields.Integer(
        "Snapshot Window (s)",
        default=3600,
        aggregator=None,
        help="How long after its instant a snapshot may still be read.",
    )
    backfill_days = fields.Integer(
        default=0,
        aggregator=None,
        help="Gaps up to so many days old are filled from the meter's own load profile. 0: never.",
    )
    clock_set = fields.Boolean(
        "Set Clocks", help="Set a meter's clock to the collector's time when it is off."
    )
    events = fields.Boolean("Read Event Logs", help="Also fetch the meter's own log.")
    device_ids = fields.One2many("actwin.device", "schedule_id")
    active = fields.Boolean(default=True)

    _key_uniq = models.Constraint("UNIQUE (key)", "Another schedule has this key.")
    _seconds_check = models.Constraint(
        "CHECK (poll_seconds > 0 AND store_seconds >= poll_seconds)",
        "A value is stored at most as often as the device is polled.",
    )
    _window_check = models.Constraint(
        "CHECK (snapshot_window_seconds BETWEEN 60 AND 86400)",
        "A snapshot's window lasts from a minute to a day.",
    )
    _backfill_check = models.Constraint(
        "CHECK (backfill_days BETWEEN 0 AND 3660)", "Gaps are filled for at most ten years."
    )

    @api.constrains("poll_plan", "store_plan", "snapshots")
    def _check_plans(self):
        for schedule in self:
            for name, text in schedule._plan_texts():
                schedule._parse_plan(text, schedule._fields[name].get_description(self.env))
            if len(schedule._snapshot_list()) > _SNAPSHOTS:
                raise ValidationError(self.env._("There are at most %s snapshots.", _SNAPSHOTS))

    def _plan_texts(self):
        """[(field, text)] of every plan of the schedule."""
        self.ensure_one()
        singles = [(name, self[name]) for name in ("poll_plan", "store_plan") if self[name]]
        return singles + [("snapshots", text) for text in self._snapshot_list()]

    def _snapshot_list(self):
        lines = (" ".join(line.split()) for line in (self.snapshots or "").splitlines())
        return [line for line in lines if line]

    def _parse_plan(self, text, field):
        try:
            return cron.parse(text)
        except cron.CronError as error:
            raise ValidationError(
                self.env._(
                    "%(field)s: %(reason)s",
                    field=field["string"],
                    reason=self._plan_mistake(error),
                )
            ) from error

    def _config_collectors(self):
        return self.sudo().device_ids.collector_id  # a schedule serves collectors of every site

    def _prepare_config(self):
        """What the collector is told of the schedule; what is not set is absent."""
        config = {
            "key": self.key,
            "poll_seconds": self.poll_seconds,
            "store_seconds": self.store_seconds,
            "mode": self.mode,
            "clock_set": self.clock_set,
            "events": self.events,
            "backfill_days": self.backfill_days,
        }
        for name in ("poll_plan", "store_plan"):
            if self[name]:
                config[name] = " ".join(self[name].split())
        if snapshots := self._snapshot_list():
            config |= {
                "snapshots": snapshots,
                "snapshot_window_seconds": self.snapshot_window_seconds,
            }
        return config

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .known_settings import check_settings, settings_help

_MISSED_POLLS = 3


class ActwinDevice(models.Model):
    """What a collector talks to: a meter, an analyser or a gateway at an address of a line."""

    _name = "actwin.device"
    _description = "Device"
    _inherit = ["actwin.config.mixin", "actwin.secret.mixin"]
    _order = "collector_id, key"
    _rec_names_search = ["key", "name"]
    _check_company_auto = True

    key = fields.Char(required=True)
    name = fields.Char(required=True)
    collector_id = fields.Many2one(
        "actwin.collector", required=True, index=True, ondelete="cascade", check_company=True
    )
    site_id = fields.Many2one(related="collector_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="collector_id.company_id", store=True, index=True)
    line_id = fields.Many2one(
        "actwin.line",
        ondelete="restrict",
        index=True,
        domain="[('collector_id', '=', collector_id)]",
    )
    driver = fields.Char(
        required=True,
        help="Protocol: modbus, iec62056-21, mbus or another driver of the collector.",
    )
    address = fields.Char(help="Unit number, primary address or serial number on the line.")
    meter_id = fields.Many2one("actwin.meter", index="btree_not_null", check_company=True)
    settings = fields.Json(default=dict)
    settings_help = fields.Json(compute="_compute_settings_help")
    priority = fields.Integer(
        default=5,
        aggregator=None,
        help="Of the devices of a line that are due at once, the lowest number goes first.",
    )
    timeout_s = fields.Float(
        "Timeout (s)",
        digits=(8, 3),
        aggregator=None,
        help="How long an answer may take. 0: as set at the line.",
    )
    retries = fields.Integer(
        default=-1,
        aggregator=None,
        help="Further attempts in one poll. -1: as set at the line.",
    )
    schedule_id = fields.Many2one(
        "actwin.schedule",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env["actwin.schedule"].search([], limit=1),
    )
    parameter_ids = fields.One2many("actwin.device.parameter", "device_id", "Parameters", copy=True)
    last_ok = fields.Datetime("Last Answer", readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("never", "Never answered"),
            ("ok", "Answers"),
            ("silent", "No communication"),
            ("stopped", "Line stopped"),
        ],
        compute="_compute_state",
    )
    active = fields.Boolean(default=True)

    _key_uniq = models.Constraint(
        "UNIQUE (collector_id, key)", "The collector has a device with this key."
    )
    _priority_range = models.Constraint(
        "CHECK (priority BETWEEN 0 AND 9)", "A priority lies between 0 and 9."
    )
    _timeout_range = models.Constraint(
        "CHECK (timeout_s BETWEEN 0 AND 120)", "A timeout lasts at most 120 seconds."
    )
    _retries_range = models.Constraint(
        "CHECK (retries BETWEEN -1 AND 10)",
        "There are at most 10 further attempts; -1 takes those of the line.",
    )

    @api.depends("driver")
    @api.depends_context("lang")
    def _compute_settings_help(self):
        for device in self:
            device.settings_help = settings_help(self.env, "driver", device.driver)

    @api.depends("last_ok", "schedule_id.poll_seconds", "line_id.enabled")
    def _compute_state(self):
        now = fields.Datetime.now()
        for device in self:
            seconds = max(device.schedule_id.poll_seconds, device.schedule_id.store_seconds, 60)
            limit = now - timedelta(seconds=_MISSED_POLLS * seconds)
            if device.line_id and not device.line_id.enabled:
                device.state = "stopped"
            elif not device.last_ok:
                device.state = "never"
            else:
                device.state = "ok" if device.last_ok >= limit else "silent"

    @api.constrains("line_id", "collector_id")
    def _check_line(self):
        for device in self:
            if device.line_id and device.line_id.collector_id != device.collector_id:
                raise ValidationError(
                    self.env._("Line %s belongs to another collector.", device.line_id.key)
                )

    @api.constrains("settings", "driver")
    def _check_settings(self):
        for device in self:
            check_settings(self.env, "driver", device.driver, device.settings)

    def _prepare_config(self, with_secret=False):
        """What the collector is told of the device; the secret in clear only when asked for."""
        return {
            "key": self.key,
            "driver": self.driver,
            "line": self.line_id.key or "",
            "address": self.address or "",
            "schedule": self.schedule_id.key,
            "settings": without_none(self.settings or {}),
            "secret": self._clear_secret() if with_secret else "",
            "priority": self.priority,
            "timeout_s": self.timeout_s,
            "retries": self.retries,
            "parameters": [item._prepare_config() for item in self.parameter_ids],
        }


def without_none(settings):
    """XML-RPC of many languages cannot carry None: what is unset is absent."""
    if isinstance(settings, dict):
        return {key: without_none(value) for key, value in settings.items() if value is not None}
    if isinstance(settings, list):
        return [without_none(value) for value in settings if value is not None]
    return settings

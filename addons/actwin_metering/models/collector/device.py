from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import secrets

_MISSED_POLLS = 3


class ActwinDevice(models.Model):
    """What a collector talks to: a meter, an analyser or a gateway at an address of a line."""

    _name = "actwin.device"
    _description = "Device"
    _inherit = ["actwin.config.mixin"]
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
    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        help="Password or key of the device. Write-only: it is stored encrypted and shown to "
        "nobody but the collector.",
    )
    secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    has_secret = fields.Boolean(compute="_compute_secret", compute_sudo=True)
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
        [("never", "Never answered"), ("ok", "Answers"), ("silent", "No communication")],
        compute="_compute_state",
    )
    active = fields.Boolean(default=True)

    _key_uniq = models.Constraint(
        "UNIQUE (collector_id, key)", "The collector has a device with this key."
    )

    @api.depends("secret_encrypted")
    def _compute_secret(self):
        for device in self:
            device.secret = ""
            # sudo: nobody may read the field; only whether it is set is told
            device.has_secret = bool(device.sudo().secret_encrypted)

    def _inverse_secret(self):
        for device in self:
            # sudo: nobody may write the field but through this inverse, after write access
            device.sudo().secret_encrypted = secrets.encrypt(device.secret)

    @api.depends("last_ok", "schedule_id.poll_seconds")
    def _compute_state(self):
        now = fields.Datetime.now()
        for device in self:
            seconds = max(device.schedule_id.poll_seconds, device.schedule_id.store_seconds, 60)
            limit = now - timedelta(seconds=_MISSED_POLLS * seconds)
            if not device.last_ok:
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

    @api.constrains("settings")
    def _check_settings(self):
        for device in self:
            if not isinstance(device.settings or {}, dict):
                raise ValidationError(self.env._("Settings are a list of names and values."))

    def _prepare_config(self, with_secret=False):
        """What the collector is told of the device; the secret in clear only when asked for."""
        token = self.sudo().secret_encrypted  # unreadable to every user by design
        return {
            "key": self.key,
            "driver": self.driver,
            "line": self.line_id.key or "",
            "address": self.address or "",
            "schedule": self.schedule_id.key,
            "settings": _without_none(self.settings or {}),
            "secret": secrets.decrypt(self.env, token) if with_secret else "",
            "parameters": [item._prepare_config() for item in self.parameter_ids],
        }


def _without_none(settings):
    """XML-RPC of many languages cannot carry None: what is unset is absent."""
    if isinstance(settings, dict):
        return {key: _without_none(value) for key, value in settings.items() if value is not None}
    if isinstance(settings, list):
        return [_without_none(value) for value in settings if value is not None]
    return settings

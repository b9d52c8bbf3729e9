from odoo import api, models
from odoo.exceptions import AccessError

from ...core.text import as_text

_COLLECTOR_GROUP = "actwin_metering.group_collector"


class ActwinCollector(models.Model):
    """What a collector calls, and the user and key it calls with."""

    _inherit = "actwin.collector"

    @api.model
    def get_config(self, code=None):
        """Configuration of the collector ``code``: its own site's devices, and their secrets.

        :return: ``{'version', 'collector', 'site', 'tz', 'lines': [{'key', 'kind', 'host', 'port',
            'device_path', 'baudrate', 'bytesize', 'parity', 'stopbits', 'software_7e1',
            'timeout_s', 'retries', 'enabled', 'settings', 'secret'}…], 'schedules': [{'key',
            'poll_seconds', 'store_seconds', 'mode', 'clock_set', 'events', 'backfill_days'} and,
            where set, 'poll_plan', 'store_plan', 'snapshots': [text…],
            'snapshot_window_seconds'…], 'devices': [{'key', 'driver', 'line', 'address',
            'schedule', 'settings', 'secret', 'priority', 'timeout_s', 'retries', 'parameters':
            [{'register', 'channel', 'unit', 'scale', 'profile', 'mode'}…]}…]}``.
            Plans are cron texts in the zone ``tz``, or ``month_end``. A device's timeout 0 and
            retries -1 stand for the line's. On a line that is not enabled nothing is read.
            Secrets are shown to the collector's own user only, to others they are empty.
        """
        collector = self._authorised(code)
        own = collector.user_id == self.env.user
        # one that is not complete would make the collector refuse all of the configuration
        devices = collector.device_ids.filtered(lambda each: each.line_id and each.parameter_ids)
        return {
            "version": collector.config_version,
            "collector": collector.code,
            "site": collector.site_id.code,
            "tz": collector.site_id.tz,
            "lines": [line._prepare_config(own) for line in collector.line_ids],
            "schedules": [item._prepare_config() for item in devices.schedule_id],
            "devices": [device._prepare_config(own) for device in devices],
        }

    @api.model
    def report_status(self, code=None, status=None):
        """Take a collector's health report.

        :param dict status: ``{'version', 'config_version', 'started_at', 'devices': {key: {'ok',
            'errors', 'last_ok', 'last_error', 'missing_slots', 'missing_since', 'backfill',
            'rssi'}}, 'outbox': {'pending', 'dead', 'oldest', 'bytes'},
            'problems': [text…]}``; what is malformed is left out
        :return: ``{'config_version': int, 'time': ISO 8601 UTC}``
        """
        collector = self._authorised(code)
        status = status if isinstance(status, dict) else {}
        now = self.env.cr.now()
        collector.write({"last_seen": now, "last_status": _readable(status)})
        devices = status.get("devices")
        collector._note_devices(devices if isinstance(devices, dict) else {})
        return {"config_version": collector.config_version, "time": now.isoformat() + "+00:00"}

    def _authorised(self, code):
        """The collector ``code`` with full rights (its user reads no record), or AccessError."""
        user = self.env.user
        # sudo: a collector's user may read nothing; _speaks_for decides right after
        collector = self.sudo().search([("code", "=", code if isinstance(code, str) else "")])
        if not collector or not collector._speaks_for(user, self.env.su):
            raise AccessError(self.env._("There is no such collector for this user."))
        return collector

    def _speaks_for(self, user, superuser=False):
        """Whether ``user`` may act as this collector: its own user, or an administrator."""
        return (
            superuser
            or self.user_id == user
            or (
                user.has_group("actwin_metering.group_administrator")
                and self.company_id in user.company_ids
            )
        )

    def action_create_api_key(self):
        """Make a new key, end the earlier one, and show the new one once."""
        self.ensure_one()
        self.check_access("write")
        wizard = self.env["actwin.api.key"].create(
            {"collector_id": self.id, "key": self._create_api_key(), "login": self.user_id.login}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Access Key"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def _create_api_key(self):
        """New API key of the collector's user, which is made when there is none.

        The user has no password (so nobody logs in with it) and no right but the collector's.
        """
        self.ensure_one()
        self.check_access("write")
        user = self._ensure_user()
        # sudo: keys of another user, and without expiry, which the collector could not renew
        keys = self.env["res.users.apikeys"].sudo()
        keys.search([("user_id", "=", user.id)])._remove()
        return keys.with_user(user).sudo()._generate("rpc", f"actwin {self.code}", None)

    def _ensure_user(self):
        # sudo: managers may not make users; this one gets the collector's group and nothing else
        collector = self.sudo()
        if not collector.user_id:
            collector.user_id = (
                self.env["res.users"]
                .sudo()
                .with_context(no_reset_password=True)
                .create(
                    {
                        "name": self.env._("Collector %s", self.code),
                        "login": f"collector-{self.code}".lower(),
                        "group_ids": [(6, 0, self.env.ref(_COLLECTOR_GROUP).ids)],
                        "company_id": self.company_id.id,
                        "company_ids": [(6, 0, self.company_id.ids)],
                        "tz": self.site_id.tz,
                    }
                )
            )
        return collector.user_id


def _readable(status, depth=4):
    """JSON-safe copy of a foreign mapping: short texts, whole numbers, no deeper than ``depth``."""
    if isinstance(status, dict) and depth:
        items = list(status.items())[:2000]
        return {as_text(key, 80): _readable(value, depth - 1) for key, value in items}
    if isinstance(status, list) and depth:
        return [_readable(item, depth - 1) for item in status[:100]]
    if isinstance(status, bool) or (type(status) is int and abs(status) < 2**53):
        return status
    return "" if status in (None, False) else as_text(status, 500)

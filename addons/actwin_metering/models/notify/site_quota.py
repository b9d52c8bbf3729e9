from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models

_WARN_AT = 80
"""Per cent of the quota."""


class ActwinSite(models.Model):
    """How many SMS parts a site may use in a calendar month of its own."""

    _inherit = "actwin.site"

    sms_quota = fields.Integer(
        "SMS Parts a Month",
        tracking=True,
        help="Once they are used, only critical messages are sent by SMS. 0: no limit.",
    )
    sms_used = fields.Integer(compute="_compute_sms_used", string="Used This Month")
    sms_warned = fields.Date(readonly=True, copy=False, help="Month the warning was given in.")

    _sms_quota_positive = models.Constraint(
        "CHECK (sms_quota >= 0)", "The SMS quota cannot be negative."
    )

    @api.depends("sms_quota")
    def _compute_sms_used(self):
        for site in self:
            # sudo: the sum is shown to whoever sees the site, not the messages
            (used,) = (
                self.env["actwin.message"]
                .sudo()
                ._read_group(
                    [
                        ("site_id", "=", site.id),
                        ("channel", "=", "sms"),
                        ("sent_date", ">=", site._month_start()),
                    ],
                    [],
                    ["sms_parts:sum"],
                )[0]
            )
            site.sms_used = used

    def _month_start(self):
        """First moment of the present month at the site, in UTC."""
        zone = ZoneInfo(self.tz or "Europe/Istanbul")
        now = fields.Datetime.now().replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
        start = datetime(now.year, now.month, 1, tzinfo=zone)
        return start.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _warn_of_quota(self):
        """Tell once a month that a quota is nearly used."""
        for site in self.filtered("sms_quota"):
            month = site._month_start().date()
            if site.sms_warned == month or site.sms_used * 100 < _WARN_AT * site.sms_quota:
                continue
            site.sms_warned = month
            self.env["actwin.message"]._notify(
                "sms_quota",
                site,
                {
                    "used": site.sms_used,
                    "quota": site.sms_quota,
                    "percent": site.sms_used * 100 // site.sms_quota,
                },
            )


class ActwinMessage(models.Model):
    _inherit = "actwin.message"

    def _within_quota(self):
        """Those that may be sent; what is critical always may."""
        passed = self.filtered(lambda message: not message.site_id.sms_quota)
        for site, messages in (self - passed).grouped("site_id").items():
            site.invalidate_recordset(["sms_used"])
            used = site.sms_used - sum(messages.mapped("sms_parts"))
            for message in messages.sorted("severity_rank", reverse=True):
                if message.severity == "critical" or used + message.sms_parts <= site.sms_quota:
                    used += message.sms_parts
                    passed |= message
                else:
                    message.sms_parts = 0
                    message._give_up(
                        self.env._(
                            "The %(quota)s SMS parts of %(site)s for this month are used.",
                            quota=site.sms_quota,
                            site=site.display_name,
                        )
                    )
            self.env.flush_all()
            site.invalidate_recordset(["sms_used"])
            site._warn_of_quota()
        return passed

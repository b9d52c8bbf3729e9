from datetime import date

from odoo import api, fields, models

_CALIBRATION = "actwin_metering.mail_activity_calibration"


class ActwinMeter(models.Model):
    """Until when the meter's verification holds."""

    _inherit = "actwin.meter"

    calibration_period_id = fields.Many2one(
        "actwin.calibration.period", compute="_compute_calibration_due", store=True
    )
    calibration_due = fields.Date(
        "Calibration Valid Until",
        compute="_compute_calibration_due",
        store=True,
        index=True,
        help="From the date of the last calibration, or else the year of production, and the "
        "period in force for such meters.",
    )
    calibration_state = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("valid", "Valid"),
            ("due", "Due soon"),
            ("overdue", "Expired"),
        ],
        compute="_compute_calibration_state",
    )

    @api.depends("commodity", "kind", "calibration_date", "production_year")
    def _compute_calibration_due(self):
        # sudo: whoever enters a meter need not know the law
        periods = self.env["actwin.calibration.period"].sudo().search([("active", "=", True)])
        today = fields.Date.context_today(self)
        for meter in self:
            stamped = meter.calibration_date
            if not stamped and 1900 < meter.production_year < 2200:
                stamped = date(meter.production_year, 12, 31)
            period = periods._fitting(meter, today)
            meter.calibration_period_id = period
            meter.calibration_due = period._ends(stamped) if period and stamped else False

    @api.depends("calibration_due")
    def _compute_calibration_state(self):
        today = fields.Date.context_today(self)
        for meter in self:
            due = meter.calibration_due
            warn = fields.Date.add(today, days=meter.calibration_period_id.remind_days or 0)
            if not due:
                meter.calibration_state = "unknown"
            elif due < today:
                meter.calibration_state = "overdue"
            else:
                meter.calibration_state = "due" if due <= warn else "valid"

    def _refresh_calibration(self):
        for name in ("calibration_period_id", "calibration_due"):
            self.env.add_to_compute(self._fields[name], self)

    @api.model
    def _cron_remind_calibration(self):
        """Bring due dates up to the law in force, and remind each site of what is due there."""
        self.search([("active", "=", True)])._refresh_calibration()
        installed = self.search([("calibration_due", "!=", False), ("point_id", "!=", False)])
        asked = installed.filtered(lambda item: item.calibration_state in ("due", "overdue"))
        for site, meters in asked.grouped("site_id").items():
            site._remind_calibration(meters)
        idle = self.env["actwin.site"].search([("id", "not in", asked.site_id.ids)])
        idle.activity_unlink([_CALIBRATION])
        return len(asked)


class ActwinSite(models.Model):
    """One reminder for all meters of a site: a thousand stamped in one year are one piece of
    work, not a thousand.
    """

    _name = "actwin.site"
    _inherit = ["actwin.site", "mail.activity.mixin"]

    def _remind_calibration(self, meters):
        """Have an activity of the site say how many meters are due, and by when."""
        self.ensure_one()
        overdue = len(meters.filtered(lambda item: item.calibration_state == "overdue"))
        summary = self.env._(
            "%(count)s meters need calibration, %(overdue)s of them are overdue",
            count=len(meters),
            overdue=overdue,
        )
        values = {"summary": summary, "date_deadline": min(meters.mapped("calibration_due"))}
        known = self.activity_ids.filtered(
            lambda item: item.activity_type_id == self.env.ref(_CALIBRATION)
        )
        if known:
            known.write(values)
        else:
            self.activity_schedule(_CALIBRATION, user_id=self._calibration_user().id, **values)

    def _calibration_user(self):
        """Who looks after the site's meters: an operator of its staff, or of its company."""
        group = self.env.ref("actwin_metering.group_operator")
        able = group.all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        people = able - self.env.ref("base.user_root")
        return (self.user_ids & people)[:1] or people[:1] or self.env.user

    def action_open_calibration(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_meter_calibration_action")
        return action | {
            "domain": [("site_id", "=", self.id)],
            "context": {"search_default_due": 1},
        }

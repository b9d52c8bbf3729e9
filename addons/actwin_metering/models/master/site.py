from datetime import datetime

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get

_SAMPLE_DATES = [datetime(year, month, 1) for year in (2000, 2020) for month in (1, 7)]


class ActwinSite(models.Model):
    """A place metered as one: an industrial zone, a mall, a housing estate, a plant.

    Its time zone decides where a day begins, so zones off the full hour are refused: hour
    rollups could not be added up to days.
    """

    _name = "actwin.site"
    _description = "Site"
    _inherit = ["mail.thread"]
    _order = "code"
    _rec_names_search = ["code", "name"]

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(required=True, help="Short unique code; the first part of channel keys.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("osb", "Organised industrial zone"),
            ("mall", "Shopping mall"),
            ("residential", "Housing estate"),
            ("tourism", "Tourism facility"),
            ("plant", "Plant"),
        ],
        default="osb",
        required=True,
    )
    tz = fields.Selection(
        _tz_get, string="Time Zone", default="Europe/Istanbul", required=True, tracking=True
    )
    partner_id = fields.Many2one("res.partner", string="Address", check_company=True)
    user_ids = fields.Many2many(
        "res.users",
        "actwin_site_user_rel",
        "site_id",
        "user_id",
        string="Staff",
        help="Only these staff members see the site. Empty: every staff member does.",
    )
    active = fields.Boolean(default=True)
    point_ids = fields.One2many("actwin.point", "site_id", string="Metering Points")
    point_count = fields.Integer(compute="_compute_point_count")

    _code_uniq = models.Constraint("UNIQUE (code)", "Another site has this code.")

    @api.depends("point_ids")
    def _compute_point_count(self):
        counts = dict(
            self.env["actwin.point"]._read_group(
                [("site_id", "in", self.ids)], ["site_id"], ["__count"]
            )
        )
        for site in self:
            site.point_count = counts.get(site._origin, 0)

    @api.depends("name", "code")
    def _compute_display_name(self):
        for site in self:
            site.display_name = f"{site.code} {site.name}" if site.code else site.name

    @api.constrains("code")
    def _check_code(self):
        for site in self:
            if not site.code.strip() or "/" in site.code or not site.code.isprintable():
                raise ValidationError(
                    self.env._("The site code %s must be printable and without a slash.", site.code)
                )

    @api.constrains("tz")
    def _check_whole_hour_zone(self):
        for site in self:
            zone = pytz.timezone(site.tz)
            if any(zone.utcoffset(date).seconds % 3600 for date in _SAMPLE_DATES):
                raise ValidationError(
                    self.env._("%s is off the full hour from UTC; it is not supported.", site.tz)
                )

    def write(self, vals):
        moved = self.filtered(lambda site: "tz" in vals and site.tz != vals["tz"])
        result = super().write(vals)
        if moved:
            # sudo: the rollups of every channel move with the day, seen by the caller or not
            channels = self.env["actwin.channel"].sudo().with_context(active_test=False)
            self.env["actwin.rollup"]._reset(channels.search([("site_id", "in", moved.ids)]).ids)
        return result

    def action_open_points(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_point_action")
        return action | {
            "domain": [("site_id", "=", self.id)],
            "context": {"default_site_id": self.id},
        }

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import COMMODITIES


class ActwinPoint(models.Model):
    """A place in the network where energy or water is measured; it outlives meters and tenants.

    Points form a tree (main, feeders, subs): what a parent measures is distributed to its
    children.
    """

    _name = "actwin.point"
    _description = "Metering Point"
    _inherit = ["mail.thread", "mail.activity.mixin", "properties.base.definition.mixin"]
    _order = "site_id, code"
    _parent_store = True
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(required=True, tracking=True)
    site_id = fields.Many2one(
        "actwin.site", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    commodity = fields.Selection(COMMODITIES, required=True, default="electricity", tracking=True)
    role = fields.Selection(
        [
            ("main", "Main"),
            ("feeder", "Feeder"),
            ("sub", "Tenant"),
            ("common", "Common area"),
            ("generator", "Generator"),
            ("production", "Production"),
            ("check", "Check meter"),
        ],
        required=True,
        default="sub",
        tracking=True,
    )
    parent_id = fields.Many2one(
        "actwin.point",
        string="Fed From",
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('site_id', '=', site_id), ('commodity', '=', commodity), ('id', '!=', id)]",
        tracking=True,
    )
    child_ids = fields.One2many("actwin.point", "parent_id", string="Feeds")
    parent_path = fields.Char(index=True)
    contract_power_kw = fields.Float("Contract Power (kW)", digits=(16, 3), tracking=True)
    latitude = fields.Float(digits=(10, 7))
    longitude = fields.Float(digits=(10, 7))
    area_m2 = fields.Float("Area (m²)", digits=(16, 2))
    channel_ids = fields.One2many("actwin.channel", "point_id", string="Channels")
    installation_ids = fields.One2many("actwin.meter.installation", "point_id", "Installations")
    occupancy_ids = fields.One2many("actwin.occupancy", "point_id", string="Occupancies")
    meter_id = fields.Many2one(
        "actwin.meter", "Current Meter", compute="_compute_meter_id", search="_search_meter_id"
    )
    subscriber_id = fields.Many2one(
        "actwin.subscriber",
        "Current Subscriber",
        compute="_compute_subscriber_id",
        search="_search_subscriber_id",
    )
    last_reading = fields.Datetime(
        compute="_compute_last_reading", groups="actwin_metering.group_reader"
    )
    child_count = fields.Integer(compute="_compute_counts")
    channel_count = fields.Integer(compute="_compute_counts")
    active = fields.Boolean(default=True)

    _code_site_uniq = models.Constraint(
        "UNIQUE (site_id, code)", "Another point of the site has this code."
    )
    _latitude_range = models.Constraint(
        "CHECK (latitude BETWEEN -90 AND 90)", "The latitude lies between -90 and 90."
    )
    _longitude_range = models.Constraint(
        "CHECK (longitude BETWEEN -180 AND 180)", "The longitude lies between -180 and 180."
    )

    @api.depends("name", "code")
    def _compute_display_name(self):
        for point in self:
            point.display_name = f"{point.code} {point.name}" if point.code else point.name

    @api.depends("installation_ids.date_from", "installation_ids.date_to")
    def _compute_meter_id(self):
        current = self._current_by_point("actwin.meter.installation", fields.Datetime.now())
        for point in self:
            point.meter_id = current.get(point._origin.id, {}).get("meter_id", False)

    def _search_meter_id(self, operator, value):
        return self._search_current(
            "actwin.meter.installation", fields.Datetime.now(), "meter_id", operator, value
        )

    @api.depends("occupancy_ids.date_from", "occupancy_ids.date_to")
    def _compute_subscriber_id(self):
        today = fields.Date.context_today(self)
        current = self._current_by_point("actwin.occupancy", today)
        for point in self:
            point.subscriber_id = current.get(point._origin.id, {}).get("subscriber_id", False)

    def _search_subscriber_id(self, operator, value):
        today = fields.Date.context_today(self)
        return self._search_current("actwin.occupancy", today, "subscriber_id", operator, value)

    @api.model
    def _current_domain(self, moment):
        return [
            ("date_from", "<=", moment),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", moment),
        ]

    def _current_by_point(self, model, moment):
        """{point id: {many2one field: its record}} of the link records valid at ``moment``."""
        links = self.env[model].search(
            [("point_id", "in", self._origin.ids), *self._current_domain(moment)],
            order="date_from",
        )
        name = "meter_id" if model == "actwin.meter.installation" else "subscriber_id"
        return {link.point_id.id: {name: link[name]} for link in links}

    @api.model
    def _search_current(self, model, moment, name, operator, value):
        if operator == "in" and False in value:
            any_link = self.env[model]._search(self._current_domain(moment))
            empty = [
                (
                    "installation_ids" if name == "meter_id" else "occupancy_ids",
                    "not any",
                    [("id", "in", any_link)],
                )
            ]
            rest = [item for item in value if item is not False]
            if not rest:
                return empty
            return ["|", *empty, *self._search_current(model, moment, name, "in", rest)]
        if operator not in ("in", "any", "ilike", "like", "=", "any!"):
            return NotImplemented
        link = "installation_ids" if name == "meter_id" else "occupancy_ids"
        return [(link, "any", [(name, operator, value), *self._current_domain(moment)])]

    @api.depends("channel_ids.last_ts")
    def _compute_last_reading(self):
        latest = dict(
            self.env["actwin.channel"]._read_group(
                [("point_id", "in", self.ids)], ["point_id"], ["last_ts:max"]
            )
        )
        for point in self:
            point.last_reading = latest.get(point._origin, False)

    @api.depends("child_ids", "channel_ids")
    def _compute_counts(self):
        for point in self:
            point.child_count = len(point.child_ids)
            point.channel_count = len(point.channel_ids)

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A point cannot feed itself."))
        for point in self:
            parent = point.parent_id
            if parent and (parent.site_id, parent.commodity) != (point.site_id, point.commodity):
                raise ValidationError(
                    self.env._(
                        "%(point)s and %(parent)s differ in site or commodity.",
                        point=point.display_name,
                        parent=parent.display_name,
                    )
                )

    def write(self, vals):
        moved = self.filtered(lambda p: "site_id" in vals and p.site_id.id != vals["site_id"])
        if moved.channel_ids.filtered("last_ts"):
            raise UserError(self.env._("A point with readings stays at its site."))
        return super().write(vals)

    def _billed_until(self):
        """UTC moment up to which the point is billed; what happened before it stays as it is."""
        self.ensure_one()
        return False

    def action_change_meter(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Meter Change"),
            "res_model": "actwin.meter.change",
            "view_mode": "form",
            "target": "new",
            "context": {"default_point_id": self.id},
        }

    def action_open_conversion(self):
        """The figures that turn what is counted here into Sm³ and kWh."""
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_conversion_parameter_action")
        return action | {
            "domain": [("site_id", "=", self.site_id.id), ("point_id", "in", [False, self.id])],
            "context": {"default_site_id": self.site_id.id, "default_point_id": self.id},
        }

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class ActwinPointGroup(models.Model):
    """Points of a site that belong together: a floor, a tenant's shops, a ring main.

    Groups nest, and whoever is bound to a group sees the points of the groups below it too.
    """

    _name = "actwin.point.group"
    _description = "Point Group"
    _inherit = ["mail.thread"]
    _parent_store = True
    _order = "site_id, name"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    site_id = fields.Many2one(
        "actwin.site", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    parent_id = fields.Many2one(
        "actwin.point.group",
        "Part Of",
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('site_id', '=', site_id), ('id', '!=', id)]",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("actwin.point.group", "parent_id", "Groups Below")
    point_ids = fields.Many2many(
        "actwin.point",
        "actwin_point_group_rel",
        "group_id",
        "point_id",
        "Metering Points",
        domain="[('site_id', '=', site_id)]",
        context={"active_test": False},
    )
    point_count = fields.Integer("Points", compute="_compute_point_count")
    user_ids = fields.Many2many(
        "res.users",
        "actwin_user_point_group_rel",
        "group_id",
        "user_id",
        "Bound Users",
        groups="actwin_metering.group_administrator",
        domain="[('share', '=', False), ('actwin_access', '=', 'bound')]",
    )
    note = fields.Char()

    _name_uniq = models.Constraint(
        "UNIQUE (site_id, parent_id, name)", "The site has a group of this name already."
    )

    @api.depends("name", "parent_id.display_name")
    def _compute_display_name(self):
        for group in self:
            above = group.parent_id.display_name
            group.display_name = f"{above} / {group.name}" if above else group.name

    @api.depends("point_ids")
    def _compute_point_count(self):
        for group in self:
            group.point_count = len(group.point_ids)

    @api.constrains("parent_id", "site_id")
    def _check_parent(self):
        for group in self:
            if (group.parent_id | group.child_ids).site_id - group.site_id:
                raise ValidationError(
                    self.env._("%s and the groups above and below it lie at one site.", group.name)
                )

    @api.constrains("point_ids", "site_id")
    def _check_points(self):
        for group in self:
            if group.point_ids.site_id - group.site_id:
                raise ValidationError(
                    self.env._("All points of %s lie at its own site.", group.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_unbound()
        groups = super().create(vals_list)
        self.env.registry.clear_cache()  # conditions of record rules name groups
        return groups

    def write(self, vals):
        self._check_unbound()
        result = super().write(vals)
        if vals.keys() & {"parent_id", "user_ids"}:
            self.env.registry.clear_cache()  # as in create
        return result

    def unlink(self):
        self._check_unbound()
        self.env.registry.clear_cache()
        return super().unlink()

    def _check_unbound(self):
        """Groups carry rights: who is bound to some must not widen them."""
        # sudo: the field is the administrators' to read
        if not self.env.su and self.env.user.sudo().actwin_access == "bound":
            raise AccessError(
                self.env._("Who is bound to points or groups does not change what is in a group.")
            )

    def _check_may_fill(self):
        self.browse().check_access("write")
        self._check_unbound()

    def action_open_points(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_point_action")
        below = [("group_ids", "child_of", self.id)]
        return action | {"domain": below, "context": {"default_site_id": self.site_id.id}}

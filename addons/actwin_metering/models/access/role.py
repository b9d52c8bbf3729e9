from odoo import api, fields, models

TENANT = "actwin_metering.group_tenant"


class ResUsers(models.Model):
    """The role of a user is one choice, and the kind of user follows from it."""

    _inherit = "res.users"

    actwin_role_id = fields.Many2one(
        "res.groups",
        "Energy Role",
        compute="_compute_actwin_role_id",
        groups="actwin_metering.group_administrator",
    )

    @api.depends("group_ids")
    def _compute_actwin_role_id(self):
        roles = self.env.ref(TENANT).privilege_id.group_ids
        for user in self:
            own = user.all_group_ids & roles
            highest = own.sorted(lambda role: (len(role.all_implied_ids & roles), role.sequence))
            user.actwin_role_id = highest[-1:]

    @api.onchange("group_ids")
    def _onchange_actwin_role(self):
        """A tenant is a portal user, staff are internal ones, and nobody is both."""
        tenant = self.env.ref(TENANT)
        roles = self.group_ids._origin & tenant.privilege_id.group_ids
        if roles == tenant:
            unfit = self.env.ref("base.group_user")
        elif roles - tenant:
            unfit = self.env.ref("base.group_portal")
        else:
            return
        self.group_ids = self.group_ids.filtered(
            lambda group: unfit not in group._origin.all_implied_ids
        )

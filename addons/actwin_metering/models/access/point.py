from odoo import SUPERUSER_ID, api, fields, models


class ActwinPoint(models.Model):
    """The groups a point belongs to, and its name, which is part of what others may not see."""

    _inherit = "actwin.point"

    group_ids = fields.Many2many(
        "actwin.point.group",
        "actwin_point_group_rel",
        "point_id",
        "group_id",
        "Groups",
        copy=False,
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("group_ids") for vals in vals_list):
            self.env["actwin.point.group"]._check_may_fill()
        return super().create(vals_list)

    def write(self, vals):
        if "group_ids" in vals:
            self.env["actwin.point.group"]._check_may_fill()
        return super().write(vals)

    # EXTENDS actwin_metering: Odoo names what a record links to whoever asks, so that a bound
    # user would learn the name of the point its own is fed from
    @api.depends_context("uid")
    def _compute_display_name(self):
        hidden = self._actwin_hidden()
        super(ActwinPoint, self - hidden)._compute_display_name()
        for point in hidden:
            point.display_name = self.env._("Not yours to see")

    def _actwin_hidden(self):
        """Those of these points that lie out of the user's sight, elevated or not."""
        user = self.env.user
        if self.env.uid == SUPERUSER_ID or not user._actwin_is_limited():
            return self.browse()
        real = self.filtered("id")
        return real - real.sudo().filtered_domain(user._actwin_scope("id"))

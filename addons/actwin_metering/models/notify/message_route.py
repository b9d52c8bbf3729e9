from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import SEVERITIES
from ..access.role import TENANT


class ActwinMessageRoute(models.Model):
    """Who is told of what, on which channels, and how much of it at once.

    Every route that fits applies; somebody named by several gets one message a channel.
    """

    _name = "actwin.message.route"
    _description = "Message Route"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    category = fields.Selection(
        lambda self: self.env["actwin.message.kind"]._fields["category"].selection,
        help="Empty: every category.",
        tracking=True,
    )
    kind_ids = fields.Many2many(
        "actwin.message.kind",
        string="Kinds",
        domain="[('category', '=?', category)]",
        help="Empty: every kind of the category.",
    )
    severity = fields.Selection(
        SEVERITIES, "From Severity", required=True, default="warning", tracking=True
    )
    level = fields.Integer(
        "From Escalation Level",
        help="0: told at once. Higher: told only when it has been escalated to that level.",
        tracking=True,
    )
    site_id = fields.Many2one(
        "actwin.site", index=True, ondelete="cascade", check_company=True, tracking=True
    )
    point_ids = fields.Many2many(
        "actwin.point",
        string="Points",
        check_company=True,
        domain="[('site_id', '=?', site_id)]",
        help="Empty: every point.",
    )
    point_group_ids = fields.Many2many(
        "actwin.point.group",
        string="Point Groups",
        check_company=True,
        domain="[('site_id', '=?', site_id)]",
        help="Their points, and those of the groups below them.",
    )
    user_ids = fields.Many2many(
        "res.users", string="Users", domain="[('share', '=', False)]", check_company=True
    )
    group_ids = fields.Many2many(
        "res.groups",
        string="Roles",
        domain=lambda self: [("id", "in", self._role_ids())],
        help="Everybody whose role this is and who may see the record.",
    )
    subscribers = fields.Boolean(
        "Subscriber of the Point",
        help="Whoever occupies the point that day, by e-mail and SMS, in their language.",
        tracking=True,
    )
    by_app = fields.Boolean("In the Application", default=True, tracking=True)
    by_push = fields.Boolean("Browser", tracking=True)
    by_mail = fields.Boolean("E-mail", default=True, tracking=True)
    by_sms = fields.Boolean("SMS", tracking=True)
    quiet_from = fields.Float(default=22.0)
    quiet_to = fields.Float(default=7.0)
    quiet_severity = fields.Selection(
        SEVERITIES,
        "Passes Quiet Hours",
        default="critical",
        help="From this severity on, nobody waits for the morning. Empty: everything waits.",
    )
    limit_count = fields.Integer(
        "At Most",
        default=10,
        help="Messages a person gets on a channel within the window; the others come as one "
        "summary. 0: no limit.",
    )
    limit_minutes = fields.Integer("Within Minutes", default=15)
    repeat_hours = fields.Float(
        "Not Again For (h)",
        default=0,
        help="The same kind of message about the same record is not sent again for so long.",
    )

    _quiet_range = models.Constraint(
        "CHECK (quiet_from >= 0 AND quiet_from < 24 AND quiet_to >= 0 AND quiet_to < 24)",
        "Quiet hours lie between 00:00 and 23:59.",
    )
    _limit_range = models.Constraint(
        "CHECK (limit_count >= 0 AND limit_minutes BETWEEN 1 AND 1440 AND repeat_hours >= 0)",
        "The limit cannot be negative, and its window is between a minute and a day.",
    )

    @api.model
    def _role_ids(self):
        privilege = self.env.ref("actwin_metering.privilege_metering", raise_if_not_found=False)
        # sudo: the names of the roles are no secret; tenants are told as subscribers
        return (privilege.sudo().group_ids - self.env.ref(TENANT)).ids if privilege else []

    @api.constrains("by_app", "by_push", "by_mail", "by_sms")
    def _check_channels(self):
        for route in self:
            if not route._channels():
                raise ValidationError(
                    self.env._("The route %s needs at least one channel.", route.name)
                )

    @api.constrains("user_ids", "group_ids", "subscribers")
    def _check_recipients(self):
        for route in self:
            if not (route.user_ids or route.group_ids or route.subscribers):
                raise ValidationError(self.env._("The route %s names nobody to tell.", route.name))

    @api.constrains("site_id", "point_ids", "point_group_ids")
    def _check_points(self):
        for route in self:
            for part in (*route.point_ids, *route.point_group_ids):
                if route.site_id and part.site_id != route.site_id:
                    raise ValidationError(
                        self.env._(
                            "%(point)s does not belong to %(site)s.",
                            point=part.display_name,
                            site=route.site_id.display_name,
                        )
                    )

    def _point_ids(self):
        """Ids of the points the route is for; none when it is for all of them."""
        self.ensure_one()
        groups = self.env["actwin.point.group"].search(
            [("id", "child_of", self.point_group_ids.ids)]
        )
        return set((self.point_ids | groups.point_ids).ids)

    def _channels(self):
        self.ensure_one()
        return [name for name in ("app", "push", "mail", "sms") if self[f"by_{name}"]]

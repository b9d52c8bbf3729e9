from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

READER = "actwin_metering.group_reader"
ADMINISTRATOR = "actwin_metering.group_administrator"
_BINDINGS = {"actwin_access", "actwin_site_ids", "actwin_point_group_ids", "actwin_point_ids"}


class ResUsers(models.Model):
    """How far a user's eyes reach. Every record rule of the suite asks ``_actwin_scope``.

    Two things narrow the sites of a company: a site's own staff list shuts out the rest, and a
    bound user sees nothing but the sites, point groups and points that are named for it (who
    names a user means it, so a binding passes the staff list). Administrators see all of it.
    """

    _inherit = "res.users"

    actwin_access = fields.Selection(
        [("all", "Every site"), ("bound", "Only what is named here")],
        "Sees",
        required=True,
        default="all",
        groups=ADMINISTRATOR,
        help="A bound user without any site, group or point sees nothing.",
    )
    actwin_site_ids = fields.Many2many(
        "actwin.site",
        "actwin_user_site_rel",
        "user_id",
        "site_id",
        "Sites",
        groups=ADMINISTRATOR,
        context={"active_test": False},
    )
    actwin_point_group_ids = fields.Many2many(
        "actwin.point.group",
        "actwin_user_point_group_rel",
        "user_id",
        "group_id",
        "Point Groups",
        groups=ADMINISTRATOR,
    )
    actwin_point_ids = fields.Many2many(
        "actwin.point",
        "actwin_user_point_rel",
        "user_id",
        "point_id",
        "Metering Points",
        groups=ADMINISTRATOR,
        context={"active_test": False},
    )

    def _actwin_scope(self, point=None, site="site_id", shared=False):
        """Condition on the records of a model that this user may see.

        Made for record rules, whose conditions Odoo keeps a user and model until a rule, group
        or binding changes; a user who sees everything costs no condition at all.

        :param point: path from the model to the metering point, or several, of which one in
            sight is enough; ``id`` on the point itself; without one the records belong to the
            site as a whole, which a user bound to some of its points does not see
        :param site: path to the site, ``id`` on the site itself
        :param shared: records without a point serve all points of their site, and those without
            a site all sites, so whoever sees one of these sees them
        """
        user = self.sudo()  # sudo: bindings are the administrators' to read
        if user.share or user.has_group(ADMINISTRATOR):
            return Domain.TRUE  # tenants have rules of their own
        if user.actwin_access == "bound":
            points = (point,) if isinstance(point, str) else point or ()
            return user._actwin_bound(points, site, shared)
        if not user.has_group(READER):
            return Domain.TRUE  # no right to any of the models
        shut = self.env["actwin.site"].sudo()._shut_to(user)
        return Domain(site, "not in", shut.ids) if shut else Domain.TRUE

    def _actwin_bound(self, points, site, shared):
        domain = Domain(site, "in", self.actwin_site_ids.ids)
        if shared:
            own_sites = self._actwin_bound(("point_ids",), "id", False)
            common = Domain(site, "any!", own_sites) | Domain(site, "=", False)
            links = [Domain(point.split(".")[0], "=", False) for point in points]
            domain |= common & Domain.AND(links)
        if not points:
            return domain
        groups = (
            self.env["actwin.point.group"]
            .sudo()
            .search([("id", "child_of", self.actwin_point_group_ids.ids)])
        )
        for point in points:
            domain |= Domain(point, "in", self.actwin_point_ids.ids)
            if groups:
                path = "group_ids" if point == "id" else f"{point}.group_ids"
                domain |= Domain(path, "in", groups.ids)
        return domain

    def _actwin_subscriber_points(self):
        """Paths from a subscriber to the points that are or were its own."""
        return ("occupancy_ids.point_id",)

    def _actwin_subscriber_scope(self):
        """Condition on subscribers: those of points in sight, and new ones of such sites."""
        return self._actwin_scope(self._actwin_subscriber_points(), shared=True)

    def _actwin_partner_scope(self, partner=None):
        """Condition on contacts, or on what names one: tenants of hidden points are left out.

        Who is no tenant stays in sight, colleagues and the user itself too, even as a tenant.

        :param partner: path from the model to the contact, none on the contact itself
        """
        tenant = self._actwin_subscriber_scope()
        if tenant.is_true():
            return tenant
        prefix = f"{partner}." if partner else ""
        paths = [
            f"{prefix}commercial_partner_id.actwin_subscriber_ids",
            f"{prefix}actwin_authorised_ids",
        ]
        domain = Domain.AND(Domain(path, "=", False) for path in paths)
        domain |= Domain.OR(Domain(path, "any!", tenant) for path in paths)
        domain |= Domain(f"{prefix}user_ids.share", "=", False)
        return domain | Domain(partner, "=", False) if partner else domain

    @ormcache("self.id")
    def _actwin_is_limited(self):
        """Whether anything of the suite is out of this user's sight, companies apart."""
        return not self._actwin_scope().is_true()

    def write(self, vals):
        result = super().write(vals)
        if _BINDINGS & vals.keys():
            self.env.registry.clear_cache()  # conditions of record rules are kept a user
        return result

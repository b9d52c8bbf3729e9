from odoo import api, fields, models
from odoo.fields import Domain


class ActwinOccupancy(models.Model):
    """The only gate between a portal user and metering data.

    A point's record tells nothing about who may see it: tenants follow one another, and each
    may see its own days only. So portal users have no access rights on metering models at all;
    the pages ask here first and read with elevated rights only what the answer covers.
    """

    _inherit = "actwin.occupancy"

    @api.model
    def _portal_occupancies(self, point_id=None):
        """Occupancies of the current user, begun by today; elevated records, maybe none.

        A user acts for its commercial partner and everyone below, as in Odoo's own invoice
        pages, and for subscribers that name it as the authorised person.
        """
        user = self.env.user
        if user._is_public():
            return self.browse()
        own = Domain("subscriber_id.partner_id", "child_of", user.commercial_partner_id.id)
        authorised = Domain("subscriber_id.authorised_partner_id", "=", user.partner_id.id)
        domain = (own | authorised) & Domain("point_id.active", "=", True)
        if point_id is not None:
            domain &= Domain("point_id", "=", point_id)
        # sudo: portal users have no access rights here, the domain above is the access check
        found = self.sudo().search(domain, order="date_from")
        return found.filtered(lambda each: each.date_from <= each._portal_today())

    def _portal_today(self):
        """Today at the point's site."""
        return fields.Date.context_today(self.with_context(tz=self.site_id.tz))

    def _portal_spans(self):
        """[(first day, last day)] these occupancies make visible, never past today."""
        spans = []
        for each in self:
            today = each._portal_today()
            spans.append((each.date_from, min(each.date_to or today, today)))
        return spans

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ActwinOccupiedMixin(models.AbstractModel):
    """Figures of a point that belong to whoever occupied it at their time.

    Record rules of tenants go by ``occupant_id``: neither the former nor the next tenant of a
    point sees the other's consumption.
    """

    _name = "actwin.occupied.mixin"
    _description = "Figure with an Occupant"

    occupant_id = fields.Many2one(
        "res.partner",
        compute="_compute_occupant_id",
        compute_sudo=True,
        search="_search_occupant_id",
    )

    @api.model
    def _occupied_span(self, alias):
        """(first day, last day) of a row in the site's calendar, as SQL."""
        raise NotImplementedError

    def _occupied_days(self):
        """(first day, last day) of this record in the site's calendar."""
        raise NotImplementedError

    def _compute_occupant_id(self):
        links = self.env["actwin.occupancy"].search([("point_id", "in", self.point_id.ids)])
        for record in self:
            first, last = record._occupied_days()
            found = links.filtered(
                lambda link, record=record, first=first, last=last: (
                    link.point_id == record.point_id
                    and link.date_from <= first
                    and (not link.date_to or link.date_to >= last)
                )
            )
            record.occupant_id = found[:1].subscriber_id.partner_id

    @api.model
    def _search_occupant_id(self, operator, value):
        # sudo: only ids of a partner's own contacts, used inside the rule that restricts rows
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        if operator == "child_of":
            value = partners.search([("id", "child_of", value)]).ids
        elif operator != "in":
            return NotImplemented
        return Domain.custom(to_sql=lambda model, alias, query: self._occupant_sql(alias, value))

    @api.model
    def _occupant_sql(self, alias, partner_ids):
        first, last = self._occupied_span(alias)
        return SQL(
            """EXISTS (SELECT FROM actwin_occupancy o
                         JOIN actwin_subscriber s ON s.id = o.subscriber_id
                        WHERE s.partner_id = ANY(%(partners)s)
                          AND o.point_id = %(point)s
                          AND o.date_from <= %(first)s
                          AND (o.date_to IS NULL OR o.date_to >= %(last)s))""",
            partners=[item for item in partner_ids if item],
            point=SQL.identifier(alias, "point_id"),
            first=first,
            last=last,
        )

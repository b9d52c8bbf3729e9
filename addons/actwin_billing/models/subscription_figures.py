from odoo import api, fields, models

from ..core.money import text

NUMERIC = ("integer", "float", "monetary")


class ActwinSubscription(models.Model):
    """Figures of a subscription that formulas of tariffs may name.

    The point's area, and every numeric field that users added to subscriptions or to the
    subscriber's kind, under a name made of its label: "Floor area" is ``floor_area``.
    """

    _inherit = "actwin.subscription"

    flat_count = fields.Integer(
        string="Flats", default=1, aggregator=None,
        help="Flats behind the meter; limits of tiers that are each flat's are taken as often.",
    )

    _flats_positive = models.Constraint(
        "CHECK (flat_count > 0)", "There is at least one flat behind a meter."
    )

    @api.model
    def _figure_names(self):
        """Names of all figures that some subscription may have."""
        kinds = self.env["actwin.subscriber.kind"].search([("active", "=", True)])
        labels = [*self._figure_labels(self._own_definition()).values()]
        for kind in kinds:
            labels += self._figure_labels(kind.subscriber_properties_definition).values()
        return list(dict.fromkeys(["area_m2", *labels]))

    @api.model
    def _own_definition(self):
        definitions = self.env["properties.base.definition"]
        return definitions._get_definition_for_property_field(
            "actwin.subscription", "properties").sudo().properties_definition

    @api.model
    def _figure_labels(self, definition):
        """{property: name in formulas} of the numeric properties of a definition."""
        slug = self.env["ir.http"]._slugify
        return {
            item["name"]: slug(item.get("string") or item["name"]).replace("-", "_")
            for item in definition or [] if item.get("type") in NUMERIC
        }

    def _figures(self):
        """{name: exact text} of the figures this subscription has."""
        self.ensure_one()
        exact = self.env["actwin.bill.facts"]._decimal
        figures = {}
        if self.point_id.area_m2:
            figures["area_m2"] = text(exact(self.point_id.area_m2, 2))
        subscriber = self.subscriber_id
        for record, definition in (
            (subscriber, subscriber.kind_id.subscriber_properties_definition),
            (self, self._own_definition()),
        ):
            for key, name in self._figure_labels(definition).items():
                value = record.properties.get(key)
                if value not in (None, False):
                    figures[name] = text(exact(value, 6))
        return figures

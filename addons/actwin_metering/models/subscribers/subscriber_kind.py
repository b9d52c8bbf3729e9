from odoo import api, fields, models


class ActwinSubscriberKind(models.Model):
    """How many subscribers a type has."""

    _inherit = "actwin.subscriber.kind"

    subscriber_count = fields.Integer("Subscribers", compute="_compute_subscriber_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_subscriber_count(self):
        counts = dict(
            self.env["actwin.subscriber"]._read_group(
                [("kind_id", "in", self.ids)], ["kind_id"], ["__count"]
            )
        )
        for kind in self:
            kind.subscriber_count = counts.get(kind._origin, 0)

    def action_open_subscribers(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_subscriber_action")
        return action | {
            "domain": [("kind_id", "=", self.id)],
            "context": {"default_kind_id": self.id},
        }

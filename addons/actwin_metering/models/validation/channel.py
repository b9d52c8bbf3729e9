from odoo import api, fields, models


class ActwinChannel(models.Model):
    """By which rules a channel's readings are validated."""

    _inherit = "actwin.channel"

    validation_group_id = fields.Many2one(
        "actwin.validation.group",
        compute="_compute_validation_group_id",
        store=True,
        readonly=False,
        index=True,
        ondelete="restrict",
        groups="actwin_metering.group_technician",
        help="The first group that fits, unless another one is chosen here.",
    )
    entry = fields.Selection(
        [("device", "Delivered by a collector"), ("manual", "Typed in or imported")],
        string="Readings Are",
        required=True,
        default="device",
    )

    @api.depends("kind", "quantity", "entry", "point_id.commodity", "point_id.role")
    def _compute_validation_group_id(self):
        groups = self.env["actwin.validation.group"].search([("active", "=", True)])
        for channel in self:
            channel.validation_group_id = groups.filtered(
                lambda group, channel=channel: group._fits(channel)
            )[:1]

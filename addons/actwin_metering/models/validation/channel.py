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
        groups="actwin_metering.group_reader",
        help="The first group that fits, unless another one is chosen here.",
    )
    validation_by_hand = fields.Boolean(
        "Rules Chosen by Hand",
        copy=False,
        groups="actwin_metering.group_reader",
        help="The group stays as it was chosen, whatever the groups' conditions say. Untick it to "
        "let them decide again.",
    )
    entry = fields.Selection(
        [("device", "Delivered by a collector"), ("manual", "Typed in or imported")],
        string="Readings Are",
        required=True,
        default="device",
    )

    @api.depends(
        "kind", "quantity", "entry", "validation_by_hand", "point_id.commodity", "point_id.role",
        "point_id.installation_ids.date_to", "point_id.installation_ids.meter_id.model",
    )  # fmt: skip
    def _compute_validation_group_id(self):
        fitting = self._fitting_groups()
        for channel in self.filtered(lambda item: not item.validation_by_hand):
            channel.validation_group_id = fitting[channel]

    def _fitting_groups(self):
        """{channel: first group whose conditions it meets}"""
        groups = self.env["actwin.validation.group"].search([("active", "=", True)])
        return {
            channel: groups.filtered(lambda group, channel=channel: group._fits(channel))[:1]
            for channel in self
        }

    @api.model_create_multi
    def create(self, vals_list):
        channels = super().create(vals_list)
        named = channels.browse(
            channel.id
            for channel, vals in zip(channels, vals_list, strict=True)
            if "validation_group_id" in vals and not channel.validation_by_hand
        )
        # a form sends the group it was shown as well: only another one was chosen
        fitting = named._fitting_groups()
        chosen = named.filtered(lambda item: item.validation_group_id != fitting[item])
        chosen.validation_by_hand = True
        return channels

    def write(self, vals):
        if "validation_group_id" in vals and "validation_by_hand" not in vals:
            vals = {**vals, "validation_by_hand": True}
        return super().write(vals)

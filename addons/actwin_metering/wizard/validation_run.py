from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_NOW = 4_000
"""Channel days that are validated while the user waits; more are left to the job."""


class ActwinValidationRun(models.TransientModel):
    """Validation of a period on demand, as after a changed limit or a mended meter."""

    _name = "actwin.validation.run"
    _description = "Validation on Demand"

    site_id = fields.Many2one("actwin.site")
    group_id = fields.Many2one("actwin.validation.group", "Rules")
    point_ids = fields.Many2many("actwin.point", string="Points")
    channel_ids = fields.Many2many("actwin.channel", string="Channels")
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.context_today(self).replace(day=1), months=1
        ),
    )
    date_to = fields.Date("To", required=True, default=lambda self: fields.Date.context_today(self))
    channel_count = fields.Integer("Channels in All", compute="_compute_channel_count")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids")
        if ids and model in ("actwin.point", "actwin.channel"):
            values[f"{model.rpartition('.')[2]}_ids"] = [Command.set(ids)]
        return values

    @api.depends("site_id", "group_id", "point_ids", "channel_ids")
    def _compute_channel_count(self):
        for run in self:
            run.channel_count = self.env["actwin.channel"].search_count(run._domain())

    def _domain(self):
        domain = Domain("kind", "!=", "virtual")
        for name, items in (
            ("site_id", self.site_id),
            ("validation_group_id", self.group_id),
            ("point_id", self.point_ids),
            ("id", self.channel_ids),
        ):
            if items:
                domain &= Domain(name, "in", items._origin.ids)
        return domain

    def action_validate(self):
        """Validate now what can be done while one waits; the job does the rest within minutes."""
        self.ensure_one()
        if self.date_to < self.date_from:
            raise UserError(self.env._("The period ends before it begins."))
        channels = self.env["actwin.channel"].search(self._domain())
        if not channels:
            raise UserError(self.env._("No channel fits this selection."))
        days = (self.date_to - self.date_from).days + 1
        now = channels[: max(_NOW // days, 1)]
        validation = self.env["actwin.validation"]
        validation.revalidate(now.ids, str(self.date_from), str(self.date_to))
        validation._revalidate_later((channels - now).ids, self.date_from, self.date_to)
        return self._found(channels, len(channels - now))

    def _found(self, channels, later):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_metering.actwin_validation_exception_action"
        )
        action |= {
            "domain": [
                ("channel_id", "in", channels.ids),
                ("day", ">=", str(self.date_from)),
                ("day", "<=", str(self.date_to)),
            ],
        }
        if not later:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%s channels are validated by the job within the next minutes.", later
                ),
                "next": action,
            },
        }

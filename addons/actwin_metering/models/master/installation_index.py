from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ActwinMeterInstallationIndex(models.Model):
    """What a register showed when the meter was installed and when it was removed.

    Both figures bridge a meter change: without them the change counts as a fault and the
    consumption across it is left out.
    """

    _name = "actwin.meter.installation.index"
    _description = "Opening and Closing Index"
    _order = "installation_id, channel_id"

    installation_id = fields.Many2one(
        "actwin.meter.installation", required=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("actwin.channel", required=True, index=True, ondelete="restrict")
    site_id = fields.Many2one(related="installation_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="installation_id.company_id", store=True, index=True)
    point_id = fields.Many2one(related="installation_id.point_id")
    has_opening = fields.Boolean("Opening Known", default=True)
    has_closing = fields.Boolean("Closing Known")
    opening_index = fields.Float(digits=(20, 6), aggregator=None)
    closing_index = fields.Float(digits=(20, 6), aggregator=None)

    _channel_uniq = models.Constraint(
        "UNIQUE (installation_id, channel_id)", "The channel is listed already."
    )

    @api.onchange("closing_index")
    def _onchange_closing_index(self):
        self.has_closing = self.has_closing or bool(self.closing_index)

    @api.constrains("installation_id", "channel_id")
    def _check_point(self):
        for item in self:
            if item.channel_id.point_id != item.installation_id.point_id:
                raise ValidationError(
                    self.env._("Channel %s belongs to another point.", item.channel_id.key)
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            for name in ("opening", "closing"):
                vals.setdefault(f"has_{name}", _is_given(vals.get(f"{name}_index")))
        items = super().create(vals_list)
        items.installation_id._mark_dirty()
        return items

    def write(self, vals):
        known = {
            f"has_{name}": _is_given(vals[f"{name}_index"])
            for name in ("opening", "closing")
            if f"{name}_index" in vals
        }
        vals = known | vals
        result = super().write(vals)
        self.installation_id._mark_dirty()
        return result

    def unlink(self):
        self.installation_id._mark_dirty()
        return super().unlink()


def _is_given(value):
    """Whether an index was entered; zero is one, as most meters start there."""
    return value is not None and value is not False

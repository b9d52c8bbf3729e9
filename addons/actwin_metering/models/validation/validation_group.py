from odoo import api, fields, models

from ...const import COMMODITIES

_CONDITIONS = {
    "sequence", "commodity", "kind", "quantity", "role", "meter_model", "source", "active",
}  # fmt: skip


class ActwinValidationGroup(models.Model):
    """Validation rules with their limits for one sort of channel.

    A channel takes the first group, in sequence, whose conditions it meets; an empty condition
    is met by every channel.
    """

    _name = "actwin.validation.group"
    _description = "Validation Group"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    commodity = fields.Selection(COMMODITIES)
    kind = fields.Selection(
        [
            ("index", "Cumulative index"),
            ("interval", "Consumption of the interval"),
            ("instant", "Instantaneous value"),
        ],
        string="Kind of Channel",
    )
    quantity = fields.Selection(
        lambda self: self.env["actwin.channel"]._fields["quantity"].selection
    )
    role = fields.Selection(lambda self: self.env["actwin.point"]._fields["role"].selection)
    meter_model = fields.Char(help="Part of the model of the point's meter.")
    source = fields.Selection(
        [("device", "Delivered by a collector"), ("manual", "Typed in or imported")],
        string="Readings Are",
    )
    estimate = fields.Boolean(
        "Estimate Gaps",
        default=True,
        help="Fill a gap as soon as the register shows what it amounts to. Estimated values are "
        "marked, and give way to the real ones when these arrive.",
    )
    linear_minutes = fields.Integer(
        "Even up to (Minutes)",
        default=240,
        help="Gaps up to this length are spread evenly; longer ones follow days alike.",
    )
    max_gap_days = fields.Integer("Longest Gap (Days)", default=45)
    like_days = fields.Selection(
        [("class", "Last five days of the same kind"), ("week", "Same weekday of six weeks")],
        default="week",
        required=True,
        help="Five days suit dwellings, six weeks suit shops and plants.",
    )
    rule_ids = fields.One2many("actwin.validation.rule", "group_id", "Rules", copy=True)
    channel_count = fields.Integer(compute="_compute_channel_count")
    active = fields.Boolean(default=True)

    def _compute_channel_count(self):
        counts = dict(
            self.env["actwin.channel"]._read_group(
                [("validation_group_id", "in", self.ids)], ["validation_group_id"], ["__count"]
            )
        )
        for group in self:
            group.channel_count = counts.get(group._origin, 0)

    def _fits(self, channel):
        """Whether the channel meets every condition of this group."""
        self.ensure_one()
        facts = {
            "commodity": channel.point_id.commodity,
            "kind": channel.kind,
            "quantity": channel.quantity,
            "role": channel.point_id.role,
            "source": channel.entry,
        }
        model = channel.point_id.meter_id.model or ""
        return all(not self[name] or self[name] == value for name, value in facts.items()) and (
            not self.meter_model or self.meter_model.lower() in model.lower()
        )

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        self._reassign()
        return groups

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & _CONDITIONS:
            self._reassign()
        return result

    def _reassign(self):
        # sudo: the group of every channel follows the conditions, seen by the caller or not
        channels = self.env["actwin.channel"].sudo().search([("active", "in", (True, False))])
        self.env.add_to_compute(channels._fields["validation_group_id"], channels)

    def action_open_channels(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_metering.actwin_channel_action"
        )
        return action | {"domain": [("validation_group_id", "=", self.id)]}

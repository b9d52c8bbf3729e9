import json

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..const import OUT_OF_BAND, PART_OF_ROLE, STATES


class ActwinLossNode(models.Model):
    """A place where energy is metered in and out: a transformer, a main board, a riser.

    Its children are the points directly below its main point in the tree, so that a feeder
    with a node of its own is balanced there and counts here as one child.
    """

    _name = "actwin.loss.node"
    _description = "Balance node"
    _inherit = ["mail.thread", "actwin.loss.energy.mixin"]
    _order = "site_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    point_id = fields.Many2one(
        "actwin.point",
        string="Main point",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('commodity', '=', 'electricity')]",
        tracking=True,
        help="The point that meters what enters the node.",
    )
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    rated_kva = fields.Float("Rated power (kVA)", digits=(12, 3), tracking=True)
    no_load_w = fields.Float(
        "No-load loss P0 (W)",
        digits=(12, 3),
        tracking=True,
        help="Lost all the time, even at rest.",
    )
    load_w = fields.Float(
        "Load loss Pk (W)", digits=(12, 3), tracking=True, help="Lost at rated power."
    )
    cable_k = fields.Float(
        "Cable factor (kW/kVA²)",
        digits=(16, 9),
        tracking=True,
        help="All cable runs of the node together. One three-phase run of R ohm per phase at "
        "U volt line to line adds 1000·R/U².",
    )
    power_factor = fields.Float(
        digits=(4, 3),
        default=0.95,
        tracking=True,
        help="Used for the apparent power when the main meter has no reactive registers.",
    )
    main_class_percent = fields.Float(
        "Main meter class (%)", digits=(6, 3), default=0.5, help="Current transformers included."
    )
    child_class_percent = fields.Float(
        "Other meters' class (%)", digits=(6, 3), default=1.0, help="Current transformers included."
    )
    tolerance_percent = fields.Float(
        "Own tolerance (%)",
        digits=(6, 3),
        tracking=True,
        help="Replaces the band computed from the meter classes. Empty or 0: computed.",
    )
    child_point_ids = fields.Many2many(
        "actwin.point", string="Metered below", compute="_compute_child_point_ids"
    )
    balance_ids = fields.One2many("actwin.loss.balance", "node_id", string="Daily balances")
    balance_count = fields.Integer(compute="_compute_balance_count")
    balance_chart = fields.Text(compute="_compute_balance_chart")
    last_day = fields.Date(readonly=True, copy=False)
    last_state = fields.Selection(STATES, string="State", readonly=True, copy=False)
    last_unexplained_percent = fields.Float(
        "Unexplained, last day (%)", digits=(16, 6), readonly=True, copy=False, aggregator=None
    )
    alarm_days = fields.Integer(
        "Days out of band",
        readonly=True,
        copy=False,
        aggregator="max",
        help="Among the seven days up to the last one computed.",
    )

    _point_uniq = models.Constraint("UNIQUE (point_id)", "This point already has a node.")
    _nameplate_positive = models.Constraint(
        "CHECK (LEAST(rated_kva, no_load_w, load_w, cable_k, tolerance_percent) >= 0)",
        "Nameplate values and the tolerance cannot be negative.",
    )
    _class_positive = models.Constraint(
        "CHECK (main_class_percent > 0 AND child_class_percent > 0)",
        "A meter's class is above 0 %.",
    )
    _power_factor_range = models.Constraint(
        "CHECK (power_factor > 0 AND power_factor <= 1)",
        "The power factor lies above 0 and at most at 1.",
    )
    _load_loss_rated = models.Constraint(
        "CHECK (load_w = 0 OR rated_kva > 0)",
        "A load loss needs the rated power it was measured at.",
    )

    def write(self, vals):
        """A node that moves to another main point starts over: the old days were another place."""
        moved = self.filtered(lambda n: vals.get("point_id", n.point_id.id) != n.point_id.id)
        result = super().write(vals)
        moved.sudo().balance_ids.unlink()  # nobody may unlink a balance by hand
        return result

    @api.constrains("point_id")
    def _check_point(self):
        for node in self:
            if node.point_id.commodity != "electricity":
                raise ValidationError(
                    self.env._("%s does not meter electricity.", node.point_id.display_name)
                )

    @api.depends("point_id.child_ids.role", "point_id.child_ids.active")
    def _compute_child_point_ids(self):
        for node in self:
            node.child_point_ids = node.point_id.child_ids.filtered(node._balances_point)

    @api.model
    def _balances_point(self, point):
        return point.active and point.commodity == "electricity" and point.role in PART_OF_ROLE

    @api.depends("balance_ids")
    def _compute_balance_count(self):
        counts = self.env["actwin.loss.balance"]._read_group(
            [("node_id", "in", self._origin.ids)], ["node_id"], ["__count"]
        )
        by_node = {node.id: count for node, count in counts}
        for node in self:
            node.balance_count = by_node.get(node._origin.id, 0)

    def _compute_balance_chart(self):
        """Unexplained energy of the last 31 complete days, for the form's bar chart."""
        for node in self:
            balances = self.env["actwin.loss.balance"].search(
                [("node_id", "in", node._origin.ids), ("state", "!=", "incomplete")],
                order="day DESC",
                limit=31,
            )
            bars = [
                {
                    "label": format_date(self.env, balance.day, date_format="d MMM"),
                    "value": balance.unexplained_kwh,
                    "type": "past" if balance.state in OUT_OF_BAND else "future",
                }
                for balance in reversed(balances)
            ]
            title = self.env._("Unexplained kWh")
            node.balance_chart = json.dumps([{"key": title, "values": bars}])

    def action_update(self):
        """Bring the balances up to date with the consumption they were made from."""
        self.check_access("write")
        written = self._update_balances()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s daily balances computed.", written),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_open_balances(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_loss.actwin_loss_balance_action"
        )
        return action | {
            "domain": [("node_id", "=", self.id)],
            "context": {"search_default_last_days": 1},
            "view_mode": "graph,list,pivot,form",
            "views": [(False, kind) for kind in ("graph", "list", "pivot", "form")],
        }

from odoo import api, fields, models

# code, name, default action, limit, lower, days. The ids are the product's own: they appear in
# data, screens and tests. What each parameter means is said in the rule's description.
ACTIONS = [
    ("suspect", "Mark the reading suspect"),
    ("block", "Keep the bill back"),
    ("info", "Tell only"),
]


class ActwinValidationRule(models.Model):
    """One test of readings with its limits, within a group of channels."""

    _name = "actwin.validation.rule"
    _description = "Validation Rule"
    _order = "group_id, code"
    _rec_names_search = ["code", "name"]

    group_id = fields.Many2one(
        "actwin.validation.group", required=True, index=True, ondelete="cascade"
    )
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True, help="What is tested, and what the limits mean.")
    action = fields.Selection(
        ACTIONS,
        required=True,
        default="block",
        help="A suspect reading is left out of consumption until somebody accepts or replaces it. "
        "A kept back bill waits until the exception is closed.",
    )
    limit = fields.Float(digits=(12, 3), aggregator=None)
    lower = fields.Float("Lower Limit", digits=(12, 3), aggregator=None)
    days = fields.Integer(aggregator=None)
    active = fields.Boolean(default=True)
    hit_count = fields.Integer("Hits in 90 Days", compute="_compute_hits")
    dismissed_percent = fields.Float(
        "Dismissed (%)",
        compute="_compute_hits",
        digits=(5, 1),
        help="Share of the closed hits that turned out to be right readings. A rule that is "
        "mostly dismissed needs another limit.",
    )

    _code_uniq = models.Constraint("UNIQUE (group_id, code)", "The group has this rule already.")

    @api.depends("code", "name")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = f"{rule.code} {rule.name}"

    def _compute_hits(self):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=90)
        found = self.env["actwin.validation.exception"]._read_group(
            [("rule_id", "in", self.ids), ("found_date", ">=", since)],
            ["rule_id", "state"],
            ["__count"],
        )
        counts = {}
        for rule, state, count in found:
            counts.setdefault(rule.id, {})[state] = count
        for rule in self:
            states = counts.get(rule.id, {})
            rule.hit_count = sum(states.values())
            judged = states.get("accepted", 0) + states.get("rejected", 0)
            rule.dismissed_percent = 100 * states.get("accepted", 0) / judged if judged else 0

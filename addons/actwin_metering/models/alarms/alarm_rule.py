from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import COMMODITIES, SEVERITIES

TYPES = [
    ("threshold", "Threshold"),
    ("band", "Band"),
    ("ratio", "Ratio"),
    ("rate", "Rate of change"),
    ("formula", "Formula"),
    ("absence", "Absence"),
    ("event", "Event"),
    ("parameter", "Electrical parameters"),
]
WATCHED = ("threshold", "band", "ratio", "rate", "formula")
"""Types that judge figures; the others look at silence, at events, or are judged elsewhere."""

BASES = [
    ("reading", "Readings as they are"),
    ("power", "Mean power between readings"),
    ("demand", "Mean power of the quarter hour"),
    ("hour", "Consumption of the hour"),
    ("day", "Consumption of the day"),
    ("month", "Consumption of the month to date"),
]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ActwinAlarmRule(models.Model):
    """What is watched, on which points, and when it becomes an alarm.

    Without a company it is a rule of the product, for every company. A rule with alarms is
    archived, not deleted.
    """

    _name = "actwin.alarm.rule"
    _description = "Alarm Rule"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    note = fields.Text("What It Looks For", translate=True)
    code = fields.Char(copy=False, help="Id of a rule of the product, e.g. E01.")
    sequence = fields.Integer(default=50)
    type = fields.Selection(TYPES, required=True, default="threshold", tracking=True)
    severity = fields.Selection(SEVERITIES, required=True, default="warning", tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: the rule holds for every company.",
    )
    # where
    site_id = fields.Many2one(
        "actwin.site", index=True, ondelete="cascade", check_company=True, help="Empty: every site."
    )
    point_ids = fields.Many2many(
        "actwin.point",
        "actwin_alarm_rule_point_rel",
        "rule_id",
        "point_id",
        "Points",
        check_company=True,
        help="Empty: every point that the rest fits.",
    )
    role = fields.Selection(
        selection=lambda self: self.env["actwin.point"]._fields["role"].selection,
        string="Kind of Point",
    )
    commodity = fields.Selection(COMMODITIES)
    quantity = fields.Selection(
        selection=lambda self: self.env["actwin.channel"]._fields["quantity"].selection,
        default="power",
    )
    obis = fields.Char("OBIS", help="Only registers with one of these codes, split by commas.")
    # what
    basis = fields.Selection(BASES, "Judged", required=True, default="reading", tracking=True)
    quantity_base = fields.Selection(
        selection=lambda self: self.env["actwin.channel"]._fields["quantity"].selection,
        string="Divided By",
        default="active_import",
    )
    obis_base = fields.Char("Divided By (OBIS)")
    min_base = fields.Float(
        "From",
        digits=(16, 3),
        help="A ratio is judged once what it divides by, or is divided, has reached this.",
    )
    rate_minutes = fields.Integer("Within (Minutes)", default=60)
    rate_percent = fields.Boolean("Change in Percent")
    expression = fields.Char("Formula", help="As for virtual channels, over the names below.")
    input_ids = fields.One2many("actwin.alarm.rule.input", "rule_id", "Names", copy=True)
    absence_of = fields.Selection(
        [
            ("reading", "Readings of a register"),
            ("device", "Answers of a device"),
            ("collector", "Word from a collector"),
        ],
        "Missing",
        default="reading",
    )
    silent_minutes = fields.Integer(
        "For (Minutes)",
        default=120,
        help="0: three times as long as the device's schedule lets pass between readings; of a "
        "collector, an hour.",
    )
    event_kind_ids = fields.Many2many(
        "actwin.event.kind",
        "actwin_alarm_rule_kind_rel",
        "rule_id",
        "kind_id",
        "Events",
        help="Empty: every kind that opens an alarm by itself and that no other rule names.",
    )
    # limits
    limit_source = fields.Selection(
        [
            ("fixed", "As given here"),
            ("contract_power", "Percent of the point's contract power"),
            ("contract_day", "Percent of the point's daily contract limits"),
            ("reactive", "Percent of the lawful reactive limit"),
        ],
        "Limit Is",
        required=True,
        default="fixed",
    )
    direction = fields.Selection(
        [("above", "Above the limit"), ("below", "Below the limit")],
        "Alarm When",
        required=True,
        default="above",
    )
    limit = fields.Float("Upper Limit", digits=(16, 6), aggregator=None, tracking=True)
    lower = fields.Float("Lower Limit", digits=(16, 6), aggregator=None, tracking=True)
    hysteresis = fields.Float(
        digits=(16, 6),
        aggregator=None,
        help="How far inside the limit the figure must return before the alarm ends.",
    )
    delay_minutes = fields.Integer(
        "Delay (Minutes)", aggregator=None, help="How long it must last to become an alarm."
    )
    clear_minutes = fields.Integer(
        "Calm for (Minutes)", aggregator=None, help="How long it must be over to end the alarm."
    )
    reopen_minutes = fields.Integer(
        "Again Within (Minutes)",
        default=60,
        aggregator=None,
        help="What comes back so soon counts as the same alarm.",
    )
    # when
    mon = fields.Boolean(default=True)
    tue = fields.Boolean(default=True)
    wed = fields.Boolean(default=True)
    thu = fields.Boolean(default=True)
    fri = fields.Boolean(default=True)
    sat = fields.Boolean(default=True)
    sun = fields.Boolean(default=True)
    hour_from = fields.Float("From Hour", default=0.0, aggregator=None, help="On the site's clock.")
    hour_to = fields.Float("To Hour", default=24, aggregator=None)
    user_id = fields.Many2one("res.users", "Owner", help="Alarms of the rule are given to them.")
    open_count = fields.Integer("Open Alarms", compute="_compute_open_count")

    _code_uniq = models.UniqueIndex("(code) WHERE code IS NOT NULL", "Another rule has this code.")
    _times_check = models.Constraint(
        "CHECK (least(delay_minutes, clear_minutes, reopen_minutes, silent_minutes, hysteresis,"
        " min_base) >= 0)",
        "Times, hysteresis and the least base are not negative.",
    )
    _hours_check = models.Constraint(
        "CHECK (hour_from BETWEEN 0 AND 24 AND hour_to BETWEEN 0 AND 24)",
        "An hour lies between 0 and 24.",
    )

    @api.depends("site_id")
    def _compute_company_id(self):
        for rule in self:
            rule.company_id = rule.site_id.company_id or rule.company_id or self.env.company

    def _compute_open_count(self):
        counts = dict(
            self.env["actwin.alarm"]._read_group(
                [("rule_id", "in", self.ids), ("state", "!=", "cleared")], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.open_count = counts.get(rule._origin, 0)

    @api.constrains("type", "lower", "limit", "rate_minutes")
    def _check_limits(self):
        for rule in self:
            if rule.type == "band" and rule.limit_source == "fixed" and rule.lower >= rule.limit:
                raise ValidationError(
                    self.env._("%s: the lower limit lies below the upper one.", rule.name)
                )
            if rule.type == "rate" and rule.rate_minutes < 1:
                raise ValidationError(
                    self.env._("%s: a change takes at least a minute.", rule.name)
                )

    @api.constrains("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    def _check_weekdays(self):
        for rule in self:
            if not any(rule[day] for day in WEEKDAYS):
                raise ValidationError(self.env._("%s: choose a day of the week.", rule.name))

    def action_open_alarms(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_alarm_action")
        return action | {"domain": [("rule_id", "=", self.id)], "context": {}}

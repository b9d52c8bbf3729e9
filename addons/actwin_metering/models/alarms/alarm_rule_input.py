from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.formula.check import FUNCTIONS, NAME, FormulaError, parse
from ...core.formula.evaluate import Formula


class ActwinAlarmRuleInput(models.Model):
    """A name in the formula of an alarm rule: a register that every watched point has."""

    _name = "actwin.alarm.rule.input"
    _description = "Name in an Alarm Rule"
    _order = "rule_id, id"

    rule_id = fields.Many2one("actwin.alarm.rule", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="rule_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    name = fields.Char(required=True, help="As the formula calls it, e.g. u1.")
    quantity = fields.Selection(
        selection=lambda self: self.env["actwin.channel"]._fields["quantity"].selection,
        required=True,
        default="power",
    )
    obis = fields.Char("OBIS", help="Only the register with this code.")

    _name_uniq = models.Constraint("UNIQUE (rule_id, name)", "The name is listed already.")

    @api.constrains("name")
    def _check_name(self):
        for item in self:
            if not NAME.match(item.name) or item.name in {*FUNCTIONS, "and", "or", "not"}:
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be a name: use small letters a–z, digits and _, beginning "
                        "with a letter.",
                        item.name,
                    )
                )


class ActwinAlarmRule(models.Model):
    _inherit = "actwin.alarm.rule"

    problem = fields.Text("To Mend", compute="_compute_problem")

    @api.depends("type", "expression", "input_ids.name")
    def _compute_problem(self):
        for rule in self:
            rule.problem = rule.type == "formula" and rule._formula_problem()

    @api.constrains("type", "expression", "input_ids")
    def _check_expression(self):
        for rule in self:
            if rule.type == "formula" and (problem := rule._formula_problem()):
                raise ValidationError(problem)

    def _formula_problem(self):
        """What is wrong with the formula, in words; False when nothing is."""
        try:
            parse(self.expression, self.input_ids.mapped(lambda item: item.name or ""))
        except FormulaError as error:
            formula = self.env["actwin.formula"]
            return "\n".join(formula._in_words(item) for item in error.problems)
        return False

    def _compiled(self):
        """The formula as a function; of one that became wrong it gives no figure."""
        self.ensure_one()
        try:
            return Formula(self.expression, self.input_ids.mapped("name"))
        except FormulaError:
            return lambda values: None

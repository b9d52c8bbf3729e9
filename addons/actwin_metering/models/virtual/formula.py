from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.formula.check import FormulaError, parse
from ...core.formula.cycle import cycle_from
from ...core.formula.evaluate import Formula


class _Nothing:
    """Stands for a formula that cannot be computed."""

    names, linear = frozenset(), True

    def __call__(self, values):
        return None


class ActwinFormula(models.Model):
    """What a virtual channel is computed from, from a day on.

    The formula reads names; each stands for one channel of the site or for the sum of several. A
    day is computed by the formula of that day: a new version leaves what was before alone.
    """

    _name = "actwin.formula"
    _description = "Formula of a Channel"
    _order = "channel_id, date_from desc"
    _rec_name = "expression"
    _check_company_auto = True

    channel_id = fields.Many2one(
        "actwin.channel",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('kind', '=', 'virtual')]",
    )
    site_id = fields.Many2one(related="channel_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    date_from = fields.Date(
        "Since", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1)
    )
    expression = fields.Char(
        "Formula",
        required=True,
        help="Names, numbers, + − × / and parentheses; min(), max(), sum(), abs(), ratio(a, b) and "
        "if(a > b, then, else).",
    )
    mode = fields.Selection(
        [
            ("hour", "By the hour, then added up"),
            ("day", "By the day, then added up"),
            ("bucket", "On every total anew"),
        ],
        "Computed",
        required=True,
        default="hour",
        help="What a site uses of its own production is the lesser of both in every hour, not the "
        "lesser of the month's totals. A ratio is taken on every total anew.",
    )
    input_ids = fields.One2many("actwin.formula.input", "formula_id", "Names", copy=True)
    note = fields.Char()
    problem = fields.Text("To Mend", compute="_compute_problem")

    _date_uniq = models.Constraint(
        "UNIQUE (channel_id, date_from)", "The channel has a formula of that day already."
    )

    @api.depends("expression", "input_ids.name")
    def _compute_problem(self):
        for formula in self:
            formula.problem = formula._problem_text() if formula.expression else False

    @api.constrains("expression", "input_ids")
    def _check_expression(self):
        for formula in self:
            if problem := formula._problem_text():
                raise ValidationError(problem)

    @api.constrains("channel_id", "input_ids")
    def _check_channel(self):
        for formula in self:
            if formula.channel_id.kind != "virtual":
                raise ValidationError(
                    self.env._("%s is measured, not computed.", formula.channel_id.display_name)
                )
        self.channel_id._check_formula_cycle()

    def _problem_text(self):
        """What is wrong with the formula, in words; False when nothing is."""
        try:
            parse(self.expression, self.input_ids.mapped(lambda item: item.name or ""))
        except FormulaError as error:
            return "\n".join(self._in_words(item) for item in error.problems)
        return False

    def _in_words(self, problem):
        texts = {
            "empty": self.env._("The formula is empty."),
            "too_long": self.env._("The formula is longer than %s characters.", problem.text),
            "too_deep": self.env._("The formula is nested too deeply. Split it into channels."),
            "syntax": self.env._(
                "The formula cannot be read from “%s” on: is an operator, a comma or a parenthesis "
                "missing?",
                problem.text,
            ),
            "unknown_name": self.env._("“%s” is none of the names listed below.", problem.text),
            "unknown_function": self.env._("There is no function “%s”.", problem.text),
            "argument_count": self.env._(
                "%s has too few or too many values in its parentheses.", problem.text
            ),
            "no_number": self.env._("“%s” is no plain decimal number.", problem.text),
            "no_condition": self.env._(
                "The first part of if() is a comparison such as a > b, not “%s”.", problem.text
            ),
            "condition_outside": self.env._(
                "The comparison “%s” belongs into if(…, …, …).", problem.text
            ),
            "not_allowed": self.env._("“%s” is not part of formulas.", problem.text),
        }
        return texts[problem.code]

    def _compiled(self):
        """The formula as a function; of a name that was taken away it gives no figure."""
        self.ensure_one()
        try:
            return Formula(self.expression, self.input_ids.mapped("name"))
        except FormulaError:
            return _Nothing()

    @api.model
    def _by_channel(self, channel_ids):
        """{channel id: its versions, newest first}."""
        found = self.search([("channel_id", "in", list(channel_ids))])
        versions = defaultdict(self.browse)
        for formula in found:
            versions[formula.channel_id.id] |= formula
        return versions

    def _on(self, day):
        """The version of ``self`` that holds on a day."""
        return self.filtered(lambda item: item.date_from <= day).sorted("date_from")[-1:]

    @api.model_create_multi
    def create(self, vals_list):
        formulas = super().create(vals_list)
        formulas.channel_id._mark_computed()
        return formulas

    def write(self, vals):
        result = super().write(vals)
        self.channel_id._mark_computed()
        return result

    def unlink(self):
        channels = self.channel_id
        result = super().unlink()
        channels._mark_computed()
        return result


class ActwinChannel(models.Model):
    _inherit = "actwin.channel"

    formula_ids = fields.One2many("actwin.formula", "channel_id", "Formulas")

    def _computed_from(self):
        """{channel id: ids of the channels any version of its formula reads} of all virtual ones.

        A cycle may lead through channels the user does not see, hence the plain query.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT f.channel_id, array_agg(DISTINCT r.channel_id)
              FROM actwin_formula f
              JOIN actwin_formula_input i ON i.formula_id = f.id
              JOIN actwin_formula_input_channel_rel r ON r.input_id = i.id
             GROUP BY 1
            """
        )
        return dict(self.env.cr.fetchall())

    def _check_formula_cycle(self):
        inputs = self._computed_from()
        for channel in self:
            way = cycle_from(channel.id, inputs)
            if way:
                # sudo: the way may lead through channels of others; only their keys are shown
                keys = self.browse(way).sudo().mapped("key")
                raise ValidationError(
                    self.env._("The channel would be computed from itself: %s", " ← ".join(keys))
                )

    def _measured(self):
        """The channels with readings that ``self`` comes from: itself, or those behind formulas."""
        if not any(channel.kind == "virtual" for channel in self):
            return self
        inputs, found, todo = self._computed_from(), set(), list(self.ids)
        while todo:
            item = todo.pop()
            if item not in found:
                found.add(item)
                todo += inputs.get(item, [])
        return self.browse(found).filtered(lambda channel: channel.kind != "virtual")

    def _mark_computed(self):
        """Have virtual channels computed anew wherever they or what they read have figures."""
        virtual = self.filtered(lambda channel: channel.kind == "virtual")
        self.env["actwin.rollup"]._mark(virtual.ids)

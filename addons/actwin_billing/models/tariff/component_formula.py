from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.actwin_metering.core.formula.check import FormulaError, names_in, parse

from ...const import BANDS, REGISTERS

FIXED = ("contract_kw", "connection_kva", "units", "days", "months")


class ActwinTariffComponent(models.Model):
    """Formulas of the user's own: what they may name, and in words what is wrong with one."""

    _inherit = "actwin.tariff.component"

    formula_problem = fields.Text(string="To Mend", compute="_compute_formula_help")
    formula_names = fields.Text(string="Names", compute="_compute_formula_help")

    @api.depends("formula", "kind", "key", "version_id", "sequence")
    @api.depends_context("lang")
    def _compute_formula_help(self):
        for component in self:
            is_formula = component.kind == "formula"
            component.formula_problem = is_formula and component.formula \
                and component._formula_problem_text()
            component.formula_names = is_formula and ", ".join(component._formula_known())

    @api.constrains("kind", "formula", "key", "version_id")
    def _check_formula(self):
        for component in self.filtered(lambda item: item.kind == "formula"):
            problem = component._formula_problem_text()
            if problem:
                raise ValidationError(self.env._(
                    "%(component)s: %(problem)s", component=component.name, problem=problem))

    def _formula_problem_text(self):
        """What is wrong with the formula, in words; False when nothing is."""
        try:
            parse(self.formula, self._formula_known())
        except FormulaError as error:
            words = self.env["actwin.formula"]._in_words
            return "\n".join(words(problem) for problem in error.problems)
        return False

    def _formula_known(self):
        """Names that the formula may use: facts, registers, own figures, amounts of other lines."""
        registers = [
            name for register in REGISTERS.values()
            for name in (register, *(f"{register}_{band}" for band in BANDS))
            if register in ("active_import", "active_export") or name == register
        ]
        others = self.version_id.component_ids.filtered(lambda item: item._origin != self._origin)
        amounts = [f"amount_{item.key}" for item in others if item.kind != "formula" and item.key]
        figures = self.env["actwin.subscription"]._figure_names()
        return list(dict.fromkeys([*FIXED, *figures, *registers, *amounts]))

    @api.model
    def _formula_registers(self, names):
        """{register: bands} among the names a formula reads."""
        found = {}
        for register in REGISTERS.values():
            if register in names:
                found.setdefault(register, set())
            bands = {band for band in BANDS if f"{register}_{band}" in names}
            if bands:
                found.setdefault(register, set()).update(bands)
        return found

    def _formula_reads(self):
        """Names that the formula reads; none of one that is not right."""
        try:
            tree, _source = parse(self.formula, self._formula_known())
        except FormulaError:
            return set()
        return names_in(tree)

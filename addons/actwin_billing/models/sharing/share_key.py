from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.formula import FormulaError, formula_of
from ...core.sharing.model import Key

KINDS = [
    ("equal", "Equally"),
    ("fact", "By a measure"),
    ("consumption", "By consumption"),
    ("fixed", "By fixed shares"),
    ("weighted", "A mix of keys"),
    ("formula", "By a formula"),
]


class ActwinShareKey(models.Model):
    """How a sum is divided among units (dağıtım anahtarı).

    Law 634 (Kat Mülkiyeti Kanunu) art. 20 knows "equally" and "by land share"; a management plan
    or a contract may say anything else.
    """

    _name = "actwin.share.key"
    _description = "Allocation Key"
    _inherit = ["mail.thread"]
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=50)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, index=True,
        help="Empty: every company may use it.",
    )
    kind = fields.Selection(KINDS, required=True, default="fact", tracking=True)
    fact_id = fields.Many2one("actwin.share.fact", "Measure", tracking=True)
    formula = fields.Char(
        tracking=True,
        help="Weight of a unit, from its measures by their codes, consumption and time "
        "(its share of the period). Example: area_m2 * 0.7 + persons * 10",
    )
    by_time = fields.Boolean(
        default=True, tracking=True,
        help="Whoever stays half of the period bears half of the share.",
    )
    part_ids = fields.One2many("actwin.share.key.part", "key_id", copy=True)
    explanation = fields.Char("In Words", compute="_compute_explanation")

    @api.depends("kind", "fact_id", "formula", "part_ids.share", "part_ids.part_key_id")
    def _compute_explanation(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for key in self:
            if key.kind == "fact":
                key.explanation = key.fact_id.name
            elif key.kind == "formula":
                key.explanation = key.formula
            elif key.kind == "weighted":
                key.explanation = ", ".join(
                    f"{part.share:g} × {part.part_key_id.name}" for part in key.part_ids)
            else:
                key.explanation = kinds.get(key.kind)

    @api.constrains("kind", "fact_id", "formula", "part_ids")
    def _check_complete(self):
        for key in self:
            if key.kind == "fact" and not key.fact_id:
                raise ValidationError(self.env._("%s: choose the measure.", key.name))
            if key.kind == "formula":
                key._check_formula()
            if key.kind in ("fixed", "weighted") and not key.part_ids:
                raise ValidationError(self.env._("%s: give the shares.", key.name))
            key._check_parts()

    def _check_formula(self):
        codes = [code for (code,) in self.env["actwin.share.fact"]._read_group([], ["code"])]
        try:
            formula_of(self.formula or "", (*codes, "consumption", "time"))
        except FormulaError as error:
            formula = self.env["actwin.formula"]
            words = "\n".join(formula._in_words(problem) for problem in error.problems)
            raise ValidationError(self.env._(
                "%(key)s: %(mistake)s", key=self.name, mistake=words)) from None

    def _check_parts(self):
        for part in self.part_ids:
            if self.kind == "fixed" and not part.point_id:
                raise ValidationError(self.env._("%s: every share needs a unit.", self.name))
            if self.kind == "weighted" and part.part_key_id.kind in (False, "weighted"):
                raise ValidationError(
                    self.env._("%s: a mix is made of keys that are no mix.", self.name))

    def _to_core(self):
        """The key as the calculation core takes it."""
        self.ensure_one()
        exact = self.env["actwin.bill.facts"]._decimal
        return Key(
            self.kind,
            fact=self.fact_id.code or "",
            shares={
                str(part.point_id.id): exact(part.share, 6) for part in self.part_ids
            } if self.kind == "fixed" else {},
            parts=tuple(
                (exact(part.share, 6), part.part_key_id._to_core()) for part in self.part_ids
            ) if self.kind == "weighted" else (),
            formula=self.formula or "",
            by_time=self.by_time,
        )

    def _reads_consumption(self):
        """Whether somebody's consumption has a say in the key."""
        return (
            self.kind == "consumption"
            or self.kind == "formula" and "consumption" in (self.formula or "")
            or any(part.part_key_id._reads_consumption() for part in self.part_ids
                   if self.kind == "weighted")
        )

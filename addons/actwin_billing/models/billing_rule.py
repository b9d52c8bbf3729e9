from odoo import fields, models


class ActwinBillingRule(models.Model):
    """One rule of the control invoice (K01 …) with its limits; users tune it, no code.

    ``warn_limit``/``block_limit`` mean what ``description`` says; 0 switches that level off.
    """

    _name = "actwin.billing.rule"
    _description = "Control Invoice Rule"
    _order = "code"
    _rec_name = "code"

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    description = fields.Char(translate=True)
    severity = fields.Selection(
        [("info", "Information"), ("warn", "Warning"), ("block", "Blocker")],
        required=True,
        default="warn",
        help="Severity of rules that have no limits.",
    )
    warn_limit = fields.Float()
    block_limit = fields.Float()
    can_accept = fields.Boolean(
        string="Can be accepted", help="A person may accept the finding with a reason."
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "A rule with this code exists already.")

    def _level(self, value):
        """Severity of a value by the limits: 'block', 'warn' or '' inside them."""
        if self.block_limit and value > self.block_limit:
            return "block"
        return "warn" if self.warn_limit and value > self.warn_limit else ""

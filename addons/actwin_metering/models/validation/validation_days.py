from odoo import api, models

from .day_rules import DAY_RULES, RULED
from .validation import HITS


class ActwinValidation(models.AbstractModel):
    """The rules on whole days, and the estimates for what the days lack."""

    _inherit = "actwin.validation"

    @api.model
    def _day_rules(self):
        """{code: statement}; an add-on that knows more may add its own."""
        return DAY_RULES

    @api.model
    def _judge_days(self, parameters):
        """Validate a chunk of channel days that was just rolled up.

        :param parameters: array literals ``channels`` and ``days``, pairwise
        """
        cr = self.env.cr
        self.env["actwin.validation.statistics"]._refresh_missing(parameters["channels"])
        cr.execute(HITS)
        rules = self._day_rules()
        cr.execute("SELECT DISTINCT code FROM actwin_validation_rule WHERE active")
        active = {row[0] for row in cr.fetchall()}
        for code, statement in rules.items():
            if code in active:
                cr.execute(f"{RULED}{statement}) hits", parameters | {"code": code})
        cr.execute(
            "SELECT channel_id, day, day FROM unnest(%(channels)s::int[], %(days)s::date[])"
            " AS t (channel_id, day)",
            parameters,
        )
        self._settle("day", rules, [[row[0], str(row[1]), str(row[2])] for row in cr.fetchall()])
        self.env["actwin.estimation"]._fill_gaps(parameters)

from odoo import Command, fields, models

from .estimate import METHODS


class ActwinValidationGroup(models.Model):
    """By which methods, in which order, the gaps of a group's channels are estimated."""

    _inherit = "actwin.validation.group"

    step_ids = fields.One2many(
        "actwin.estimation.step",
        "group_id",
        "Estimation Methods",
        copy=True,
        default=lambda self: [
            Command.create({"sequence": 10 * number, "method": method})
            for number, (method, _name) in enumerate(METHODS, 1)
        ],
    )

    def _ladder(self):
        """Names of the methods to try, in this order."""
        self.ensure_one()
        # a group of an earlier version has no steps yet; one without active ones has switched all
        steps = self.with_context(active_test=False).step_ids
        if not steps:
            return [method for method, _name in METHODS]
        return steps.filtered("active").mapped("method")

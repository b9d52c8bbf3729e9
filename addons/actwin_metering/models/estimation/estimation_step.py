from odoo import fields, models

from .estimate import METHODS


class ActwinEstimationStep(models.Model):
    """A method on a group's ladder: the first one that can tell estimates a gap."""

    _name = "actwin.estimation.step"
    _description = "Estimation Method"
    _order = "sequence, id"
    _rec_name = "method"

    group_id = fields.Many2one(
        "actwin.validation.group", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    method = fields.Selection(METHODS, required=True)
    active = fields.Boolean(default=True)

    _method_uniq = models.Constraint(
        "UNIQUE (group_id, method)", "The group has this method already."
    )

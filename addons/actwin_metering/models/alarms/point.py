from odoo import fields, models


class ActwinPoint(models.Model):
    """What the contract says a point may take a day."""

    _inherit = "actwin.point"

    contract_day_min = fields.Float(
        "Least a Day",
        digits=(16, 3),
        tracking=True,
        help="Daily minimum of the contract, in the unit of the register. 0: none.",
    )
    contract_day_max = fields.Float(
        "Most a Day",
        digits=(16, 3),
        tracking=True,
        help="Daily maximum of the contract, in the unit of the register. 0: none.",
    )

    _contract_day_check = models.Constraint(
        "CHECK (least(contract_day_min, contract_day_max) >= 0)",
        "Daily limits of the contract are not negative.",
    )

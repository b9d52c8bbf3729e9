from odoo import fields, models


class ActwinReactiveLimit(models.Model):
    """How much reactive energy the law allows, in percent of the active energy of the month.

    From a day on, for points below a power.
    """

    _name = "actwin.reactive.limit"
    _description = "Limit of Reactive Energy"
    _order = "date_from desc, below_kva, id"
    _rec_name = "date_from"

    date_from = fields.Date("Since", required=True)
    below_kva = fields.Float(
        "Below (kVA)",
        digits=(16, 3),
        aggregator=None,
        default=0.0,
        help="For points whose contract power is below it. 0: all others, also those without one.",
    )
    inductive = fields.Float(
        "Inductive (%)", digits=(16, 3), aggregator=None, default=0.0, help="0: nothing is limited."
    )
    capacitive = fields.Float(
        "Capacitive (%)",
        digits=(16, 3),
        aggregator=None,
        default=0.0,
        help="0: nothing is limited.",
    )
    source = fields.Char(required=True, help="Where the figures stand, e.g. the decision.")

    _power_uniq = models.UniqueIndex(
        "(date_from, coalesce(below_kva, 0))", "These limits are given already."
    )
    _range = models.Constraint(
        "CHECK (least(below_kva, inductive, capacitive) >= 0)", "Limits are not negative."
    )

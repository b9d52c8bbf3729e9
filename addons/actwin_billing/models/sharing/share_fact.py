import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}\Z")
_RESERVED = {"consumption", "time"}


class ActwinShareFact(models.Model):
    """What costs can be shared by: area, land share (arsa payı), persons, or an own measure.

    The code is the name of the fact in formulas, so it never changes once it is used.
    """

    _name = "actwin.share.fact"
    _description = "Measure of a Unit"
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Name of the measure in formulas.")
    unit = fields.Char(translate=True)
    sequence = fields.Integer(default=50)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another measure has this code.")

    @api.constrains("code")
    def _check_code(self):
        for fact in self:
            if not _CODE.match(fact.code) or fact.code in _RESERVED:
                raise ValidationError(self.env._(
                    "%s cannot be a code: use small letters, digits and underscores, beginning "
                    "with a letter.", fact.code))


class ActwinPointFact(models.Model):
    """What a measure of a metering point is from a day on, until the next one."""

    _name = "actwin.point.fact"
    _description = "Measure of a Metering Point"
    _order = "point_id, fact_id, date_from desc"
    _rec_name = "fact_id"

    point_id = fields.Many2one("actwin.point", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True)
    fact_id = fields.Many2one("actwin.share.fact", "Measure", required=True, ondelete="restrict")
    unit = fields.Char(related="fact_id.unit")
    value = fields.Float(required=True, digits=(16, 4), aggregator=None)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)

    _day_uniq = models.Constraint(
        "UNIQUE (point_id, fact_id, date_from)", "The measure has a value from this day already."
    )
    _value_check = models.Constraint("CHECK (value >= 0)", "A measure is not negative.")

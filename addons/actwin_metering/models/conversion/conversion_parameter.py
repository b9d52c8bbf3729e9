from collections import defaultdict
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.convert.gas import GasState
from ...core.convert.steps import Rounding

STATE = (
    "gauge", "atmospheric", "temperature", "z", "base_pressure", "base_temperature", "base_z",
    "calorific", "corrected",
)  # fmt: skip
ROUNDING = {
    "round_factor": "factor",
    "round_standard": "standard",
    "round_energy_factor": "energy_factor",
    "round_energy": "energy",
}
NAMES = [
    ("gauge", "Gauge pressure (mbar)"),
    ("atmospheric", "Atmospheric pressure (mbar)"),
    ("temperature", "Gas temperature (°C)"),
    ("z", "Compressibility Z"),
    ("calorific", "Upper calorific value (kcal/Sm³)"),
    ("corrected", "Corrector counts Sm³ (1 = yes)"),
    ("pulse_weight", "Pulse weight (m³ per pulse)"),
    ("base_pressure", "Base pressure (mbar)"),
    ("base_temperature", "Base temperature (°C)"),
    ("base_z", "Base compressibility"),
    ("round_factor", "Bill rounds K to decimals"),
    ("round_standard", "Bill rounds Sm³ to decimals"),
    ("round_energy_factor", "Bill rounds kWh/Sm³ to decimals"),
    ("round_energy", "Bill rounds kWh to decimals"),
]
_POSITIVE = {"z", "base_z", "base_pressure", "atmospheric", "calorific", "pulse_weight"}
_DIGITS = Decimal("0.00000001")


class ActwinConversionParameter(models.Model):
    """One figure of the conversion m³ → Sm³ → kWh, from a day on, for a site or one of its points.

    A point's own value goes before its site's; of each the newest that has begun holds. What is
    given nowhere is the standard state (1013.25 mbar, 15 °C, Z 1); a calorific value has none.
    """

    _name = "actwin.conversion.parameter"
    _description = "Conversion Parameter"
    _order = "site_id, point_id, name, date_from desc, id desc"
    _check_company_auto = True

    site_id = fields.Many2one("actwin.site", required=True, index=True, check_company=True)
    point_id = fields.Many2one(
        "actwin.point",
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('site_id', '=', site_id)]",
        help="Empty: every point of the site.",
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    name = fields.Selection(NAMES, "Figure", required=True)
    value = fields.Float(required=True, digits=(16, 8), aggregator=None)
    date_from = fields.Date("Since", required=True, help="Day of the site's calendar.")
    source = fields.Char(help="Where the figure comes from, e.g. the supplier's gas report.")

    _name_uniq = models.UniqueIndex(
        "(site_id, point_id, name, date_from) NULLS NOT DISTINCT",
        "The figure is given for that day already.",
    )

    @api.constrains("name", "value")
    def _check_value(self):
        for item in self:
            rounding = item.name in ROUNDING and not 0 <= item.value <= 8
            below = item.name in _POSITIVE and item.value <= 0
            cold = item.name in ("temperature", "base_temperature") and item.value <= -273.15
            if rounding or below or cold or (item.name == "corrected" and item.value not in (0, 1)):
                raise ValidationError(
                    self.env._(
                        "%(value)s is no value of: %(name)s.", value=item.value, name=item._title()
                    )
                )

    @api.constrains("site_id", "point_id")
    def _check_site(self):
        for item in self:
            if item.point_id and item.point_id.site_id != item.site_id:
                raise ValidationError(
                    self.env._("%s belongs to another site.", item.point_id.display_name)
                )

    @api.onchange("point_id")
    def _onchange_point_id(self):
        self.site_id = self.point_id.site_id or self.site_id

    def _title(self):
        return dict(self._fields["name"]._description_selection(self.env))[self.name]

    def _exact(self):
        return Decimal(repr(self.value)).quantize(_DIGITS, ROUND_HALF_UP)

    def _starts(self):
        """UTC moment at which the value begins to hold."""
        zone = ZoneInfo(self.site_id.tz)
        local = datetime.combine(self.date_from, time.min, zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    @api.model
    def _of_points(self, points):
        """{point: parameters that may hold for it, the point's own last}."""
        found = self.search(
            [("site_id", "in", points.site_id.ids), ("point_id", "in", [False, *points.ids])],
            order="date_from, id",
        )
        by_point = defaultdict(self.browse)
        for point in points:
            general = found.filtered(
                lambda item, point=point: not item.point_id and item.site_id == point.site_id
            )
            own = found.filtered(lambda item, point=point: item.point_id == point)
            by_point[point] = general + own
        return by_point

    def _holding(self, moment):
        """{name: parameter} of those in ``self`` that hold at a UTC moment."""
        holding = {}
        for item in self:
            known = holding.get(item.name)
            if item._starts() <= moment and not (known and known.point_id and not item.point_id):
                holding[item.name] = item
        return holding


def gas_state(holding):
    """``core.convert.gas.GasState`` of {name: parameter}."""
    return GasState(**{name: holding[name]._exact() for name in STATE if name in holding})


def rounding_of(holding):
    """``core.convert.steps.Rounding`` of {name: parameter}."""
    return Rounding(
        **{key: int(holding[name].value) for name, key in ROUNDING.items() if name in holding}
    )

from odoo import api, fields, models

from ...const import COMMODITIES, METER_KINDS


class ActwinCalibrationPeriod(models.Model):
    """How long a verification (damga) of meters holds, from a date on.

    Periods come from law and change: each record names its source, and whether that was only
    heard of. Among those in force, the one for the meter's kind goes before the general one,
    then the newest.
    """

    _name = "actwin.calibration.period"
    _description = "Calibration Period"
    _order = "commodity, meter_kind, valid_from desc, id desc"

    commodity = fields.Selection(COMMODITIES, required=True)
    meter_kind = fields.Selection(METER_KINDS, help="Empty: every kind of meter.")
    years = fields.Integer(required=True, default=10, aggregator=None)
    stamp_year_counts = fields.Boolean(
        "Stamp Year Is the First",
        default=True,
        help="The year of the stamp counts as a whole one, and the period ends with a year: ten "
        "years of a stamp of 2016 end on 31 December 2025. Otherwise it ends years after the day.",
    )
    valid_from = fields.Date("In Force Since", required=True)
    remind_days = fields.Integer("Remind Days Before", default=180, aggregator=None)
    source = fields.Char(required=True, help="Law, article and date.")
    uncertain = fields.Boolean("To Be Confirmed", help="Check the source before relying on it.")
    active = fields.Boolean(default=True)

    _years_range = models.Constraint(
        "CHECK (years BETWEEN 1 AND 50)", "A period has 1 to 50 years."
    )

    @api.depends("commodity", "years")
    def _compute_display_name(self):
        names = dict(self._fields["commodity"]._description_selection(self.env))
        for period in self:
            period.display_name = self.env._(
                "%(commodity)s, %(years)s years",
                commodity=names.get(period.commodity, ""),
                years=period.years,
            )

    def _ends(self, stamped):
        """Last day on which a meter stamped on that date may be used."""
        if not self.stamp_year_counts:
            return fields.Date.add(stamped, years=self.years)
        return stamped.replace(month=12, day=31, year=stamped.year + self.years - 1)

    def _fitting(self, meter, day):
        """The period of ``self`` that holds for a meter on a day."""
        found = self.filtered(
            lambda item: (
                item.commodity == meter.commodity
                and item.meter_kind in (False, meter.kind)
                and item.valid_from <= day
            )
        )
        return found.sorted(lambda item: (bool(item.meter_kind), item.valid_from))[-1:]

    @api.model_create_multi
    def create(self, vals_list):
        periods = super().create(vals_list)
        periods._refresh_meters()
        return periods

    def write(self, vals):
        commodities = set(self.mapped("commodity"))
        result = super().write(vals)
        self._refresh_meters(commodities)
        return result

    def unlink(self):
        commodities = set(self.mapped("commodity"))
        result = super().unlink()
        self._refresh_meters(commodities)
        return result

    def _refresh_meters(self, commodities=()):
        # sudo: the law holds for the meters of every company and site
        meters = self.env["actwin.meter"].sudo().with_context(active_test=False)
        touched = set(commodities) | set(self.exists().mapped("commodity"))
        meters.search([("commodity", "in", list(touched))])._refresh_calibration()

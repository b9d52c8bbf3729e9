from odoo import api, fields, models

from .tariff_component import NUMBERS


class ActwinTariffVersion(models.Model):
    """The prices of a tariff from an instant on.

    A version ends where the next begins, or at ``valid_to``; what no version covers is a hole
    that blocks bills (K16).
    """

    _name = "actwin.tariff.version"
    _description = "Tariff Version"
    _order = "tariff_id, valid_from desc"

    tariff_id = fields.Many2one(
        "actwin.tariff", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="tariff_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="tariff_id.currency_id")
    valid_from = fields.Datetime(required=True)
    valid_to = fields.Datetime(help="Leave empty when the next version ends this one.")
    source = fields.Char(help="Where these prices were published or agreed.")
    component_ids = fields.One2many("actwin.tariff.component", "version_id", copy=True)
    t1_start = fields.Integer(string="T1 from hour", default=6)
    t2_start = fields.Integer(string="T2 from hour", default=17)
    t3_start = fields.Integer(string="T3 from hour", default=22)

    _start_uniq = models.UniqueIndex(
        "(tariff_id, valid_from)", "Two versions of a tariff cannot start at the same time."
    )
    _ends_after_start = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to > valid_from)", "A version must end after it starts."
    )
    _hours_ordered = models.Constraint(
        "CHECK (0 <= t1_start AND t1_start < t2_start AND t2_start < t3_start AND t3_start <= 23)",
        "The bands must start in the order T1, T2, T3 between 0 and 23 o'clock.",
    )

    @api.depends("tariff_id.code", "valid_from")
    def _compute_display_name(self):
        for version in self:
            start = version.valid_from
            local = fields.Datetime.context_timestamp(version, start) if start else None
            version.display_name = f"{version.tariff_id.code or ''} {local:%d.%m.%Y}" if local \
                else version.tariff_id.code

    def _band_of_hour(self, hour):
        """Band of a local hour 0..23; T3 runs over midnight."""
        self.ensure_one()
        if self.t1_start <= hour < self.t2_start:
            return "t1"
        return "t2" if self.t2_start <= hour < self.t3_start else "t3"

    def _facts(self, local):
        """{version: JSON object for the core}; ``local`` turns a UTC datetime into ISO text."""
        components = self.component_ids
        numbers = components._exact(components, *NUMBERS)
        return {
            version: {
                "key": str(version.id),
                "valid_from": local(version.valid_from),
                "valid_to": local(version.valid_to) if version.valid_to else None,
                "components": [
                    component._facts(numbers[component.id]) for component in version.component_ids
                ],
            }
            for version in self
        }

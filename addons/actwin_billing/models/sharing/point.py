from odoo import fields, models


class ActwinPoint(models.Model):
    """Measures of the unit behind a metering point."""

    _inherit = "actwin.point"

    fact_ids = fields.One2many("actwin.point.fact", "point_id", "Measures")

    def _facts_of_day(self, day):
        """{point id: {code: Decimal}} of the measures on a day of the site's calendar.

        Area and contract power of the point itself stand in where no dated value does.
        """
        exact = self.env["actwin.bill.facts"]._decimal
        found = {}
        for point in self:
            values = {}
            if point.area_m2:
                values["area_m2"] = exact(point.area_m2, 2)
            if point.contract_power_kw:
                values["contract_kw"] = exact(point.contract_power_kw, 3)
            for fact in point.fact_ids.sorted("date_from"):
                if fact.date_from <= day:
                    values[fact.fact_id.code] = exact(fact.value, 4)
            found[point.id] = values
        return found

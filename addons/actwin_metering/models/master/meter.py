from odoo import api, fields, models

from ...const import COMMODITIES, METER_KINDS


class ActwinMeter(models.Model):
    """A physical meter, wherever it hangs at the moment (or lies in stock)."""

    _name = "actwin.meter"
    _description = "Meter"
    _inherit = ["mail.thread", "properties.base.definition.mixin"]
    _order = "serial"
    _rec_name = "serial"
    _check_company_auto = True

    serial = fields.Char(required=True, tracking=True)
    manufacturer = fields.Char()
    flag = fields.Char("FLAG Code", size=3, help="Three-letter manufacturer code, e.g. MSY.")
    model = fields.Char()
    commodity = fields.Selection(COMMODITIES, required=True, default="electricity")
    kind = fields.Selection(METER_KINDS, "Construction")
    digits = fields.Integer(
        "Index Digits",
        help="Integer digits of the index: a 6-digit register rolls over at 1,000,000.",
    )
    decimals = fields.Integer("Index Decimals")
    production_year = fields.Integer(aggregator=None)
    calibration_date = fields.Date(
        tracking=True, help="Date of the last verification; the stamp shows its year."
    )
    site_id = fields.Many2one("actwin.site", required=True, index=True, check_company=True)
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    installation_ids = fields.One2many("actwin.meter.installation", "meter_id", "Installations")
    point_id = fields.Many2one(
        "actwin.point", "Current Point", compute="_compute_point_id", search="_search_point_id"
    )
    active = fields.Boolean(default=True)

    _serial_uniq = models.UniqueIndex(
        "(company_id, manufacturer, serial) NULLS NOT DISTINCT WHERE active IS TRUE",
        "Another meter has this serial number.",
    )
    _digits_range = models.Constraint(
        "CHECK (digits BETWEEN 0 AND 15)", "The index has at most 15 digits."
    )

    @api.depends("installation_ids.date_from", "installation_ids.date_to")
    def _compute_point_id(self):
        domain = self.env["actwin.point"]._current_domain(fields.Datetime.now())
        links = self.env["actwin.meter.installation"].search(
            [("meter_id", "in", self._origin.ids), *domain], order="date_from"
        )
        points = {link.meter_id.id: link.point_id for link in links}
        for meter in self:
            meter.point_id = points.get(meter._origin.id, False)

    def _search_point_id(self, operator, value):
        current = self.env["actwin.point"]._current_domain(fields.Datetime.now())
        if operator == "in" and False in value:
            return [("installation_ids", "not any", current)]
        if operator not in ("in", "any", "any!", "ilike", "="):
            return NotImplemented
        return [("installation_ids", "any", [("point_id", operator, value), *current])]

    def write(self, vals):
        result = super().write(vals)
        if "digits" in vals:
            self.installation_ids._mark_dirty()
        return result

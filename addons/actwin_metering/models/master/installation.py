from odoo import api, fields, models
from odoo.exceptions import ValidationError

_RECOMPUTE = {
    "meter_id", "point_id", "date_from", "date_to", "multiplier",
    "ct_primary", "ct_secondary", "vt_primary", "vt_secondary",
}  # fmt: skip
REASONS = [
    ("new", "First meter"),
    ("damaged", "Damaged or stopped"),
    ("calibration", "Calibration expired"),
    ("size", "Another size or type needed"),
    ("dispute", "Doubted by the subscriber"),
    ("transformer", "Transformers changed"),
    ("rollover", "Register rolled over"),
    ("other", "Other"),
]


class ActwinMeterInstallation(models.Model):
    """A meter at a point over a time, with the transformer ratios of that time.

    A changed ratio is a new installation of the same meter: what was measured before keeps its
    old multiplier. A meter hangs at one point at a time.
    """

    _name = "actwin.meter.installation"
    _description = "Meter Installation"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    meter_id = fields.Many2one(
        "actwin.meter", required=True, index=True, ondelete="restrict", check_company=True
    )
    point_id = fields.Many2one(
        "actwin.point", required=True, index=True, ondelete="restrict", check_company=True
    )
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    date_from = fields.Datetime("Installed", required=True, default=fields.Datetime.now)
    date_to = fields.Datetime("Removed")
    ct_primary = fields.Float("CT Primary (A)", default=1, digits=(16, 3))
    ct_secondary = fields.Float("CT Secondary (A)", default=1, digits=(16, 3))
    vt_primary = fields.Float("VT Primary (V)", default=1, digits=(16, 3))
    vt_secondary = fields.Float("VT Secondary (V)", default=1, digits=(16, 3))
    multiplier = fields.Float(
        compute="_compute_multiplier",
        store=True,
        precompute=True,
        digits=(16, 6),
        help="Current ratio × voltage ratio; the register is multiplied by it.",
    )
    reason = fields.Selection(REASONS, help="Why this installation began.")
    note = fields.Char()
    worker_id = fields.Many2one("res.partner", "Done By")
    index_ids = fields.One2many(
        "actwin.meter.installation.index", "installation_id", "Opening and Closing Index"
    )

    _order_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to > date_from)",
        "A meter is removed after it is installed.",
    )
    _ratio_check = models.Constraint(
        "CHECK (ct_primary > 0 AND ct_secondary > 0 AND vt_primary > 0 AND vt_secondary > 0)",
        "Transformer ratios are above zero.",
    )

    @api.depends("ct_primary", "ct_secondary", "vt_primary", "vt_secondary")
    def _compute_multiplier(self):
        for item in self:
            divisor = item.ct_secondary * item.vt_secondary
            item.multiplier = item.ct_primary * item.vt_primary / divisor if divisor else 1

    @api.depends("meter_id", "point_id")
    def _compute_display_name(self):
        for item in self:
            item.display_name = f"{item.meter_id.serial} @ {item.point_id.code}"

    @api.constrains("meter_id", "point_id", "date_from", "date_to")
    def _check_overlap(self):
        for item in self:
            later = [("date_from", "<", item.date_to)] if item.date_to else []
            overlap = [
                ("id", "!=", item.id),
                "|", ("date_to", "=", False), ("date_to", ">", item.date_from),
                *later,
            ]  # fmt: skip
            for field in ("meter_id", "point_id"):
                if self.sudo().search_count([(field, "=", item[field].id), *overlap], limit=1):
                    raise ValidationError(
                        self.env._(
                            "%(what)s already has an installation in that time.",
                            what=item[field].display_name,
                        )
                    )

    @api.constrains("meter_id", "point_id")
    def _check_commodity(self):
        for item in self:
            if item.meter_id.commodity != item.point_id.commodity:
                raise ValidationError(
                    self.env._("Meter %s measures something else than the point.",
                               item.meter_id.serial)
                )  # fmt: skip

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._mark_dirty()
        return items

    def write(self, vals):
        touched = bool(_RECOMPUTE & vals.keys())
        if touched:
            self._mark_dirty()  # where the old dates and point were
        result = super().write(vals)
        if touched:
            self._mark_dirty()
        return result

    def unlink(self):
        self._mark_dirty()
        return super().unlink()

    def _mark_dirty(self):
        """Have the consumption of the covered time rolled up again."""
        rollup = self.env["actwin.rollup"]
        for item in self:
            channels = item.point_id.with_context(active_test=False).channel_ids
            rollup._mark(channels.ids, item.date_from, item.date_to)

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import QUALITIES

_RECOMPUTE = {"kind", "digits", "max_per_hour"}
_SENT_TO_COLLECTOR = {"key", "unit"}
_STAFF = "actwin_metering.group_reader"  # a former tenant must not see the next one's


class ActwinChannel(models.Model):
    """One register of a point: a series of readings under a key that never changes hands.

    The channel persists over meter changes; ``key`` is what collectors send.
    """

    _name = "actwin.channel"
    _description = "Channel"
    _order = "key"
    _rec_name = "key"
    _rec_names_search = ["key", "name"]
    _check_company_auto = True

    key = fields.Char(
        compute="_compute_key",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        copy=False,
    )
    name = fields.Char(translate=True)
    point_id = fields.Many2one(
        "actwin.point", required=True, index=True, ondelete="restrict", check_company=True
    )
    site_id = fields.Many2one(related="point_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="point_id.company_id", store=True, index=True)
    commodity = fields.Selection(related="point_id.commodity")
    obis = fields.Char("OBIS", help="Register code, e.g. 1.8.0, or any short name of it.")
    quantity = fields.Selection(
        [
            ("active_import", "Active import"),
            ("active_export", "Active export"),
            ("reactive_inductive", "Reactive inductive"),
            ("reactive_capacitive", "Reactive capacitive"),
            ("demand", "Demand"),
            ("volume", "Volume"),
            ("heat", "Heat"),
            ("voltage", "Voltage"),
            ("current", "Current"),
            ("power", "Power"),
            ("temperature", "Temperature"),
            ("other", "Other"),
        ],
        required=True,
        default="active_import",
    )
    kind = fields.Selection(
        [
            ("index", "Cumulative index"),
            ("interval", "Consumption of the interval"),
            ("instant", "Instantaneous value"),
            ("virtual", "Computed by a formula"),
        ],
        required=True,
        default="index",
    )
    unit = fields.Char(required=True, default="kWh")
    band = fields.Selection(
        [("t1", "T1"), ("t2", "T2"), ("t3", "T3"), ("t4", "T4")],
        help="Tariff band the register counts in; empty for all-day registers.",
    )
    interval_minutes = fields.Integer(default=15, aggregator=None)
    digits = fields.Integer(
        "Index Digits",
        aggregator=None,
        help="Integer digits of the register, it rolls over after them; 0 takes the meter's.",
    )
    max_per_hour = fields.Float(
        "Limit per Hour",
        digits=(16, 3),
        aggregator=None,
        help="Most the register can move in an hour, before the multiplier. A fall of the index "
        "within it is a roll-over. 0: a fall from the last to the first tenth of its range is.",
    )
    last_ts = fields.Datetime("Last Reading", readonly=True, copy=False, groups=_STAFF)
    last_value = fields.Float(
        digits=(20, 3), readonly=True, copy=False, aggregator=None, groups=_STAFF
    )
    last_quality = fields.Selection(
        QUALITIES,
        compute="_compute_last_quality",
        string="Quality of the Last",
        groups=_STAFF,
    )
    last_quality_code = fields.Integer(readonly=True, copy=False, aggregator=None, groups=_STAFF)
    active = fields.Boolean(default=True)

    _key_uniq = models.Constraint("UNIQUE (key)", "Another channel has this key.")
    _digits_range = models.Constraint(
        "CHECK (digits BETWEEN 0 AND 15)", "The index has at most 15 digits."
    )

    @api.depends("point_id", "obis")
    def _compute_key(self):
        for channel in self:
            if not channel.key and channel.point_id and channel.obis:
                point = channel.point_id
                channel.key = f"{point.site_id.code}/{point.code}:{channel.obis}"
            else:
                channel.key = channel.key

    @api.depends("last_ts", "last_quality_code")
    def _compute_last_quality(self):
        for channel in self:
            channel.last_quality = str(channel.last_quality_code) if channel.last_ts else False

    @api.constrains("key")
    def _check_key(self):
        for channel in self:
            if not channel.key.isprintable() or not 0 < len(channel.key) <= 200:
                raise ValidationError(
                    self.env._("A channel key has 1 to 200 printable characters.")
                )

    def write(self, vals):
        moved = self.filtered(lambda c: "point_id" in vals and c.point_id.id != vals["point_id"])
        if moved.filtered("last_ts"):
            raise UserError(self.env._("A channel with readings stays at its point."))
        if vals.get("kind") == "virtual" and self.filtered("last_ts"):
            raise UserError(self.env._("A channel with readings is measured, not computed."))
        recount = _RECOMPUTE & vals.keys()
        before = {channel: [channel[name] for name in recount] for channel in self}
        result = super().write(vals)
        changed = self.filtered(lambda c: before[c] != [c[name] for name in recount])
        self.env["actwin.rollup"]._mark(changed.ids)
        if _SENT_TO_COLLECTOR & vals.keys():
            # sudo: whoever may change the key need not see devices; only a version is raised
            parameters = self.env["actwin.device.parameter"].sudo()
            parameters.search([("channel_id", "in", self.ids)]).device_id.collector_id._bump()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_readings(self):
        if self.filtered("last_ts"):
            raise UserError(self.env._("A channel with readings is archived, not deleted."))

import base64
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare, format_datetime

from ..models.master.installation import REASONS

KINDS = [
    ("install", "First meter"),
    ("replace", "Meter replaced"),
    ("ratio", "Transformers changed"),
    ("rollover", "Register rolled over"),
]
_RATIOS = ("ct_primary", "ct_secondary", "vt_primary", "vt_secondary")


class ActwinMeterChange(models.TransientModel):
    """What a technician notes at the meter: changed, behind other transformers, or rolled over.

    Each of them ends one installation and starts the next, with what every register showed at
    that moment; consumption adds up over it exactly.
    """

    _name = "actwin.meter.change"
    _description = "Meter Change"

    kind = fields.Selection(KINDS, required=True, default="replace")
    point_id = fields.Many2one("actwin.point", required=True, readonly=True)
    site_id = fields.Many2one(related="point_id.site_id")
    commodity = fields.Selection(related="point_id.commodity")
    date = fields.Datetime("Moment", required=True, default=fields.Datetime.now)
    installation_id = fields.Many2one(
        "actwin.meter.installation", compute="_compute_installation_id"
    )
    old_meter_id = fields.Many2one(related="installation_id.meter_id", string="Meter Until Then")
    channel_id = fields.Many2one("actwin.channel", "Register")
    meter_id = fields.Many2one("actwin.meter", "New Meter")
    ct_primary = fields.Float("CT Primary (A)", digits=(16, 3))
    ct_secondary = fields.Float("CT Secondary (A)", digits=(16, 3))
    vt_primary = fields.Float("VT Primary (V)", digits=(16, 3))
    vt_secondary = fields.Float("VT Secondary (V)", digits=(16, 3))
    reason = fields.Selection(REASONS, compute="_compute_reason", store=True, readonly=False,
                              required=True, precompute=True)  # fmt: skip
    note = fields.Char()
    worker_id = fields.Many2one(
        "res.partner", "Done By", required=True, default=lambda self: self.env.user.partner_id
    )
    photo = fields.Binary()
    line_ids = fields.One2many("actwin.meter.change.line", "change_id", "Registers")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        point = self.env["actwin.point"].browse(values.get("point_id"))
        last = point.installation_ids.sorted("date_from")[-1:]
        values |= {name: last[name] if last else 1.0 for name in _RATIOS}
        registers = point.channel_ids.filtered(lambda channel: channel.kind == "index")
        values["line_ids"] = [Command.create({"channel_id": item.id}) for item in registers]
        values["channel_id"] = registers[:1].id
        if not last:
            values["kind"] = "install"
        return values

    @api.depends("point_id", "date")
    def _compute_installation_id(self):
        for change in self:
            change.installation_id = change.point_id.installation_ids.filtered(
                lambda item, at=change.date: (
                    at and item.date_from <= at and (not item.date_to or item.date_to > at)
                )
            )[:1]

    @api.depends("kind")
    def _compute_reason(self):
        usual = {"install": "new", "ratio": "transformer", "rollover": "rollover"}
        for change in self:
            change.reason = usual.get(change.kind, "damaged")

    @api.onchange("kind", "channel_id")
    def _onchange_find_roll_over(self):
        """Propose the reading before the register's last fall."""
        if self.kind == "rollover" and self.channel_id:
            self.date = self.channel_id._last_fall() or self.date

    def action_apply(self):
        """Check everything, then end the old installation and start the new one."""
        self.ensure_one()
        self.point_id.check_access("read")
        self._check_moment()
        self._check_kind()
        self.line_ids._check_indexes()
        new = self._change_installation()
        self._tell(new)
        return {"type": "ir.actions.act_window_close"}

    def _check_moment(self):
        if self.date > fields.Datetime.now():
            raise ValidationError(self.env._("The moment lies in the future."))
        billed = self.point_id._billed_until()
        if billed and self.date < billed:
            raise ValidationError(
                self.env._(
                    "The point is billed until %s. Credit that bill first, or choose a later "
                    "moment.",
                    format_datetime(self.env, billed, tz=self.site_id.tz),
                )
            )
        if self.installation_id and self.date == self.installation_id.date_from:
            raise ValidationError(self.env._("A meter was installed at that very moment already."))
        if self.kind == "install":
            if self.installation_id:
                raise ValidationError(
                    self.env._("Meter %s hangs there at that time.", self.old_meter_id.serial)
                )
        elif not self.installation_id:
            raise ValidationError(self.env._("No meter hangs at the point at that time."))

    def _check_kind(self):
        if self.kind in ("install", "replace"):
            if not self.meter_id:
                raise ValidationError(self.env._("Choose the new meter."))
            if self.meter_id == self.old_meter_id:
                raise ValidationError(self.env._("The new meter is the one that hangs there."))
        elif self.kind == "ratio":
            before = self.installation_id
            if not any(float_compare(self[name], before[name], 3) for name in _RATIOS):
                raise ValidationError(self.env._("The ratios are the same as before."))

    def _change_installation(self):
        old = self.installation_id
        new_values = {
            "point_id": self.point_id.id,
            "meter_id": (self.meter_id if self._brings_meter() else old.meter_id).id,
            "date_from": self.date,
            "date_to": old.date_to,
            "reason": self.reason,
            "note": self.note,
            "worker_id": self.worker_id.id,
        }
        ratios = old if self.kind == "rollover" else self
        new_values |= {name: ratios[name] for name in _RATIOS}
        later = {item.channel_id: item for item in old.index_ids if item.has_closing}
        new_values["index_ids"] = [
            Command.create(line._opening_vals(later.get(line.channel_id))) for line in self.line_ids
        ]
        if old:
            old.write(
                {
                    "date_to": self.date,
                    "index_ids": [line._closing_command(old) for line in self.line_ids],
                }
            )
        return self.env["actwin.meter.installation"].create(new_values)

    def _brings_meter(self):
        return self.kind in ("install", "replace")

    def _tell(self, new):
        """Say it in the history of the point and of the meters, with the photo."""
        body = self.env["ir.qweb"]._render(
            "actwin_metering.meter_change_message",
            {"change": self, "new": new, "kind": dict(self._fields["kind"]._description_selection(
                self.env))[self.kind], "reason": dict(self._fields["reason"]
                ._description_selection(self.env))[self.reason]},
        )  # fmt: skip
        photo = [("photo.jpg", base64.b64decode(self.photo))] if self.photo else []
        records = [self.point_id, new.meter_id]
        if self.old_meter_id != new.meter_id and self.old_meter_id:
            records.append(self.old_meter_id)
        for record in records:
            # sudo: a technician writes no points, but what was done there is told there
            record.sudo().message_post(
                body=body, author_id=self.env.user.partner_id.id, attachments=photo
            )


class ActwinMeterChangeLine(models.TransientModel):
    """One register at the moment of the change."""

    _name = "actwin.meter.change.line"
    _description = "Register at a Meter Change"

    change_id = fields.Many2one("actwin.meter.change", required=True, ondelete="cascade")
    kind = fields.Selection(related="change_id.kind")
    channel_id = fields.Many2one("actwin.channel", required=True, readonly=True)
    unit = fields.Char(related="channel_id.unit")
    last_ts = fields.Datetime("Last Reading", compute="_compute_last")
    last_value = fields.Float("Showed", compute="_compute_last", digits=(20, 6))
    closing_index = fields.Float(
        digits=(20, 6), compute="_compute_closing_index", store=True, readonly=False,
        precompute=True,
    )  # fmt: skip
    opening_index = fields.Float(digits=(20, 6))

    @api.depends("channel_id", "change_id.date")
    def _compute_last(self):
        for change, lines in self.grouped("change_id").items():
            around = lines.channel_id._readings_around(change.date) if change.date else {}
            for line in lines:
                before = around.get(line.channel_id.id, (None,) * 4)
                line.last_ts, line.last_value = before[0] or False, float(before[1] or 0)

    @api.depends("last_value")
    def _compute_closing_index(self):
        for line in self:
            line.closing_index = line.last_value

    def _digits(self, meter):
        return self.channel_id.digits or meter.digits

    def _rolled(self):
        return self.kind == "rollover" and self.channel_id == self.change_id.channel_id

    def _check_indexes(self):
        change = self.change_id
        around = self.channel_id._readings_around(change.date, held=change.kind == "rollover")
        for line in self:
            before = around.get(line.channel_id.id, (None,) * 4)
            if change.kind == "rollover":
                line._check_roll_over(before)
                continue
            if change.installation_id:
                line._check_closing(before)
            line._check_opening(before)

    def _check_closing(self, around):
        ts, value = around[:2]
        meter = self.change_id.old_meter_id
        self._check_range(self.closing_index, meter)
        inside = ts and ts > self.change_id.installation_id.date_from
        if inside and float_compare(self.closing_index, float(value), 6) < 0:
            raise ValidationError(
                self.env._(
                    "%(register)s: the closing index %(index)s is below the last reading "
                    "%(value)s. If the register rolled over, confirm that first.",
                    register=self.channel_id.display_name,
                    index=self._shown(self.closing_index),
                    value=self._shown(value),
                )
            )

    def _check_opening(self, around):
        change = self.change_id
        opening = self._opening()
        self._check_range(opening, change.meter_id or change.old_meter_id)
        ts, value = around[2:]
        until = change.installation_id.date_to
        if ts and (not until or ts <= until) and float_compare(float(value), opening, 6) < 0:
            raise ValidationError(
                self.env._(
                    "%(register)s: the first reading afterwards is %(value)s, below the index "
                    "%(index)s at the change. Check the moment and the index.",
                    register=self.channel_id.display_name,
                    value=self._shown(value),
                    index=self._shown(opening),
                )
            )

    def _check_range(self, index, meter):
        digits = self._digits(meter)
        if index < 0 or digits and index >= 10**digits:
            raise ValidationError(
                self.env._(
                    "%(register)s: %(index)s does not fit the meter's %(digits)s digits.",
                    register=self.channel_id.display_name,
                    index=self._shown(index),
                    digits=digits,
                )
            )

    def _check_roll_over(self, around):
        if not self._rolled():
            return
        if not self._digits(self.change_id.old_meter_id):
            raise UserError(self.env._("Enter first how many digits the register has."))
        if None in around or around[3] >= around[1]:
            raise ValidationError(
                self.env._("%s did not fall after that moment.", self.channel_id.display_name)
            )

    def _opening(self):
        if self._rolled():
            return 0.0
        return self.opening_index if self.change_id._brings_meter() else self.closing_index

    def _opening_vals(self, later):
        """Values of the new installation's index; a closing index known for later moves along."""
        return {
            "channel_id": self.channel_id.id,
            "has_opening": True,
            "opening_index": self._opening(),
            "has_closing": bool(later),
            "closing_index": later.closing_index if later else 0.0,
        }

    def _closing_command(self, old):
        index = self.closing_index
        if self._rolled():  # the full circle: what is missing up to it counts as consumption
            index = 10.0 ** self._digits(old.meter_id)
        known = old.index_ids.filtered(lambda item: item.channel_id == self.channel_id)
        values = {"has_closing": True, "closing_index": index}
        if known:
            return Command.update(known.id, values)
        return Command.create({"channel_id": self.channel_id.id, "has_opening": False, **values})

    def _shown(self, value):
        text = format(Decimal(repr(float(value))).quantize(Decimal("0.000001")), "f")
        return text.rstrip("0").rstrip(".")

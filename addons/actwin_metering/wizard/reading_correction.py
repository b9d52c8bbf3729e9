import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..core.rows import exact_value

_BEFORE = timedelta(microseconds=1)


class ActwinReadingCorrection(models.TransientModel):
    """A reading as somebody types it, with the reason; ``actwin.reading.version`` keeps it."""

    _name = "actwin.reading.correction"
    _description = "Correction of a Reading"

    channel_id = fields.Many2one(
        "actwin.channel", required=True, domain="[('kind', '!=', 'virtual')]"
    )
    unit = fields.Char(related="channel_id.unit")
    ts = fields.Datetime("Time", required=True, help="For intervals: their end.")
    value_text = fields.Char(
        "Value", required=True, help="As the meter shows it, before the multiplier."
    )
    reason = fields.Char(required=True)
    standing = fields.Char("Stands Now", compute="_compute_around")
    before = fields.Char("Reading Before", compute="_compute_around")
    after = fields.Char("Reading After", compute="_compute_around")

    @api.depends("channel_id", "ts")
    def _compute_around(self):
        for item in self:
            item.standing = item.before = item.after = False
            if item.channel_id and item.ts:
                item.channel_id.check_access("read")
                near = item.channel_id._readings_around(item.ts - _BEFORE)[item.channel_id.id]
                far = item.channel_id._readings_around(item.ts)[item.channel_id.id]
                item.before = item._shown(*near[:2])
                item.after = item._shown(*far[2:])
                if near[2] == item.ts:
                    item.standing = item._shown(*near[2:])

    def _shown(self, moment, value):
        if moment is None:
            return False
        local = format_datetime(self.env, moment, tz=self.channel_id.site_id.tz, dt_format="short")
        return f"{self._in_words(value)} {self.unit or ''} · {local}"

    def _in_words(self, value):
        """The number as the reader writes it, with all of its decimals."""
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        whole, _point, fraction = format(value, "f").partition(".")
        shown = lang.format("%d", int(whole), grouping=True)
        return f"{shown}{lang.decimal_point}{fraction}" if fraction else shown

    def _typed(self):
        """Plain decimal text of what was typed in the writing of the user's language."""
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        text = "".join((self.value_text or "").split())
        whole, _point, fraction = text.partition(lang.decimal_point)
        group = re.escape(lang.thousands_sep or " ")
        if re.fullmatch(rf"-?\d{{1,3}}({group}\d{{3}})+", whole):
            whole = re.sub(group, "", whole)
        # a dot that is none of the language's signs would be taken for either: it is refused
        fits = re.fullmatch(r"-?\d+", whole) and re.fullmatch(r"\d*", fraction)
        value = exact_value(f"{whole}.{fraction or 0}") if fits else None
        if value is None:
            raise UserError(self.env._("%s is no decimal value.", self.value_text))
        return value

    def action_apply(self):
        self.ensure_one()
        self.env["actwin.reading.version"].correct(
            self.channel_id.id, str(self.ts), self._typed(), self.reason
        )
        return {"type": "ir.actions.act_window_close"}

from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .alarm_rule import WATCHED

_DAYS = 30
_REGISTERS = 500
"""So many registers are tried at most: it is a look, not a report."""

_LINES = 200


class ActwinAlarmRule(models.Model):
    """Would the rule have fired, and how often? Nobody is told; nothing is kept."""

    _inherit = "actwin.alarm.rule"

    def action_preview(self):
        """Open what the rule would have raised in the last 30 days, as it stands now."""
        self.ensure_one()
        self.check_access("read")
        if self.type not in WATCHED:
            raise UserError(self.env._("Only rules on figures can be tried."))
        registers = self._preview_registers()
        tried = registers[:_REGISTERS]
        found = self._preview_found(tried)
        preview = self.env["actwin.alarm.preview"].create(
            {
                "rule_id": self.id,
                "count": len(found),
                "point_count": len({item["point_id"] for item in found}),
                "register_count": len(tried),
                "left_out": len(registers) - len(tried),
                "line_ids": [Command.create(item) for item in found[:_LINES]],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The Last 30 Days"),
            "res_model": preview._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
        }

    def _preview_registers(self):
        """Registers the rule may read that delivered lately, as far as the user sees them."""
        since = fields.Datetime.now() - timedelta(days=_DAYS)
        domain = ["|", ("last_ts", ">", since), ("kind", "=", "virtual")]
        for name, field in (
            ("company_id", "company_id"),
            ("site_id", "site_id"),
            ("role", "point_id.role"),
            ("commodity", "point_id.commodity"),
        ):
            if self[name]:
                value = self[name].id if name.endswith("_id") else self[name]
                domain.append((field, "=", value))
        if self.point_ids:
            domain.append(("point_id", "in", self.point_ids.ids))
        if self.type == "formula":
            domain.append(("quantity", "in", self.input_ids.mapped("quantity")))
        elif self.quantity:
            domain.append(("quantity", "=", self.quantity))
        return self.env["actwin.channel"].search(domain, limit=20 * _REGISTERS)

    def _preview_found(self, registers):
        """[values of a line], the latest first."""
        start = fields.Date.context_today(self) - timedelta(days=_DAYS)
        days = [(register.id, start) for register in registers]
        # sudo: only registers the user sees are judged
        watch = self.env["actwin.alarm.watch"].sudo()
        lines = [
            {
                "point_id": key.key["point_id"],
                "channel_id": key.key["channel_id"],
                "ts": episode.ts,
                "until": episode.until,
                "peak": float(episode.peak),
                "limit": float(episode.limit),
                "unit": episode.unit,
            }
            for key in watch._episodes(days, start, [self.id], known=False)
            for episode in key.episodes
            if episode.peak is not None
        ]
        return sorted(lines, key=lambda line: line["ts"], reverse=True)


class ActwinAlarmPreview(models.TransientModel):
    """What a rule would have raised."""

    _name = "actwin.alarm.preview"
    _description = "Trial of an Alarm Rule"

    rule_id = fields.Many2one("actwin.alarm.rule", required=True, ondelete="cascade")
    count = fields.Integer("Alarms")
    point_count = fields.Integer("Points")
    register_count = fields.Integer("Registers Tried")
    left_out = fields.Integer("Registers Left Out")
    line_ids = fields.One2many("actwin.alarm.preview.line", "preview_id", "Found")
    summary = fields.Char(compute="_compute_summary")
    basis = fields.Char("Tried On", compute="_compute_summary")

    @api.depends("count", "point_count", "register_count", "left_out")
    def _compute_summary(self):
        for preview in self:
            preview.summary = preview._summary()
            preview.basis = self.env._(
                "%(count)s registers were tried, by their figures as they stand now; %(more)s more "
                "were left out. Nobody was told.",
                count=preview.register_count,
                more=preview.left_out,
            )

    def _summary(self):
        if not self.count:
            return self.env._("%s would not have fired.", self.rule_id.name)
        return self.env._(
            "%(rule)s would have fired %(count)s times, at %(points)s points.",
            rule=self.rule_id.name,
            count=self.count,
            points=self.point_count,
        )


class ActwinAlarmPreviewLine(models.TransientModel):
    """An alarm that would have been."""

    _name = "actwin.alarm.preview.line"
    _description = "Alarm That Would Have Been"
    _order = "ts desc, id"

    preview_id = fields.Many2one("actwin.alarm.preview", required=True, ondelete="cascade")
    point_id = fields.Many2one("actwin.point")
    channel_id = fields.Many2one("actwin.channel", "Register")
    ts = fields.Datetime("Since")
    until = fields.Datetime()
    peak = fields.Float("Worst", digits=(20, 3), aggregator=None)
    limit = fields.Float(digits=(20, 3), aggregator=None)
    unit = fields.Char()

from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...const import QUALITIES
from ...tools.decimals import plain
from ...tools.fields import LooseMany2one
from .validation_rule import ACTIONS

STATES = [
    ("open", "Open"),
    ("accepted", "Accepted as right"),
    ("rejected", "Rejected"),
    ("muted", "Muted"),
    ("cleared", "Gone by itself"),
]


class ActwinValidationException(models.Model):
    """One hit of a validation rule: on a reading (``scope`` reading) or on a day of a channel.

    Written by SQL when readings are validated; people own, explain and close it. Invariant: a
    channel, rule, scope and moment has one exception, however often it is validated.
    """

    _name = "actwin.validation.exception"
    _description = "Validation Exception"
    _order = "ts desc, id desc"
    _rec_name = "code"
    _log_access = False

    channel_id = LooseMany2one("actwin.channel", readonly=True, required=True)
    point_id = LooseMany2one("actwin.point", readonly=True, index=True)
    site_id = LooseMany2one("actwin.site", readonly=True, index=True)
    company_id = LooseMany2one("res.company", readonly=True)
    rule_id = fields.Many2one("actwin.validation.rule", readonly=True, ondelete="set null")
    code = fields.Char("Rule Code", readonly=True, required=True)
    scope = fields.Selection(
        [("reading", "Reading"), ("day", "Day")], readonly=True, required=True, default="day"
    )
    action = fields.Selection(ACTIONS, readonly=True, required=True)
    day = fields.Date(readonly=True, required=True, help="Day of the site's calendar.")
    ts = fields.Datetime("From", readonly=True, required=True)
    ts_end = fields.Datetime("To", readonly=True, required=True)
    evidence = fields.Json(readonly=True)
    message = fields.Char("What Was Found", compute="_compute_message")
    quality_before = fields.Selection(QUALITIES, readonly=True)
    state = fields.Selection(STATES, readonly=True, required=True, default="open")
    found_date = fields.Datetime(readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Owner")
    closed_by = fields.Many2one("res.users", readonly=True)
    closed_date = fields.Datetime(readonly=True)
    note = fields.Char("Reason", readonly=True)

    _hit_uniq = models.Constraint(
        "UNIQUE (channel_id, code, scope, ts)", "The exception is listed already."
    )
    _open_idx = models.Index("(site_id, day) WHERE state = 'open'")

    @api.depends("code", "evidence")
    @api.depends_context("lang")
    def _compute_message(self):
        texts = self._texts()
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        for item in self:
            text = texts.get(item.code)
            facts = {name: _shown(lang, value) for name, value in (item.evidence or {}).items()}
            try:
                item.message = text % facts if text else ""
            except (KeyError, TypeError, ValueError):  # evidence of an earlier version of the rule
                item.message = text or ""

    def _texts(self):
        """{code: what was found}, with the names of the evidence as placeholders."""
        return {
            "V01": self.env._("%(found)s a day, usually %(usual)s"),
            "V02": self.env._("Spike of %(found)s, usually up to %(usual)s"),
            "V03": self.env._("The parts add up to %(found)s, the register says %(usual)s"),
            "V04": self.env._("No consumption for %(found)s days"),
            "V05": self.env._("%(found)s used although nobody occupies the point"),
            "V06": self.env._("Fell from %(usual)s to %(found)s"),
            "V07": self.env._("The same value %(found)s times in a row"),
            "V08": self.env._("%(found)s values for the same moment"),
            "V09": self.env._("%(found)s readings off the grid of %(usual)s minutes"),
            "V10": self.env._("Unit %(found)s does not measure %(usual)s"),
            "V11": self.env._("%(found)s times the usual: is the multiplier right?"),
            "V12": self.env._("%(found)s of %(usual)s readings are missing"),
            "V13": self.env._("Other registers of the point have readings, this one has none"),
            "V14": self.env._("Estimated for %(found)s days"),
            "V15": self.env._("%(found)s offered for a day that is already billed"),
            "V16": self.env._("%(found)s a day, against a median of %(usual)s, days in a row"),
            "V17": self.env._("Changed from %(usual)s to %(found)s within an interval"),
            "V18": self.env._("Jumped to %(found)s from %(usual)s"),
            "V19": self.env._("Main meter %(found)s, check meter %(usual)s"),
            "V20": self.env._("%(found)s kvarh for %(usual)s kWh"),
            "V21": self.env._("The meter's clock is off: %(found)s"),
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Exceptions are closed, not deleted."))

    def write(self, vals):
        if not self.env.su and vals.keys() - {"user_id"}:
            raise AccessError(self.env._("An exception is closed with a decision and a reason."))
        return super().write(vals)

    def action_decide(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Close Exceptions"),
            "res_model": "actwin.validation.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_ids": self.ids},
        }

    def action_take_over(self):
        self.check_access("read")
        # sudo: only the owner is set, to oneself; which exceptions was checked above
        self.sudo().user_id = self.env.uid
        return True

    @api.model
    def _open_between(self, channels, start, end):
        """Exceptions of channels between two UTC moments that nobody has decided on."""
        if not channels or not start or not end:
            return self.browse()
        return self.search(
            [
                ("channel_id", "in", channels.ids),
                ("state", "in", ("open", "muted")),
                ("ts", "<=", end),
                ("ts_end", ">=", start),
            ]
        )

    def _held(self):
        """Held readings inside a register's series, without which its movement is known exactly."""
        return self.filtered(
            lambda item: (
                item.scope == "reading"
                and item.channel_id.kind == "index"
                and item.quality_before
                and not (item.evidence or {}).get("shift")
            )
        )

    def _holding_back(self):
        """Those that keep a bill back."""
        matter = self.filtered(lambda item: item.state == "open" and item.action != "info")
        return matter - matter._held()

    def _close(self, decision, reason):
        """Close open exceptions: ``accepted`` gives a reading its quality back, ``rejected`` takes
        it out of every figure, for an estimate or a typed value to come in its place.
        """
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators decide on readings."))
        self.check_access("read")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why, for whoever audits the bill."))
        # sudo: exceptions are closed by nobody but here; group and records were checked
        found = self.sudo().filtered(lambda item: item.state in ("open", "muted"))
        if decision == "rejected" and found.filtered(lambda item: item.scope == "day"):
            raise UserError(
                self.env._("A day is accepted, or its readings are corrected; it is not rejected.")
            )
        found.write(
            {
                "state": decision,
                "note": reason.strip(),
                "closed_by": self.env.uid,
                "closed_date": self.env.cr.now(),
            }
        )
        self.env["actwin.validation"].sudo()._apply_decisions(found)
        return found


def _shown(lang, value):
    """A number as the reader writes it, with at most three decimals; anything else as it is."""
    try:
        number = round(Decimal(value), 3)
    except (InvalidOperation, TypeError, ValueError):
        return value
    decimals = len(plain(number).partition(".")[2])
    return lang.format(f"%.{decimals}f", number, grouping=True)

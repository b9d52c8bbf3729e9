from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, formatLang

from ..core.values import GatewayError


class ActwinSmsGateway(models.Model):
    """What is left on an account, asked for daily and by a button."""

    _inherit = "actwin.sms.gateway"

    balance = fields.Float("Left", digits=(16, 2), readonly=True)
    balance_words = fields.Char("Balance", readonly=True)
    balance_date = fields.Datetime("Asked On", readonly=True)
    balance_warn = fields.Float(
        "Warn Below",
        digits=(16, 2),
        help="In the unit of the first figure of the balance. 0: no warning.",
    )
    balance_warned = fields.Boolean(readonly=True, copy=False)

    def action_balance(self):
        """Ask for the balance now; UserError when the gateway does not tell."""
        self.check_access("write")
        for gateway in self:
            try:
                gateway._ask_balance()
            except GatewayError as error:
                raise UserError(gateway._problem_words(error.problem, error.code)) from error
        return True

    def _ask_balance(self):
        balances = self._connect().balance()
        self.write(
            {
                "balance": float(balances[0].amount),
                "balance_words": "; ".join(map(self._balance_words, balances)),
                "balance_date": fields.Datetime.now(),
            }
        )

    def _balance_words(self, balance):
        amount = float(balance.amount)  # shown, never counted with
        if balance.unit == "TRY":
            return format_amount(self.env, amount, self.env.ref("base.TRY"))
        figure = formatLang(self.env, amount, digits=0 if amount.is_integer() else 2)
        return f"{figure} {balance.unit}"

    @api.model
    def _cron_balance(self):
        """Ask every account in use, and tell once when one runs out."""
        gateways = self.search([("in_use", "=", True)])
        self.env["ir.cron"]._commit_progress(remaining=len(gateways))
        for gateway in gateways:
            try:
                gateway._ask_balance()
            except (GatewayError, UserError):
                # sending tells of a refused account; the next day asks again
                gateway.balance_date = False
            else:
                gateway._warn_of_balance()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    def _warn_of_balance(self):
        low = self.balance_warn > 0 and self.balance < self.balance_warn
        if low and not self.balance_warned:
            self._tell("sms_balance_low", balance=self.balance_words)
        if low != self.balance_warned:
            self.balance_warned = low

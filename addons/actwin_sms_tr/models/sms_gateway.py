import ipaddress
import re
from dataclasses import replace
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.actwin_metering.core.notify.sms_text import plain, without_turkish

from ..core.kinds import GATEWAYS
from ..core.values import (
    ACCOUNT,
    CREDIT,
    EXPIRED,
    INVALID_DESTINATION,
    NOT_ALLOWED,
    NOT_DELIVERED,
    NUMBER,
    OF_THE_ACCOUNT,
    REJECTED,
    SENDER,
    SERVER,
    Account,
    Receipt,
)

_SENDER = re.compile(r"[A-Za-z0-9 .&_-]{3,11}")


class ActwinSmsGateway(models.Model):
    """An account with a Turkish SMS gateway; a company sends through the one it has chosen.

    Messages keep the gateway they were sent through, so that their delivery is still asked for
    after the company has changed to another one.
    """

    _name = "actwin.sms.gateway"
    _description = "SMS Gateway"
    _inherit = ["mail.thread", "actwin.secret.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [("netgsm", "Netgsm"), ("iletimerkezi", "İleti Merkezi"), ("mutlucell", "Mutlucell")],
        "Gateway",
        required=True,
        default="netgsm",
        tracking=True,
    )
    user = fields.Char(required=True, tracking=True)
    sender = fields.Char(
        "Sender's Name",
        required=True,
        tracking=True,
        help="As it is registered with the gateway: 3 to 11 letters and figures, no Turkish ones.",
    )
    letters = fields.Selection(
        [("turkish", "Turkish letters"), ("plain", "Without Turkish letters, cheapest")],
        required=True,
        default="turkish",
        tracking=True,
        help="ş, ğ and ı make a message longer; without them it reads s, g and i.",
    )
    url = fields.Char("Address", help="Empty: the gateway's own.", tracking=True)
    in_use = fields.Boolean(compute="_compute_in_use", search="_search_in_use")
    problem = fields.Char("Last Problem", readonly=True)
    problem_date = fields.Datetime("Since", readonly=True)

    @api.constrains("url")
    def _check_url(self):
        for gateway in self.filtered("url"):
            parts = urlsplit(gateway.url)
            safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
            if not safe or not parts.hostname:
                raise ValidationError(
                    self.env._("A gateway's address begins with https://, as it gets the password.")
                )

    @api.constrains("sender")
    def _check_sender(self):
        for gateway in self:
            if not _SENDER.fullmatch(gateway.sender):
                raise ValidationError(
                    self.env._(
                        "%s cannot be a sender's name: it has 3 to 11 letters and figures, "
                        "no Turkish ones.",
                        gateway.sender,
                    )
                )

    @api.depends("company_id.actwin_sms_gateway_id")
    def _compute_in_use(self):
        for gateway in self:
            gateway.in_use = gateway == gateway.company_id.actwin_sms_gateway_id

    def _search_in_use(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: which gateway a company uses is no secret of the company
        used = (
            self.env["res.company"]
            .sudo()
            .search([("actwin_sms_gateway_id", "!=", False)])
            .actwin_sms_gateway_id
        )
        return [("id", "in" if True in value else "not in", used.ids)]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        for gateway in self.filtered("in_use"):
            raise UserError(
                self.env._("%s is what the company sends its SMS through.", gateway.name)
            )

    def action_use(self):
        """Send the company's messages through this account from now on."""
        self.ensure_one()
        self.check_access("write")
        # sudo: the gateway's managers choose it; nothing else of the company is touched
        self.company_id.sudo().actwin_sms_gateway_id = self
        return True

    def action_test(self):
        """Open the window that sends a message to a number of one's own."""
        self.ensure_one()
        self.check_access("write")
        return {
            "name": self.env._("Send a Test Message"),
            "type": "ir.actions.act_window",
            "res_model": "actwin.sms.test",
            "view_mode": "form",
            "target": "new",
            "context": {"default_gateway_id": self.id},
        }

    def _connect(self):
        """The gateway's account, ready to be called; UserError without a readable secret."""
        self.ensure_one()
        secret = self._clear_secret()
        if not secret:
            raise UserError(self.env._("%s has no password.", self.name))
        account = Account(self.url or "", self.user.strip(), secret, self.sender.strip())
        return GATEWAYS[self.kind](account, turkish=self.letters == "turkish")

    def _send(self, texts):
        """Receipts of the gateway for texts, in their order; never raises for what it does."""
        self.ensure_one()
        texts = [replace(text, body=self._letters(text.body)) for text in texts]
        try:
            receipts = self._connect().send(texts)
        except UserError as error:
            receipts = [Receipt(text.key, problem=ACCOUNT, code=str(error)) for text in texts]
        self._note(receipts)
        return receipts

    def _letters(self, text):
        """The text as it is sent."""
        return without_turkish(text) if self.letters == "plain" else plain(text)

    def _turkish_alphabet(self):
        """Whether Turkish letters keep a message nearly as long as without them."""
        return GATEWAYS[self.kind].turkish_alphabet

    def _note(self, receipts):
        """Remember what keeps the whole account from sending, and tell of it once."""
        refused = next((item for item in receipts if item.problem in OF_THE_ACCOUNT), None)
        if refused:
            words = self._problem_words(refused.problem, refused.code)
            if words != self.problem:
                self.write({"problem": words, "problem_date": fields.Datetime.now()})
                self._tell("sms_gateway_refuses", problem=words)
        elif self.problem and any(not item.problem for item in receipts):
            self.write({"problem": False, "problem_date": False})

    def _tell(self, kind, **values):
        message = self.env["actwin.message"].with_company(self.company_id)
        message._notify(kind, self, values)

    def _problem_words(self, problem, code=""):
        """A problem as people read it, with the gateway's own code; False without a problem."""
        if not problem:
            return False
        gateway = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        words = self._problem_names().get(problem, problem)
        return f"{gateway}: {words} ({code})" if code else f"{gateway}: {words}"

    def _problem_names(self):
        return {
            SERVER: self.env._("The gateway is down or busy."),
            ACCOUNT: self.env._("The gateway refuses the account: password, rights or address."),
            SENDER: self.env._("The sender's name is not registered with the gateway."),
            CREDIT: self.env._("The account has no credit left."),
            NUMBER: self.env._("No SMS can be sent to this number."),
            REJECTED: self.env._("The message was refused."),
            EXPIRED: self.env._("The phone was not reached in time."),
            NOT_DELIVERED: self.env._("The message could not be delivered."),
            INVALID_DESTINATION: self.env._("The number is not in use."),
            NOT_ALLOWED: self.env._("The number does not accept such messages."),
        }


def _is_here(host):
    """Whether a host is this machine, which a password does not leave."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

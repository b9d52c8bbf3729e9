from uuid import uuid4

from odoo import api, fields, models

from odoo.addons.actwin_metering.core.notify.sms_text import sms_size

from ..core.numbers import canonical
from ..core.values import DELIVERED, WAITING, GatewayError, Text


class ActwinSmsTest(models.TransientModel):
    """Sends one message through an account, past the queue, and asks what became of it."""

    _name = "actwin.sms.test"
    _description = "SMS Test"

    gateway_id = fields.Many2one("actwin.sms.gateway", required=True, readonly=True)
    number = fields.Char(required=True, default=lambda self: self.env.user.partner_id.phone)
    body = fields.Text(
        "Message",
        required=True,
        default=lambda self: self.env._("A test message of Actwin. Letters: ğüşıöç ĞÜŞİÖÇ"),
    )
    parts = fields.Integer("SMS Parts", compute="_compute_parts")
    job = fields.Char(readonly=True)
    ok = fields.Boolean(readonly=True)
    result = fields.Char(readonly=True)

    @api.depends("body", "gateway_id")
    def _compute_parts(self):
        for test in self:
            gateway = test.gateway_id
            size = sms_size(gateway._letters(test.body or ""), gateway._turkish_alphabet())
            test.parts = size.parts

    def action_send(self):
        """Send it and show what the gateway says."""
        self.ensure_one()
        self.gateway_id.check_access("write")
        [receipt] = self.gateway_id._send([Text(uuid4().hex, self.number, self.body)])
        problem = self.gateway_id._problem_words(receipt.problem, receipt.code)
        result = problem or self._taken(receipt.job)
        self.write({"ok": not problem, "job": receipt.job, "result": result})
        return self._stay_open()

    def action_ask(self):
        """Ask the gateway whether it has arrived."""
        self.ensure_one()
        self.gateway_id.check_access("write")
        try:
            deliveries = self.gateway_id._connect().deliveries([self.job])
        except GatewayError as error:
            words = self.gateway_id._problem_words(error.problem, error.code)
            self.write({"ok": False, "result": words})
        else:
            number = canonical(self.number)
            self._show(next((item for item in deliveries if item.number == number), None))
        return self._stay_open()

    def _show(self, delivery):
        if delivery is None or delivery.state == WAITING:
            self.result = self.env._("On its way.")
        elif delivery.state == DELIVERED:
            self.result = self.env._("Delivered.")
        else:
            words = self.gateway_id._problem_words(delivery.state, delivery.code)
            self.write({"ok": False, "result": words})

    def _taken(self, job):
        if not job:
            return self.env._("The gateway has taken the same message a short while ago.")
        return self.env._("The gateway has taken the message as %s.", job)

    def _stay_open(self):
        return {
            "name": self.env._("Send a Test Message"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

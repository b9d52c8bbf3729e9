from odoo import api, fields, models

from ...core.notify.sms_text import plain, sms_size

_AGAIN = {"sms_server", "unknown"}
"""Failures that may have gone by the next try."""


class ActwinMessage(models.Model):
    """By SMS: handed to Odoo's own queue and whichever gateway the company uses."""

    _inherit = "actwin.message"

    def _send_sms(self):
        self = self.with_context(sms_skip_msg_notification=True)
        ready = self.browse()
        for message in self:
            number, error = message._sms_number()
            if error:
                message._give_up(error)
                continue
            body = message.company_id._sms_letters(message.body)
            size = sms_size(body, message.company_id._sms_turkish_shift())
            message.write(
                {
                    "address": number,
                    "body": body,
                    "sms_parts": size.parts,
                    "error": False,
                }
            )
            ready |= message
        ready = ready._within_quota()
        if not ready:
            return
        texts = self.env["sms.sms"].create(
            [
                {
                    "number": message.address,
                    "body": message.body,
                    "partner_id": message.partner_id.id,
                }
                for message in ready
            ]
        )
        self.env["sms.tracker"].create(
            [
                {"sms_uuid": sms.uuid, "actwin_message_id": message.id}
                for sms, message in zip(texts, ready, strict=True)
            ]
        )
        for sms, message in zip(texts, ready, strict=True):
            message.reference = sms.uuid

    def _sms_number(self):
        """(number in the international form, None) or (None, why there is none)."""
        partner = self.partner_id
        if not partner.phone:
            return None, self.env._("%s has no phone number.", partner.display_name)
        number = partner._phone_format(fname="phone", force_format="E164")
        if not number:
            return None, self.env._(
                "%(phone)s of %(who)s is no phone number.",
                phone=partner.phone,
                who=partner.display_name,
            )
        return number, None

    def _sms_result(self, status, failure_type, reason):
        """Take over what the gateway, or its report, says.

        :param str status: as in ``mail.notification``
        """
        now = self._now()
        if status in ("process", "pending"):
            self.filtered(lambda message: message.state == "sending").write(
                {"state": "sent", "sent_date": now}
            )
        elif status == "sent":
            self.write({"state": "delivered", "delivered_date": now, "error": False})
        elif status in ("exception", "bounce"):
            error = self._sms_error(failure_type, reason)
            if failure_type in _AGAIN:
                self._try_again(error)
            else:
                for message in self:
                    message._give_up(error)
        elif status == "canceled":
            self.write({"state": "cancelled"})

    @api.model
    def _sms_error(self, failure_type, reason):
        kinds = self.env["mail.notification"]._fields["failure_type"]
        name = dict(kinds._description_selection(self.env)).get(failure_type)
        return reason or name or self.env._("The SMS could not be sent.")


class ResCompany(models.Model):
    _inherit = "res.company"

    def _sms_letters(self, text):
        """The text in the letters the company's gateway is to send."""
        return plain(text)

    def _sms_turkish_shift(self):
        """Whether the company's gateway sends Turkish letters in the cheap alphabet."""
        return False


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    actwin_message_id = fields.Many2one(
        "actwin.message", index="btree_not_null", ondelete="cascade"
    )

    # EXTENDS sms
    def _update_sms_notifications(
        self, notification_status, failure_type=False, failure_reason=False
    ):
        super()._update_sms_notifications(
            notification_status, failure_type=failure_type, failure_reason=failure_reason
        )
        ours = self.filtered("actwin_message_id")
        if not ours:
            return
        # sudo: reports of a gateway come in without a user
        messages = ours.sudo().actwin_message_id
        # a report on an earlier try says nothing about the present one
        present = set(ours.mapped("sms_uuid"))
        messages.filtered(lambda message: message.reference in present)._sms_result(
            notification_status, failure_type, failure_reason
        )
        if notification_status in ("exception", "bounce"):
            self.env["sms.sms"].sudo().search(
                [("uuid", "in", list(present)), ("to_delete", "=", False)]
            ).to_delete = True


class SmsSms(models.Model):
    _inherit = "sms.sms"

    # EXTENDS sms
    def _get_sms_company(self):
        """A message is paid for by its own company, whoever's job sends it."""
        # sudo: which company pays is no secret of the message
        return self.sudo().sms_tracker_id.actwin_message_id.company_id or super()._get_sms_company()

    # EXTENDS sms
    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Send for each company through its own gateway: the queue holds those of all."""
        if self.env.context.get("sms_api"):
            return super()._send(unlink_failed, unlink_sent, raise_exception)
        for sms_api, texts in self._split_by_company_and_api():
            super(SmsSms, texts.with_context(sms_api=sms_api))._send(
                unlink_failed, unlink_sent, raise_exception
            )
        return None

    def _split_by_company_and_api(self):
        for texts in self.grouped(lambda sms: sms._get_sms_company()).values():
            yield from texts._split_by_api()

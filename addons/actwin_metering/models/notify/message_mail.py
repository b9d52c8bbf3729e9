from markupsafe import Markup

from odoo import models
from odoo.tools import plaintext2html

_PERMANENT = {
    "mail_email_invalid",
    "mail_email_missing",
    "mail_bl",
    "mail_optout",
    "mail_dup",
    "mail_from_invalid",
    "mail_from_missing",
}
"""Failures that no waiting mends."""


class ActwinMessage(models.Model):
    """By e-mail: handed to Odoo's own queue, which tells what became of it."""

    _inherit = "actwin.message"

    def _send_mail(self):
        reachable = self.browse()
        for message in self:
            if message.partner_id.email:
                reachable |= message
            else:
                message._give_up(
                    self.env._("%s has no e-mail address.", message.partner_id.display_name)
                )
        # sudo is the job's own; the mail belongs to the message it was made for
        mails = self.env["mail.mail"].create([message._mail_values() for message in reachable])
        for message, mail in zip(reachable, mails, strict=True):
            message.write(
                {
                    "reference": mail.message_id,
                    "mail_message_id": mail.mail_message_id.id,
                    "address": message.partner_id.email,
                    "error": False,
                }
            )
        if mails:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _mail_values(self):
        body = self._html_body() or plaintext2html(self.body)
        return {
            "actwin_message_id": self.id,
            "subject": self.title,
            "body_html": self._mail_layout(body),
            "email_from": self.company_id.email_formatted or self.env.user.email_formatted,
            "recipient_ids": [(4, self.partner_id.id)],
            "auto_delete": True,
            "message_type": "user_notification",
            "is_notification": False,
        }

    def _mail_layout(self, body):
        record = self._record()
        link = record._notify_get_action_link("view") if self.user_id and record else False
        template = self.env["ir.qweb"].with_context(lang=self.lang)
        return template._render(
            "actwin_metering.message_mail_layout",
            {"message": self, "body": Markup(body), "link": link, "company": self.company_id},
        )

    def _mail_sent(self):
        self.write({"state": "sent", "sent_date": self._now(), "error": False})

    def _mail_failed(self, failure_type, reason):
        if failure_type in _PERMANENT:
            for message in self:
                message._give_up(reason)
        else:
            self._try_again(reason)

from odoo import api, fields, models
from odoo.tools import html2plaintext


class MailMail(models.Model):
    _inherit = "mail.mail"

    actwin_message_id = fields.Many2one("actwin.message", index="btree_not_null")

    # EXTENDS mail
    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Tell the messages what became of their e-mails; one that is tried anew gets a new one."""
        ours = self.filtered("actwin_message_id")
        # sudo: the mail queue may run for somebody without a right on messages
        messages = ours.sudo().actwin_message_id
        if failure_type and not success_pids:
            messages._mail_failed(failure_type, ours._plain_failure(failure_type, failure_reason))
        elif messages:
            messages._mail_sent()
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        if failure_type:
            ours.exists().sudo().unlink()
        return result

    def _plain_failure(self, failure_type, reason):
        names = dict(self._fields["failure_type"]._description_selection(self.env))
        name = names.get(failure_type) or self.env._("The e-mail could not be sent.")
        return f"{name}: {reason}" if reason else name


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    # EXTENDS mail
    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """An e-mail that came back was not delivered, though a server had taken it."""
        super()._routing_handle_bounce(email_message, message_dict)
        bounced = message_dict.get("bounced_message")
        if bounced:
            # sudo: bounces are read by the mail gateway
            found = self.env["actwin.message"].sudo()
            reason = html2plaintext(message_dict.get("body") or "").strip()
            for message in found.search(
                [("mail_message_id", "in", bounced.ids), ("channel", "=", "mail")]
            ):
                message._give_up(
                    self.env._("The e-mail came back: %s", reason[:200] or bounced.subject)
                )

from odoo import fields, models

_TOASTS = {"info": "info", "warning": "warning", "serious": "danger", "critical": "danger"}


class ActwinMessage(models.Model):
    """In the application: a notice in the person's inbox, and a word on the open screen."""

    _inherit = "actwin.message"

    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )

    def _send_app(self):
        notices = self.env["mail.message"].create([message._inbox_values() for message in self])
        for message, notice in zip(self, notices, strict=True):
            recipient = {
                "id": message.partner_id.id,
                "uid": message.user_id.id,
                "notif": "inbox",
            }
            self.env["mail.thread"]._notify_thread_by_inbox(notice, [recipient])
            message.user_id._bus_send(
                "simple_notification",
                {
                    "title": message.title,
                    "message": message.body,
                    "type": _TOASTS[message.severity],
                    "sticky": message.severity == "critical",
                },
            )
            message.write(
                {
                    "state": "sent",
                    "reference": str(notice.id),
                    "mail_message_id": notice.id,
                    "address": message.user_id.login,
                    "error": False,
                }
            )

    def _inbox_values(self):
        return {
            "model": self.res_model or False,
            "res_id": self.res_id or False,
            "record_name": self.title,
            "subject": self.title,
            "body": self.body,
            "message_type": "user_notification",
            "subtype_id": self.env.ref("mail.mt_note").id,
            "author_id": self.company_id.partner_id.id,
            "email_from": self.company_id.email_formatted,
            "partner_ids": self.partner_id.ids,
        }

import logging
from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from ...const import CHANNELS
from ...core.notify.backoff import next_try
from .message import WAITING

_logger = logging.getLogger(__name__)
_BATCH = 200
_STALE = timedelta(minutes=10)
"""After so long a row marked as being sent, but handed to nobody, was left behind by a crash."""


class ActwinMessage(models.Model):
    """The job that tells people: expand notices, let through what may go, hand it over.

    A row is marked as being sent and committed before it is handed over. E-mail, SMS and notices in
    the application are handed over within the database, in the same transaction as the mark that
    they were: after a crash they are there once or not yet. A push to a browser is a call to
    another server; after a crash it is repeated under the same tag, which replaces the first.
    """

    _inherit = "actwin.message"

    @api.model
    def _cron_send(self):
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self._remaining())
        while done := self._expand():
            if not cron._commit_progress(done, remaining=self._remaining()):
                return
        self._poll()
        self._take_back_stale()
        self._gate()
        cron._commit_progress()
        for channel, _name in CHANNELS:
            for batch in split_every(_BATCH, self._to_hand_over(channel).ids, self.browse):
                batch._hand_over(channel)
                if not cron._commit_progress(len(batch)):
                    return

    @api.model
    def _remaining(self):
        """Notices and messages the job has still to work off at once."""
        new = self.env["actwin.message.notice"].search_count([("state", "=", "new")])
        handed = self.search_count([("state", "=", "sending"), ("reference", "=", False)])
        return (
            new + handed + self.search_count([("state", "in", WAITING), ("due", "<=", self._now())])
        )

    @api.model
    def _to_hand_over(self, channel):
        return self.search(
            [("state", "=", "sending"), ("reference", "=", False), ("channel", "=", channel)],
            order="severity_rank DESC, id",
        )

    @api.model
    def _take_back_stale(self):
        """Let what a crash left behind wait again; what was handed over has a reference."""
        self.env.flush_all()
        now = self._now()
        self.env.cr.execute(
            SQL(
                """
UPDATE actwin_message SET state = 'queued', sent_date = NULL, due = %s
 WHERE state = 'sending' AND reference IS NULL AND write_date < %s
                """,
                now,
                now - _STALE,
            )
        )
        self.env.invalidate_all()

    def _hand_over(self, channel):
        """Word the messages and give them to their channel; a bad one stops no other."""
        rows = self.try_lock_for_update()
        ready = rows._word()
        if ready:
            getattr(ready, f"_send_{channel}")()

    def _word(self):
        """Write every message in its reader's language; returns those that could be."""
        ready = self.browse()
        for message in self:
            try:
                message._write_texts()
            except UserError as error:
                message._give_up(str(error))
            except Exception:  # a text must not keep all others back, whatever is wrong with it
                _logger.exception("message %s could not be worded", message.id)
                message._give_up(self.env._("The text could not be filled in; see the log."))
            else:
                ready |= message
        return ready

    def _write_texts(self):
        lang = self._reader_lang()
        message = self.with_context(lang=lang)
        kind = message.kind_id
        values = kind._values(message)
        name = "sms_text" if message.channel == "sms" and kind.sms_text else "text"
        title = kind._fill("title", values)
        body = title if message.channel == "sms" and name == "text" else kind._fill(name, values)
        self.write({"lang": lang, "title": title, "body": body, "attempts": self.attempts + 1})

    def _html_body(self):
        """The body of an e-mail."""
        self.ensure_one()
        message = self.with_context(lang=self.lang)
        kind = message.kind_id
        return kind._fill("mail_body", kind._values(message)) if kind.mail_body else False

    def _record(self):
        """What the message is about, when it is still there."""
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env:
            return None
        return self.env[self.res_model].browse(self.res_id).exists()

    def _reader_lang(self):
        installed = dict(self.env["res.lang"].get_installed())
        wanted = (self.partner_id.lang, self.company_id.partner_id.lang, "en_US")
        return next((lang for lang in wanted if lang in installed), "en_US")

    def _give_up(self, error):
        self.write({"state": "failed", "error": error, "sent_date": False})

    def _try_again(self, error):
        """Wait longer each time, and give up in the end."""
        for message in self:
            wait = next_try(message.attempts)
            if not wait:
                message.write({"state": "failed", "error": error})
                continue
            due = self._now() + wait
            message.write({"state": "queued", "error": error, "due": due, "reference": False})
            self._wake(at=due)

    @api.model
    def _poll(self):
        """Take over what people have read in the application in the meantime."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
UPDATE actwin_message message SET state = 'read', read_date = coalesce(seen.read_date, %s)
  FROM mail_notification seen
 WHERE message.channel = 'app' AND message.state = 'sent'
   AND seen.mail_message_id = message.mail_message_id AND seen.is_read
                """,
                self._now(),
            )
        )
        self.env.invalidate_all()

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from ..core.values import DELIVERED, WAITING, GatewayError

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440))
"""Between asking for a delivery and asking again; gateways try for two days at most."""
_BATCH = 1000
_SMS_FAILURES = {"invalid_destination": "sms_number_format"}
"""Failures of a delivery that the SMS queue has a name for."""


class SmsTracker(models.Model):
    """Which package of which gateway a text went in, and when its delivery is asked for next.

    Gateways tell what became of a text only when they are asked.
    """

    _inherit = "sms.tracker"

    actwin_gateway_id = fields.Many2one("actwin.sms.gateway", "Gateway", ondelete="set null")
    actwin_job = fields.Char("Package")
    actwin_number = fields.Char()
    actwin_poll_date = fields.Datetime("Ask On")
    actwin_polls = fields.Integer("Asked")

    _actwin_poll_idx = models.Index("(actwin_poll_date) WHERE actwin_poll_date IS NOT NULL")

    def _actwin_follow(self, gateway_id, job, number):
        self.write(
            {
                "actwin_gateway_id": gateway_id,
                "actwin_job": job,
                "actwin_number": number,
                "actwin_poll_date": fields.Datetime.now() + _WAITS[0],
                "actwin_polls": 0,
            }
        )

    @api.model
    def _cron_actwin_deliveries(self):
        """Ask the gateways for what is due.

        The next time is noted and committed before a gateway is called, so that neither a crash
        nor a slow gateway makes it be asked again at once. One that does not answer is left alone.
        """
        cron = self.env["ir.cron"]
        silent = self.env["actwin.sms.gateway"]
        while due := self._actwin_due(silent):
            due._actwin_postpone()
            if not cron._commit_progress(len(due), remaining=self._actwin_count_due()):
                return
            for gateway, trackers in due.grouped("actwin_gateway_id").items():
                if not trackers._actwin_ask(gateway):
                    silent |= gateway
                if not cron._commit_progress():
                    return

    @api.model
    def _actwin_due_domain(self):
        return [
            ("actwin_poll_date", "<=", fields.Datetime.now()),
            ("actwin_gateway_id", "!=", False),
        ]

    @api.model
    def _actwin_count_due(self):
        return self.search_count(self._actwin_due_domain())

    @api.model
    def _actwin_due(self, silent):
        domain = [*self._actwin_due_domain(), ("actwin_gateway_id", "not in", silent.ids)]
        due = self.search(domain, order="actwin_poll_date, id", limit=_BATCH)
        return due.try_lock_for_update().filtered_domain(domain)

    def _actwin_postpone(self):
        now = fields.Datetime.now()
        for polls, trackers in self.grouped("actwin_polls").items():
            again = now + _WAITS[polls + 1] if polls + 1 < len(_WAITS) else False
            trackers.write({"actwin_polls": polls + 1, "actwin_poll_date": again})

    def _actwin_ask(self, gateway):
        """Take over what a gateway tells of these texts; whether it did."""
        jobs = sorted(set(self.mapped("actwin_job")))
        try:
            account = gateway._connect()
            for some in split_every(account.jobs_per_report, jobs):
                self._actwin_take_over(gateway, account.deliveries(some))
        except (GatewayError, UserError):
            return False
        return True

    def _actwin_take_over(self, gateway, deliveries):
        """Write what became of the texts to the trackers, the SMS queue and the messages."""
        told = {}
        for delivery in deliveries:
            key = (delivery.job, delivery.number)
            if key not in told or told[key].state == WAITING:
                told[key] = delivery
        final = {key: delivery for key, delivery in told.items() if delivery.state != WAITING}
        by_outcome = self.grouped(lambda tracker: tracker._actwin_outcome(final))
        for outcome, trackers in by_outcome.items():
            if outcome:
                trackers._actwin_finish(gateway, *outcome)

    def _actwin_outcome(self, final):
        """(state, code, parts) of the text, or None as long as it is on its way."""
        delivery = final.get((self.actwin_job, self.actwin_number))
        return delivery and (delivery.state, delivery.code, delivery.parts)

    def _actwin_finish(self, gateway, state, code, parts):
        self.actwin_poll_date = False
        texts = self.env["sms.sms"].search([("uuid", "in", self.mapped("sms_uuid"))])
        if parts:
            self.actwin_message_id.sms_parts = parts
        if state == DELIVERED:
            self._action_update_from_sms_state("sent")
            texts.write({"state": "sent", "failure_type": False})
            return
        reason = gateway._problem_words(state, code)
        failed = self.with_context(sms_known_failure_reason=reason)
        failed._action_update_from_provider_error(state)
        failure_type = _SMS_FAILURES.get(state, "unknown")
        texts.write({"state": "error", "failure_type": failure_type})

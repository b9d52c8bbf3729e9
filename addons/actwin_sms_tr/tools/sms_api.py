from odoo.addons.sms.tools.sms_api import SmsApiBase

from ..core.values import ACCOUNT, CREDIT, SENDER, Text


class SmsApiTr(SmsApiBase):
    """A company's own gateway in the place of Odoo's service.

    A text a gateway will never take ends as *rejected*, which nobody tries again.
    """

    PROVIDER_TO_SMS_FAILURE_TYPE = SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE | {
        ACCOUNT: "sms_acc",
        SENDER: "sms_registration_needed",
        CREDIT: "sms_credit",
    }

    # EXTENDS sms
    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """As in ``sms``; a text that was taken comes back with ``actwin_gateway_id`` and
        ``actwin_job``, by which its delivery is asked for later.
        """
        # sudo: whoever sends need not be allowed to see the gateway's account
        gateway = self.company.sudo().actwin_sms_gateway_id
        texts = [
            Text(number["uuid"], number["number"], message["content"] or "")
            for message in messages
            for number in message["numbers"]
        ]
        return [
            {
                "uuid": receipt.key,
                "state": receipt.problem or "sent",
                "failure_reason": gateway._problem_words(receipt.problem, receipt.code),
                "actwin_gateway_id": gateway.id,
                "actwin_job": receipt.job,
            }
            for receipt in gateway._send(texts)
        ]

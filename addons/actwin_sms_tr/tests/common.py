"""A company that sends through a gateway on loopback."""

from datetime import timedelta

from odoo import fields

from odoo.addons.actwin_metering.tests.notify_common import NotifyCase

from ..tests_core.gateway_servers import SERVERS

DELIVERED = {"netgsm": "1", "iletimerkezi": "111", "mutlucell": "3"}
FAILED = {"netgsm": "4", "iletimerkezi": "112", "mutlucell": "6"}


class SmsCase(NotifyCase):
    """A gateway of each kind may be started; the company sends through the last one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind.sms_text = "Şalter {{ place }}: ğüşıöç"
        cls.number = "5321234567"

    def gateway(self, kind="netgsm", company=None, **values):
        """(gateway record, its server); the server ends with the test."""
        server = self.enterContext(SERVERS[kind]())
        company = company or self.env.company
        gateway = self.env["actwin.sms.gateway"].create(
            {
                "name": f"Test {kind}",
                "kind": kind,
                "user": server.user,
                "secret": server.secret,
                "sender": server.sender,
                "url": server.url,
                "company_id": company.id,
                **values,
            }
        )
        gateway.action_use()
        return gateway, server

    def run_cron(self, xml_id):
        job = self.env.ref(xml_id)
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()

    def send(self):
        """Let everything that waits go out."""
        self.run_job()
        self.run_cron("sms.ir_cron_sms_scheduler_action")

    def tell_by_sms(self, **values):
        """One message by SMS to the operator, handed to the gateway."""
        self.route(by_app=False, by_sms=True, **values)
        self.notify()
        self.send()
        return self.told(channel="sms")

    def trackers(self):
        return self.env["sms.tracker"].search([("actwin_gateway_id", "!=", False)], order="id")

    def poll(self):
        """Ask for deliveries as if the next time had come."""
        due = self.trackers().filtered("actwin_poll_date")
        due.actwin_poll_date = fields.Datetime.now() - timedelta(minutes=1)
        self.run_cron("actwin_sms_tr.ir_cron_sms_deliveries")

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.sms.tools.sms_api import SmsApi

from ..tests_core.gateway_servers import SERVERS
from .common import SmsCase


@tagged("post_install", "-at_install")
class TestSending(SmsCase):
    """Messages by SMS leave through the company's own gateway."""

    def test_each_gateway_gets_the_text_as_it_was_written(self):
        for kind in SERVERS:
            with self.subTest(kind):
                gateway, server = self.gateway(kind)
                message = self.tell_by_sms(name=kind)[-1]
                [(job, number, body)] = server.texts
                self.assertEqual(number[-10:], self.number)
                self.assertEqual(body, f"Şalter {self.point.display_name}: ğüşıöç")
                self.assertEqual((message.state, message.error), ("sent", False))
                self.assertEqual(message.sms_parts, 1)
                tracker = self.trackers().filtered(
                    lambda row, to=gateway: row.actwin_gateway_id == to
                )
                self.assertEqual((tracker.actwin_job, tracker.actwin_polls), (job, 0))
                self.assertTrue(tracker.actwin_poll_date)
                self.env["actwin.message.route"].search([]).active = False

    def test_cheap_letters_are_counted_and_sent_alike(self):
        self.kind.sms_text = "ş" * 100
        _gateway, server = self.gateway("iletimerkezi", letters="plain")
        message = self.tell_by_sms()
        self.assertEqual(server.texts[0][2], "s" * 100)
        self.assertEqual((message.body, message.sms_parts), ("s" * 100, 1))

    def test_dear_letters_cost_more_parts(self):
        self.kind.sms_text = "ş" * 100
        for kind, parts in (("netgsm", 2), ("iletimerkezi", 2), ("mutlucell", 2)):
            with self.subTest(kind):
                self.gateway(kind)
                self.kind.sms_text = "ş" * (70 if kind != "iletimerkezi" else 71)
                self.assertEqual(
                    self.tell_by_sms()[-1].sms_parts, 1 if kind != "iletimerkezi" else parts
                )
                self.env["actwin.message.route"].search([]).active = False

    def test_a_refused_account_fails_with_its_reason_and_is_told_of_once(self):
        gateway, server = self.gateway("netgsm", secret="wrong")
        administrator = self.create_person("gateway-admin", "administrator")
        self.route(category="system", user_ids=[Command.set(administrator.ids)])
        message = self.tell_by_sms()
        self.assertEqual(message.state, "failed")
        self.assertIn("password", message.error)
        self.assertIn("(30)", message.error)
        self.assertEqual(gateway.problem, message.error)
        self.notify()
        self.send()
        found = self.message.search([("kind_id.code", "=", "sms_gateway_refuses")])
        self.assertEqual((len(found), found.user_id), (1, administrator))
        self.assertIn("(30)", found.body)
        gateway.secret = server.secret
        message.action_retry()
        self.send()
        self.assertEqual(message.state, "sent")
        self.assertFalse(gateway.problem)

    def test_a_gateway_without_a_password_is_not_called(self):
        gateway, server = self.gateway()
        gateway.secret = ""
        self.assertEqual(self.tell_by_sms().state, "failed")
        self.assertFalse(server.calls)

    def test_a_gateway_that_is_down_is_tried_again(self):
        _gateway, server = self.gateway()
        server.fault = "down"
        message = self.tell_by_sms()
        self.assertEqual(message.state, "queued")
        self.assertIn("HTTP 503", message.error)
        server.fault = None
        message.due = message.create_date
        self.send()
        self.assertEqual((message.state, len(server.texts)), ("sent", 1))

    def test_a_text_taken_though_the_answer_was_lost_is_sent_once(self):
        _gateway, server = self.gateway("iletimerkezi")
        server.fault, server.after_taking = "cut", True
        message = self.tell_by_sms()
        self.assertEqual(message.state, "queued")
        server.fault, server.after_taking = "451", False
        message.due = message.create_date
        self.send()
        self.assertEqual((message.state, len(server.texts)), ("sent", 1))

    def test_a_text_the_gateway_never_takes_is_given_up_alone(self):
        _gateway, server = self.gateway()
        bad = self.create_person("bad", "operator", name="bad", phone="+90 532 0000000")
        server.refused_bodies = ("Şalter bad",)
        self.kind.sms_text = "Şalter {{ recipient }}"
        message = self.tell_by_sms(user_ids=[Command.set((self.operator + bad).ids)])
        by_user = {row.user_id: row for row in message}
        self.assertEqual(by_user[self.operator].state, "sent")
        self.assertEqual(by_user[bad].state, "failed")
        self.assertIn("(20)", by_user[bad].error)

    def test_each_company_sends_through_its_own(self):
        other = self.env["res.company"].create({"name": "Other company"})
        third = self.env["res.company"].create({"name": "Third company"})
        _first, first_server = self.gateway("netgsm")
        _second, second_server = self.gateway("mutlucell", company=other)
        texts = self.env["sms.sms"]
        for company in (self.env.company, other, third):
            message = self.message.create(
                {
                    "kind_id": self.kind.id,
                    "company_id": company.id,
                    "severity": "info",
                    "partner_id": self.operator.partner_id.id,
                    "channel": "sms",
                }
            )
            sms = texts.create({"number": "+905321234567", "body": company.name})
            tracker = {"sms_uuid": sms.uuid, "actwin_message_id": message.id}
            self.env["sms.tracker"].create(tracker)
            texts |= sms
        with patch.object(SmsApi, "_send_sms_batch", autospec=True) as odoo_s_own:
            odoo_s_own.side_effect = lambda api, messages, **_options: [
                {"uuid": number["uuid"], "state": "success"}
                for message in messages
                for number in message["numbers"]
            ]
            self.run_cron("sms.ir_cron_sms_scheduler_action")
        self.assertEqual([row[2] for row in first_server.texts], [self.env.company.name])
        self.assertEqual([row[2] for row in second_server.texts], ["Other company"])
        self.assertEqual(odoo_s_own.call_args.args[1][0]["content"], "Third company")
        self.assertEqual(set(texts.mapped("state")), {"pending"})

    def test_messages_of_odoo_itself_go_through_it_too(self):
        _gateway, server = self.gateway()
        self.operator.partner_id._message_sms("Merhaba ğ")
        self.assertEqual([row[2] for row in server.texts], ["Merhaba ğ"])
        notification = self.env["mail.notification"].search(
            [
                ("res_partner_id", "=", self.operator.partner_id.id),
                ("notification_type", "=", "sms"),
            ]
        )
        self.assertEqual(notification.notification_status, "pending")
        self.assertTrue(notification.sms_tracker_ids.actwin_job)

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from ..tests_core.gateway_servers import SERVERS
from .common import DELIVERED, FAILED, SmsCase


@tagged("post_install", "-at_install")
class TestDeliveries(SmsCase):
    """What became of a text is asked for and reaches everything that shows it."""

    def test_every_gateway_tells_of_delivery_and_failure(self):
        for kind in SERVERS:
            with self.subTest(kind):
                _gateway, server = self.gateway(kind)
                other = self.create_person(f"lost-{kind}", "operator", phone="+90 533 000 00 01")
                self.route(
                    by_app=False, by_sms=True, user_ids=[Command.set((self.operator + other).ids)]
                )
                self.notify()
                self.send()
                messages = self.told(channel="sms")[-2:]
                server.states = {self.number: DELIVERED[kind], "5330000001": FAILED[kind]}
                self.poll()
                by_user = {message.user_id: message for message in messages}
                self.assertEqual(by_user[self.operator].state, "delivered")
                self.assertTrue(by_user[self.operator].delivered_date)
                self.assertEqual(by_user[other].state, "failed")
                self.assertIn(FAILED[kind], by_user[other].error)
                self.assertFalse(self.trackers().filtered("actwin_poll_date"))
                self.env["actwin.message.route"].search([]).active = False

    def test_the_queue_and_the_notification_show_it_as_well(self):
        _gateway, server = self.gateway()
        self.operator.partner_id._message_sms("Merhaba")
        sms = self.env["sms.sms"].search([("body", "=", "Merhaba")])
        notification = sms.sms_tracker_id.mail_notification_id
        self.assertEqual((sms.state, notification.notification_status), ("pending", "pending"))
        server.states = {self.number: "1"}
        self.poll()
        self.assertEqual((sms.state, notification.notification_status), ("sent", "sent"))

    def test_a_failed_delivery_is_shown_with_its_kind(self):
        _gateway, server = self.gateway()
        self.operator.partner_id._message_sms("Merhaba")
        sms = self.env["sms.sms"].search([("body", "=", "Merhaba")])
        notification = sms.sms_tracker_id.mail_notification_id
        server.states = {self.number: "3"}
        self.poll()
        self.assertEqual((sms.state, sms.failure_type), ("error", "sms_number_format"))
        self.assertEqual(notification.notification_status, "bounce")
        self.assertEqual(notification.failure_type, "sms_invalid_destination")
        self.assertIn("(3)", notification.failure_reason)

    def test_what_is_on_its_way_is_asked_for_less_and_less_often(self):
        _gateway, server = self.gateway()
        message = self.tell_by_sms()
        waits = []
        while self.trackers().actwin_poll_date:
            self.poll()
            after = self.trackers().actwin_poll_date
            waits.append(after and round((after - fields.Datetime.now()).total_seconds() / 60))
        self.assertEqual(waits, [5, 15, 60, 240, 720, 1440, 1440, False])
        self.assertEqual(message.state, "sent")
        asked = len(server.calls)
        self.poll()
        self.assertEqual(len(server.calls), asked)

    def test_nothing_is_asked_before_its_time(self):
        _gateway, server = self.gateway()
        self.tell_by_sms()
        self.run_cron("actwin_sms_tr.ir_cron_sms_deliveries")
        self.assertEqual([path for path, _body in server.calls], ["/sms/rest/v2/send"])

    def test_a_silent_gateway_is_asked_once_and_stops_no_other(self):
        netgsm, silent = self.gateway("netgsm")
        self.tell_by_sms(name="first")
        self.env["actwin.message.route"].search([]).active = False
        _other, speaking = self.gateway("mutlucell")
        self.tell_by_sms(name="second")
        silent.fault, silent.calls = "down", []
        speaking.states = {self.number: "3"}
        self.poll()
        self.assertEqual(len(silent.calls), 1)
        first, second = self.told(channel="sms")
        self.assertEqual((first.state, second.state), ("sent", "delivered"))
        silent.fault, silent.states = None, {self.number: "1"}
        self.poll()
        self.assertEqual(first.state, "delivered", "though the company has changed its gateway")

    def test_garbage_changes_nothing(self):
        for kind in SERVERS:
            with self.subTest(kind):
                _gateway, server = self.gateway(kind)
                message = self.tell_by_sms(name=kind)[-1]
                for fault in ("garbage", "empty", "cut", "elsewhere"):
                    server.fault = fault
                    self.poll()
                self.assertEqual((message.state, message.error), ("sent", False))
                self.env["actwin.message.route"].search([]).active = False

    def test_what_is_told_twice_counts_once(self):
        _gateway, server = self.gateway("mutlucell")
        message = self.tell_by_sms()
        [(job, number, body)] = server.texts
        server.texts += [(job, number, body), (job, "905999999999", body)]
        server.states = {self.number: "3", "5999999999": "6"}
        self.poll()
        self.assertEqual(message.state, "delivered")
        before = message.delivered_date
        server.states = {self.number: "6"}
        self.poll()
        self.assertEqual((message.state, message.delivered_date), ("delivered", before))

    def test_a_report_on_an_earlier_try_says_nothing_of_the_present_one(self):
        _gateway, server = self.gateway()
        message = self.tell_by_sms()
        message.state = "failed"
        message.action_retry()
        self.send()
        first, second = self.trackers()
        [first_job, second_job] = [job for job, _number, _body in server.texts]
        self.assertEqual((first.actwin_job, second.actwin_job), (first_job, second_job))
        server.texts = [row for row in server.texts if row[0] == first_job]
        server.states = {self.number: "4"}
        self.poll()
        self.assertEqual(message.state, "sent")

    def test_parts_are_those_the_gateway_charged(self):
        _gateway, server = self.gateway()
        message = self.tell_by_sms()
        self.assertEqual(message.sms_parts, 1)
        server.states = {self.number: "1"}
        self.poll()
        self.assertEqual(message.sms_parts, 2)

    def test_the_next_time_is_noted_before_the_gateway_is_asked(self):
        _gateway, server = self.gateway()
        self.tell_by_sms()
        tracker = self.trackers()
        tracker.actwin_poll_date = fields.Datetime.now() - timedelta(minutes=1)
        server.fault = "down"
        self.run_cron("actwin_sms_tr.ir_cron_sms_deliveries")
        self.assertEqual(tracker.actwin_polls, 1)
        self.assertGreater(tracker.actwin_poll_date, fields.Datetime.now())

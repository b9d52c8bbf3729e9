from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open, format_amount

from ..tests_core.gateway_servers import SERVERS
from .common import SmsCase


@tagged("post_install", "-at_install")
class TestGateway(SmsCase):
    """The account: its secret, its test message, its balance, who may change it."""

    def test_the_secret_is_stored_encrypted_and_shown_to_nobody(self):
        gateway, server = self.gateway()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT secret_encrypted FROM actwin_sms_gateway WHERE id = %s", [gateway.id]
        )
        [stored] = self.env.cr.fetchone()
        self.assertNotIn(server.secret, stored)
        gateway.invalidate_recordset()
        self.assertEqual((gateway.secret, gateway.has_secret), ("", True))
        administrator = self.create_person("admin-reader", "administrator")
        with self.assertRaises(AccessError):
            gateway.with_user(administrator).read(["secret_encrypted"])

    def test_addresses_without_encryption_are_refused_but_on_this_machine(self):
        gateway, _server = self.gateway()
        for url in ("http://api.netgsm.com.tr", "ftp://127.0.0.1", "api.netgsm.com.tr", "https://"):
            with self.subTest(url), self.assertRaises(ValidationError):
                gateway.url = url
        gateway.url = "https://api.netgsm.com.tr"
        gateway.url = False

    def test_names_of_senders_are_what_gateways_take(self):
        gateway, _server = self.gateway()
        for sender in ("AB", "ŞALTER", "TWELVE CHARS", "A\nB C"):
            with self.subTest(sender), self.assertRaises(ValidationError):
                gateway.sender = sender
        gateway.sender = "8501234567"

    def test_an_account_in_use_is_not_deleted(self):
        gateway, _server = self.gateway()
        with self.assertRaises(UserError):
            gateway.unlink()
        self.env.company.actwin_sms_gateway_id = False
        gateway.unlink()

    def test_a_company_uses_no_other_s_account(self):
        gateway, _server = self.gateway()
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(UserError):
            other.actwin_sms_gateway_id = gateway

    def test_administrators_choose_and_managers_look(self):
        gateway, _server = self.gateway()
        second = gateway.copy({"name": "Second"})
        manager = self.create_person("gw-manager", "manager")
        administrator = self.create_person("gw-admin", "administrator")
        self.assertTrue(gateway.with_user(manager).name)
        for change in (second.action_use, second.action_test, second.action_balance):
            with self.subTest(change.__name__), self.assertRaises(AccessError):
                change.__func__(second.with_user(manager))
        second.with_user(administrator).action_use()
        self.assertEqual(self.env.company.actwin_sms_gateway_id, second)
        self.assertTrue(second.in_use)
        self.assertFalse(gateway.in_use)
        operator = self.create_person("gw-operator", "operator")
        with self.assertRaises(AccessError):
            gateway.with_user(operator).read(["name"])

    def test_another_company_s_account_is_not_seen(self):
        gateway, _server = self.gateway()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="actwin_metering.group_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["actwin.sms.gateway"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            gateway.with_user(stranger).read(["name"])

    def test_settings_show_and_choose_the_account(self):
        gateway, _server = self.gateway()
        self.env.company.actwin_sms_gateway_id = False
        settings = self.env["res.config.settings"].create({})
        settings.actwin_sms_gateway_id = gateway
        settings.execute()
        self.assertEqual(self.env.company.actwin_sms_gateway_id, gateway)
        self.env["res.config.settings"].create({}).action_actwin_sms_balance()
        self.assertTrue(self.env["res.config.settings"].create({}).actwin_sms_balance)

    def test_a_test_message_tells_what_came_of_it(self):
        for kind in SERVERS:
            with self.subTest(kind):
                gateway, server = self.gateway(kind)
                test = self.env["actwin.sms.test"].create(
                    {"gateway_id": gateway.id, "number": "0532 123 45 67"}
                )
                self.assertEqual(test.parts, 1)
                test.action_send()
                self.assertTrue(test.ok)
                self.assertIn(test.job, test.result)
                self.assertEqual(server.texts[0][2], test.body)
                test.action_ask()
                self.assertEqual(test.result, "On its way.")
                server.states = {self.number: {"netgsm": "1", "iletimerkezi": "111"}.get(kind, "3")}
                test.action_ask()
                self.assertEqual((test.ok, test.result), (True, "Delivered."))

    def test_a_test_message_that_is_refused_says_why(self):
        gateway, server = self.gateway()
        test = self.env["actwin.sms.test"].create({"gateway_id": gateway.id, "number": "0212 1"})
        test.action_send()
        self.assertFalse(test.ok)
        self.assertIn("number", test.result)
        gateway.sender = "NOTMINE"
        test.number = "0532 123 45 67"
        test.action_send()
        self.assertIn("(40)", test.result)
        server.fault = "down"
        test.job = "1"
        test.action_ask()
        self.assertIn("HTTP 503", test.result)

    def test_balances_are_read_as_people_write_them(self):
        lira = self.env.ref("base.TRY")
        expected = {
            "netgsm": "1,250 Adet SMS; 40 Adet OTP SMS; 12.50 TL",
            "iletimerkezi": f"1,250 SMS; {format_amount(self.env, 12.5, lira)}",
            "mutlucell": "1,250 SMS",
        }
        for kind, words in expected.items():
            with self.subTest(kind):
                gateway, server = self.gateway(kind)
                gateway.action_balance()
                self.assertEqual((gateway.balance, gateway.balance_words), (1250.0, words))
                server.fault = "garbage"
                with self.assertRaises(UserError):
                    gateway.action_balance()

    def test_credit_that_runs_out_is_told_of_once(self):
        gateway, server = self.gateway(balance_warn=100)
        administrator = self.create_person("balance-admin", "administrator")
        self.route(category="system", user_ids=[Command.set(administrator.ids)])
        for amount in ("500", "90", "80", "500", "70"):
            server.balance = [{"amount": amount, "balance_name": "Adet SMS"}]
            self.run_cron("actwin_sms_tr.ir_cron_sms_balance")
        self.run_job()
        found = self.message.search([("kind_id.code", "=", "sms_balance_low")], order="id")
        self.assertEqual(len(found), 2)
        self.assertIn("90 Adet SMS", found[0].body)

    def test_a_gateway_that_does_not_tell_its_balance_stops_no_other(self):
        _first, broken = self.gateway("netgsm")
        other = self.env["res.company"].create({"name": "Other"})
        second, _server = self.gateway("mutlucell", company=other)
        broken.fault = "down"
        self.run_cron("actwin_sms_tr.ir_cron_sms_balance")
        self.assertEqual(second.balance, 1250.0)

    def test_a_neutralised_copy_sends_nothing(self):
        _gateway, server = self.gateway()
        message = self.tell_by_sms()
        self.env.flush_all()
        with file_open("actwin_sms_tr/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        calls = len(server.calls)
        self.poll()
        message.state = "failed"
        message.action_retry()
        self.send()
        self.assertEqual((message.state, len(server.calls)), ("failed", calls))

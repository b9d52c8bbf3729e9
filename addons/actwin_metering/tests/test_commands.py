from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectorCase


@tagged("post_install", "-at_install")
class TestCommands(CollectorCase):
    """What people ask of a collector, and its answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.staff("operator")
        cls.commands = cls.env["actwin.collector.command"]

    def ask(self, kind="read_now", target=None, args=None, user=None):
        target = (target or self.device).with_user(user or self.operator)
        return self.commands.with_user(user or self.operator)._request(kind, target, args)

    def report(self, command, **result):
        return self.api.report_commands("C1", [{"id": command.ref, "ok": True, **result}])

    def test_from_button_to_result(self):
        action = self.device.with_user(self.operator).action_read_now()
        command = self.commands.browse(action["res_id"])
        self.assertEqual((command.state, command.user_id), ("queued", self.operator))
        told = self.api.fetch_commands("C1")
        left = told[0].pop("seconds_left")
        self.assertTrue(200 < left <= 300)
        expected = {
            "id": command.ref,
            "kind": "read_now",
            "device": "D1",
            "line": "tcp1",
            "args": {},
        }
        self.assertEqual(told, [expected])
        self.assertEqual(command.state, "sent")
        data = {"values": [{"register": "energy", "value": "12.5", "unit": "kWh"}], "n": 3}
        answer = self.report(command, text="line one\nline two", data=data)
        self.assertEqual(answer, {"taken": [command.ref]})
        self.assertEqual((command.state, command.data), ("done", data))
        self.assertEqual(command.text, "line one\nline two")
        self.assertEqual(self.api.fetch_commands("C1"), [])

    def test_comes_again_until_it_is_answered(self):
        self.ask()
        first, second = self.api.fetch_commands("C1"), self.api.fetch_commands("C1")
        self.assertEqual(first[0]["id"], second[0]["id"])

    def test_failure_carries_its_code(self):
        command = self.ask()
        self.report(command, ok=False, code="no_answer", text="nothing came")
        self.assertEqual((command.state, command.error_code), ("failed", "no_answer"))

    def test_second_report_of_the_same_changes_nothing(self):
        command = self.ask()
        self.report(command, text="first")
        self.assertEqual(self.report(command, ok=False, text="second"), {"taken": [command.ref]})
        self.assertEqual((command.state, command.text), ("done", "first"))

    def test_whoever_asked_is_told_at_each_step(self):
        sent = []
        with patch.object(
            type(self.env["res.users"]),
            "_bus_send",
            lambda user, kind, message: sent.append(message),
        ):
            command = self.ask()
            self.api.fetch_commands("C1")
            self.report(command)
        self.assertEqual([item["state"] for item in sent], ["sent", "done"])
        self.assertEqual({item["id"] for item in sent}, {command.id})

    def test_the_same_while_open_is_one_command(self):
        self.assertEqual(self.ask(), self.ask(user=self.staff("technician")))
        logs = self.ask("logs", self.collector, {"lines": 10})
        self.assertNotEqual(logs, self.ask("logs", self.collector, {"lines": 20}))
        self.report(self.ask())
        self.assertEqual(self.ask().state, "queued")

    def test_unanswered_is_given_up_and_a_late_answer_still_counts(self):
        command = self.ask()
        command.sudo().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.api.fetch_commands("C1"), [])
        self.commands._cron_expire()
        self.assertEqual(command.state, "expired")
        self.report(command, text="late")
        self.assertEqual((command.state, command.text), ("done", "late"))

    def test_garbage_is_swallowed(self):
        command = self.ask()
        deep = []
        deep.append(deep)
        for results in (
            None,
            5,
            "x",
            {},
            [None, 1, "x", []],
            [{}],
            [{"id": None}, {"id": 7}, {"id": ["x"]}, {"id": "x" * 999}],
            [{"id": "unknown", "ok": True}],
        ):
            with self.subTest(results=str(results)[:40]):
                self.assertIsInstance(self.api.report_commands("C1", results)["taken"], list)
                self.assertEqual(command.state, "queued")
        self.api.report_commands(
            "C1",
            [{"id": command.ref, "ok": "yes", "code": [1], "text": {"a": 1}, "data": deep}] * 300,
        )
        self.assertEqual((command.state, command.data, command.text), ("failed", False, ""))
        other = self.ask()
        self.report(
            other, text="a\x00b\n" * 100_000, data={"x": "y" * 9999, "deep": deep, "f": 0.5}
        )
        self.assertLessEqual(len(other.text), 200_000)
        self.assertEqual((len(other.data["x"]), other.data["f"]), (2000, "0.5"))
        huge = self.ask()
        self.report(huge, data={str(n): "y" * 2000 for n in range(4000)})
        self.assertEqual((huge.state, huge.data), ("done", False))

    def test_collector_of_another_site_takes_and_answers_nothing(self):
        other = self.env["actwin.collector"].create(
            {"name": "Other", "code": "C2", "site_id": self.create_site(code="TS2").id}
        )
        other._ensure_user()
        api = self.env["actwin.collector"].with_user(other.user_id)
        command = self.ask()
        self.assertEqual(api.fetch_commands("C2"), [])
        api.report_commands("C2", [{"id": command.ref, "ok": True, "text": "forged"}])
        self.assertEqual((command.state, command.text), ("queued", False))
        for call in (api.fetch_commands, api.report_commands):
            with self.assertRaises(AccessError):
                call("C1")

    def test_who_may_ask_what(self):
        lowest = {
            ("read_now", self.device): 0,
            ("trace", self.device): 0,
            ("check", self.device): 0,
            ("check", self.line): 0,
            ("logs", self.collector): 0,
            ("queue", self.collector): 0,
            ("scan", self.line): 1,
            ("read_profile", self.device): 1,
            ("set_clock", self.device): 2,
        }
        users = [self.staff(role) for role in ("technician", "operator", "manager")]
        for (kind, target), low in lowest.items():
            for level, user in enumerate(users):
                with self.subTest(kind=kind, level=level):
                    if level >= low:
                        self.assertTrue(self.ask(kind, target, user=user))
                    else:
                        with self.assertRaises(AccessError):
                            self.ask(kind, target, user=user)
        with self.assertRaises(AccessError):
            self.ask("queue", self.collector, {"requeue": True}, users[0])

    def test_foreign_site_is_refused(self):
        self.site.user_ids = self.staff("operator", "of-the-site")
        with self.assertRaises(AccessError):
            self.ask()

    def test_nobody_forges_commands_or_answers(self):
        command = self.ask()
        admin = self.staff("administrator")
        for attempt in (
            lambda: command.with_user(admin).write({"state": "done"}),
            lambda: self.commands.with_user(admin).create(
                {"kind": "set_clock", "collector_id": self.collector.id}
            ),
            lambda: command.with_user(admin).unlink(),
            lambda: command.with_user(self.collector.user_id).read(["text"]),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_stopped_line_and_wrong_target_are_told_in_words(self):
        with self.assertRaises(UserError):
            self.ask("read_now", self.line)
        self.line.stop("rewiring")
        for target in (self.device, self.line):
            with self.refused("rewiring"):
                self.ask("check", target)

    def test_wizard_asks_for_details(self):
        ask = self.env["actwin.command.ask"].with_user(self.operator)
        wizard = ask.create(
            {"kind": "scan", "line_id": self.line.id, "driver": "modbus", "addresses": "1-5"}
        )
        args = self.commands.browse(wizard.action_send()["res_id"]).args
        self.assertEqual(
            (args["addresses"], args["driver"], args["timeout"]), ("1-5", "modbus", "0.5")
        )
        wizard = ask.create(
            {
                "kind": "read_profile",
                "device_id": self.device.id,
                "date_from": "2026-03-01 00:00:00",
                "date_to": "2026-03-02 00:00:00",
            }
        )
        args = self.commands.browse(wizard.action_send()["res_id"]).args
        self.assertEqual(args["start"], "2026-03-01T00:00:00+00:00")
        wizard.date_to = wizard.date_from
        with self.assertRaises(UserError):
            wizard.action_send()

    def test_found_devices_are_created(self):
        manager = self.staff("manager")
        command = self.ask("scan", self.line, {"driver": "mbus"}, manager)
        found = [
            {"address": "1", "meter": "ABC 1"},
            {"address": "7", "meter": "bad_frame: x"},
            "x",
            {},
        ]
        self.report(command, data={"found": found})
        action = command.with_user(manager).action_create_devices()
        wizard = self.env["actwin.scan.create"].browse(action["res_id"]).with_user(manager)
        self.assertEqual(wizard.line_ids.mapped("address"), ["1", "7"])
        self.assertEqual(wizard.line_ids.mapped("selected"), [False, True])
        self.assertEqual(wizard.line_ids.mapped("name"), ["ABC 1", "tcp1 7"])
        wizard.template_id = self.env["actwin.device.template"].search([("driver", "=", "mbus")])[
            :1
        ]
        wizard.action_create()
        device = self.env["actwin.device"].search([("key", "=", "tcp1-7")])
        self.assertEqual((device.driver, device.address, device.line_id), ("mbus", "7", self.line))
        self.assertNotIn("tcp1-7", [item["key"] for item in self.api.get_config("C1")["devices"]])

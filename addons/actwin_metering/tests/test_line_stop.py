from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CollectorCase


@tagged("post_install", "-at_install")
class TestLineStop(CollectorCase):
    """A line is stopped by a supervisor, for a reason, and everybody responsible knows (S048)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.staff("manager", name="Manager", email="manager@example.com")
        cls.administrator = cls.staff("administrator")

    def told(self):
        return self.line.message_ids.filtered("partner_ids")[:1].partner_ids

    def test_stop_and_start_reach_the_collector_and_stay_on_record(self):
        self.line.with_user(self.manager).stop("  cabinet 4\n is rewired ")
        self.assertFalse(self.api.get_config("C1")["lines"][0]["enabled"])
        self.assertEqual(self.line.stop_reason, "cabinet 4 is rewired")
        self.assertEqual((self.line.state, self.line.stopped_by_id), ("stopped", self.manager))
        self.assertEqual(self.device.state, "stopped")
        self.assertEqual(self.collector.stopped_line_count, 1)
        self.assertLessEqual(
            {self.manager.partner_id, self.administrator.partner_id}, set(self.told())
        )
        self.assertIn("cabinet 4 is rewired", self.collector.message_ids[:1].body)
        self.assertIn(self.manager, self.line.activity_ids.user_id)
        events = self.env["actwin.device.event"].search([("device_key", "=", "tcp1")])
        self.assertEqual((events.code, "Manager" in events.text), ("line_stopped", True))

        self.line.with_user(self.administrator).start()
        self.assertTrue(self.api.get_config("C1")["lines"][0]["enabled"])
        self.assertFalse(self.line.stop_reason or self.line.activity_ids)
        codes = self.env["actwin.device.event"].search([("device_key", "=", "tcp1")]).mapped("code")
        self.assertEqual(sorted(codes), ["line_started", "line_stopped"])

    def test_a_reason_is_needed_and_twice_is_once(self):
        for reason in ("", None, "  ", "x"):
            with self.assertRaises(UserError):
                self.line.with_user(self.manager).stop(reason)
        self.line.stop("first reason")
        self.line.stop("second reason")
        self.assertEqual(self.line.stop_reason, "first reason")

    def test_operators_and_technicians_cannot_stop_by_any_way(self):
        for role in ("technician", "operator"):
            line = self.line.with_user(self.staff(role))
            with self.subTest(role=role):
                for attempt in (
                    lambda line=line: line.stop("by mistake"),
                    lambda line=line: line.start(),
                    lambda line=line: line.action_ask_stop(),
                    lambda line=line: line.write({"enabled": False}),
                    lambda line=line: line.write({"stop_reason": "x"}),
                    lambda line=line: line.unlink(),
                    lambda line=line: line.write({"host": "elsewhere"}),
                    lambda line=line: line.env["actwin.line.stop"].create(
                        {"line_ids": [Command.set(line.ids)], "reason": "by mistake"}
                    ),
                ):
                    with self.assertRaises(UserError):
                        attempt()
                found = line.load([".id", "enabled"], [[str(line.id), "False"]])
                self.assertFalse(found["ids"])
        self.assertTrue(self.line.enabled)

    def test_supervisors_cannot_stop_without_a_trace(self):
        line = self.line.with_user(self.administrator)
        lines = line.browse()
        base = {"collector_id": self.collector.id, "key": "x", "host": "h", "port": 1}
        for attempt in (
            lambda: line.write({"enabled": False}),
            lambda: lines.create(base | {"enabled": False}),
            lambda: lines.create(base | {"stopped_by_id": self.manager.id}),
        ):
            with self.assertRaises(UserError):
                attempt()
        self.assertFalse(line.load([".id", "enabled"], [[str(line.id), "False"]])["ids"])
        line.stop("a good reason")
        with self.assertRaises(UserError):
            line.write({"enabled": True})
        with self.assertRaises(UserError):
            line.unlink()

    def test_supervisor_of_another_company_or_site_cannot_stop(self):
        company = self.env["res.company"].create({"name": "Other company"})
        foreign = new_test_user(
            self.env,
            "foreign",
            groups="actwin_metering.group_administrator",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            self.line.with_user(foreign).stop("not mine")
        self.site.user_ids = self.staff("manager", "of-the-site")
        with self.assertRaises(AccessError):
            self.line.with_user(self.manager).stop("not mine")
        portal = new_test_user(self.env, "tenant", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.line.with_user(portal).stop("not mine")
        with self.assertRaises(AccessError):
            self.line.with_user(self.collector.user_id).stop("not mine")

    def test_staff_of_the_site_are_told_when_there_are_some(self):
        own = self.staff("manager", "own")
        self.site.user_ids = own
        self.line.with_user(own).stop("rewiring")
        self.assertEqual(self.told(), own.partner_id)
        self.assertEqual(self.line.activity_ids.user_id, own)

    def test_reminded_daily_until_it_is_started(self):
        lines = self.env["actwin.line"]
        self.line.stop("rewiring")
        count = len(self.line.message_ids)
        version = self.collector.config_version
        lines._cron_remind_stopped()
        self.assertEqual(len(self.line.message_ids), count)
        for _day in range(2):
            self.env.cr.execute(
                "UPDATE actwin_line SET reminded_at = %s WHERE id = %s",
                [fields.Datetime.now() - timedelta(days=1), self.line.id],
            )
            self.line.invalidate_recordset()
            lines._cron_remind_stopped()
            lines._cron_remind_stopped()
        self.assertEqual(len(self.line.message_ids), count + 2)
        self.assertIn("rewiring", self.line.message_ids[:1].body)
        self.assertEqual(self.collector.config_version, version)
        self.line.start()
        count = len(self.line.message_ids)
        lines._cron_remind_stopped()
        self.assertEqual(len(self.line.message_ids), count)

    def test_wizard_stops_what_was_chosen(self):
        action = self.line.with_user(self.manager).action_ask_stop()
        wizard = (
            self.env["actwin.line.stop"]
            .with_user(self.manager)
            .with_context(**action["context"])
            .create({"reason": "rewiring"})
        )
        self.assertEqual(wizard.device_count, 1)
        wizard.action_stop()
        self.assertFalse(self.line.enabled)

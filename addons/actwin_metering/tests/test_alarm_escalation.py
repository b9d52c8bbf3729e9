from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .alarm_common import AlarmCase, at
from .notify_common import NotifyCase


@tagged("post_install", "-at_install")
class TestAlarmEscalation(AlarmCase, NotifyCase):
    """Nobody answers: the next ones are told, level by level."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.create_rule(severity="serious", escalate_minutes=30)
        cls.boss = cls.create_person("boss", "manager")
        cls.route(level=0, category="alarm")
        cls.route(level=2, category="alarm", user_ids=[Command.set(cls.boss.ids)])

    def setUp(self):
        super().setUp()
        self.feed([11])
        self.alarm = self.alarms(self.rule)

    def wait(self, minutes):
        """Let the job of escalation run after so many minutes; levels it raised alarms to."""
        later = self.env.cr.now() + timedelta(minutes=minutes)
        with patch.object(type(self.env.cr), "now", lambda cursor: later):
            return self.env["actwin.alarm"]._escalate().mapped("escalation_level")

    def kinds_told(self, user):
        self.run_job()
        messages = self.message.search([("user_id", "=", user.id)], order="id")
        return messages.mapped("kind_id.code")

    def test_levels_that_somebody_has_until_there_is_none(self):
        self.assertEqual(self.kinds_told(self.operator), ["alarm_raised"])
        self.assertFalse(self.kinds_told(self.boss))
        self.assertEqual(self.wait(29), [])
        self.assertEqual(self.wait(31), [2])
        self.assertEqual(self.kinds_told(self.boss), ["alarm_escalated"])
        self.assertEqual(self.kinds_told(self.operator), ["alarm_raised", "alarm_escalated"])
        self.assertEqual(self.wait(600), [])

    def test_step_by_step(self):
        self.route(level=1, category="alarm")
        self.assertEqual(self.wait(31), [1])
        self.assertEqual(self.wait(50), [])
        self.assertEqual(self.wait(62), [2])

    def test_not_what_is_acknowledged_shelved_or_over(self):
        self.alarm.with_user(self.operator).action_acknowledge()
        self.assertEqual(self.wait(60), [])

    def test_not_what_is_shelved_until_its_time_is_up(self):
        soon = datetime.now() + timedelta(minutes=90)
        self.alarm.with_user(self.operator)._shelve(soon, "works")
        self.assertEqual(self.wait(60), [])
        self.assertTrue(self.alarm.shelved_until)
        self.wait(95)
        self.assertFalse(self.alarm.shelved_until)
        self.assertEqual(self.alarm.escalation_level, 2)

    def test_not_what_is_over(self):
        self.feed([9], start=0.25)
        self.assertEqual(self.wait(60), [])

    def test_a_rule_without_escalation_and_a_route_for_graver_ones(self):
        self.rule.escalate_minutes = 0
        self.assertEqual(self.wait(60), [])
        self.rule.escalate_minutes = 30
        routes = self.env["actwin.message.route"].search([("level", "=", 2)])
        routes.severity = "critical"
        self.assertEqual(self.wait(60), [])

    def test_what_comes_back_begins_anew(self):
        self.wait(31)
        self.feed([9], start=0.25)
        self.feed([11], start=0.5)
        self.assertEqual((self.alarm.state, self.alarm.escalation_level), ("raised", 0))


@tagged("post_install", "-at_install")
class TestAlarmPreview(AlarmCase):
    """A rule is tried on the last 30 days: nothing is kept, and only what the user sees counts."""

    def feed_lately(self, values, channel=None):
        now = self.env.cr.now().replace(minute=0, second=0, microsecond=0)
        hours = (now - at(0)).total_seconds() / 3600 - len(values)
        self.feed(values, start=hours, minutes=60, channel=channel)

    def preview(self, rule, user=None):
        action = rule.with_user(user or self.env.user).action_preview()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_how_often_it_would_have_fired(self):
        self.feed_lately([9, 11, 9, 9, 12, 15])
        rule = self.create_rule(reopen_minutes=0, active=False)
        found = self.preview(rule)
        self.assertEqual((found.count, found.point_count, found.register_count), (2, 1, 1))
        self.assertEqual(found.line_ids.mapped("peak"), [15, 11])
        self.assertEqual(found.line_ids.mapped(lambda line: bool(line.until)), [False, True])
        self.assertEqual(found.summary, "Rule would have fired 2 times, at 1 points.")
        self.assertFalse(self.alarms(), "nothing is raised by it")

    def test_alarms_that_are_on_do_not_matter(self):
        rule = self.create_rule()
        self.feed_lately([9, 11, 12])
        self.assertEqual(len(self.alarms(rule)), 1)
        self.assertEqual(self.preview(rule).count, 1)

    def test_only_points_the_user_sees(self):
        other = self.create_site(code="HID", user_ids=[Command.set(self.env.user.ids)])
        point = self.create_point(code="H1", site_id=other.id)
        channel = self.create_channel(
            point_id=point.id, kind="instant", quantity="power", unit="kW", obis="1.7.0"
        )
        collector = self.env["actwin.collector"].create(
            {"name": "Hidden", "code": "HID", "site_id": other.id}
        )
        collector._ensure_user()
        rule = self.create_rule(site_id=False)
        self.env.cr.execute(
            "INSERT INTO actwin_reading (channel_id, ts, value) VALUES (%s, %s, 50)",
            [channel.id, self.env.cr.now() - timedelta(hours=2)],
        )
        self.env["actwin.reading.store"]._refresh_last([channel.id])
        self.assertEqual(self.preview(rule).count, 1)
        self.assertEqual(self.preview(rule, self.staff("operator")).count, 0)

    def test_technicians_do_not_try_rules(self):
        rule = self.create_rule()
        with self.assertRaises(AccessError):
            self.preview(rule, self.staff("technician"))

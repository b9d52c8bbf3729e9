from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .alarm_common import AlarmCase
from .common import make_batch


@tagged("post_install", "-at_install")
class TestAlarmAbsence(AlarmCase):
    """What does not come, and alarms whose rule or register is gone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now().replace(microsecond=0)
        cls.watch = cls.env["actwin.alarm.watch"]
        cls.collector.last_seen = cls.now

    def ago(self, minutes):
        return self.now - timedelta(minutes=minutes)

    def deliver(self, minutes, channel=None):
        self.send((str(self.ago(minutes)), str(1000 - minutes)), channel=channel)

    def look(self):
        self.watch._cron_watch()

    def test_a_register_that_used_to_deliver(self):
        rule = self.create_rule(type="absence", quantity="active_import", silent_minutes=60)
        self.look()
        self.assertFalse(self.alarms(), "it never delivered")
        self.deliver(90)
        self.look()
        alarm = self.alarms(rule)
        self.assertEqual((alarm.channel_id, alarm.ts), (self.channel, self.ago(90)))
        self.assertEqual(alarm.device_id, self.device)
        self.look()
        self.assertEqual((len(self.alarms()), alarm.count), (1, 1))
        self.deliver(80)
        self.look()
        self.assertTrue(alarm.open, "what comes late says nothing of now")
        self.deliver(1)
        self.look()
        self.assertEqual((alarm.state, alarm.cleared_ts), ("cleared", self.ago(80)))

    def test_by_the_schedule_of_its_device(self):
        rule = self.create_rule(type="absence", quantity="active_import", silent_minutes=0)
        schedule = self.device.schedule_id
        minutes = 3 * max(schedule.poll_seconds, schedule.store_seconds) // 60
        self.deliver(minutes - 1)
        self.look()
        self.assertFalse(self.alarms(rule))
        self.env["actwin.channel"].browse(self.channel.id).last_ts = self.ago(minutes + 1)
        self.look()
        self.assertTrue(self.alarms(rule))

    def test_a_device(self):
        rule = self.create_rule(type="absence", absence_of="device", silent_minutes=60)
        self.device.last_ok = self.ago(61)
        fresh = self.create_device("D2", address="2")
        self.look()
        alarm = self.alarms(rule)
        self.assertEqual(
            (alarm.device_id, alarm.point_id, alarm.device_key), (self.device, self.point, "D1")
        )
        self.env.cr.execute(
            "UPDATE actwin_device SET create_date = %s WHERE id = %s", [self.ago(70), fresh.id]
        )
        self.look()
        self.assertEqual(len(self.alarms(rule)), 2, "one that never answered")
        batch = make_batch([])
        batch["comm"] = [{"device": "D1", "started": str(self.ago(1)), "ok": True}]
        self.reading.ingest(batch)
        self.look()
        self.assertEqual((alarm.state, alarm.cleared_ts), ("cleared", self.ago(1)))

    def test_devices_of_a_silent_collector_or_a_stopped_line_are_explained(self):
        devices = self.create_rule(type="absence", absence_of="device", silent_minutes=60)
        readings = self.create_rule(type="absence", quantity="active_import", silent_minutes=60)
        collectors = self.create_rule(type="absence", absence_of="collector", silent_minutes=60)
        self.device.last_ok = self.ago(200)
        self.deliver(200)
        self.collector.last_seen = self.ago(100)
        self.look()
        self.assertEqual(self.alarms().rule_id, collectors)
        self.assertEqual(self.alarms().collector_id, self.collector)
        self.collector.last_seen = self.now
        self.line.with_user(self.staff("manager")).stop("works on the riser")
        self.look()
        self.assertFalse(self.alarms(open=True, rule=devices) | self.alarms(readings, open=True))
        self.assertFalse(self.alarms(collectors).open)
        self.line.with_user(self.staff("manager")).start()
        self.look()
        self.assertEqual(self.alarms(open=True).rule_id, devices | readings)

    def test_a_rule_that_is_switched_off_takes_its_alarms_with_it(self):
        rule = self.create_rule(type="absence", quantity="active_import", silent_minutes=60)
        self.deliver(90)
        self.look()
        rule.active = False
        alarm = self.alarms(rule)
        self.assertEqual((alarm.state, alarm.cleared_by.id), ("cleared", False))
        self.assertEqual(alarm.clear_reason, "No rule watches this any more.")

    def test_an_alarm_ends_when_its_rule_leaves_the_register(self):
        point = self.create_point(code="P2")
        for change in (
            lambda rule: rule.write({"point_ids": point.ids}),
            lambda rule: rule.write({"quantity": "voltage"}),
            lambda rule: rule.write({"active": False}),
            lambda rule: (self.power.write({"active": False}), self.look()),
        ):
            rule = self.create_rule()
            self.power.active = True
            self.feed([11, 12])
            self.assertTrue(self.alarms(rule).open)
            rule.write({"limit": 11, "name": "Other"})
            self.look()
            self.assertTrue(self.alarms(rule).open, "it is watched still")
            change(rule)
            self.assertFalse(self.alarms(rule).open)
            self.env.cr.execute("DELETE FROM actwin_reading")

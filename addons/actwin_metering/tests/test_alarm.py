from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectorCase

START = datetime(2026, 3, 2, 9, 0)


@tagged("post_install", "-at_install")
class TestAlarm(CollectorCase):
    """The life of an alarm: raised once, counted, acknowledged, shelved, cleared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["actwin.alarm.rule"].create(
            {"name": "Too much", "type": "parameter", "severity": "serious", "limit": 10}
        )
        cls.operator = cls.staff("operator")

    def hit(self, minutes=0, **values):
        return {
            "rule_id": self.rule.id,
            "channel_id": self.channel.id,
            "ts": START + timedelta(minutes=minutes),
            "value": 12 + minutes,
            "limit": 10,
            **values,
        }

    def raise_one(self, minutes=0, **values):
        return self.env["actwin.alarm"]._raise([self.hit(minutes, **values)])

    def alarms(self):
        return self.env["actwin.alarm"].search([("rule_id", "=", self.rule.id)])

    def test_one_open_alarm_however_often_it_is_hit(self):
        meter = self.create_meter()
        self.install("2026-01-01", meter_id=meter.id)
        alarm = self.raise_one()
        self.assertEqual(
            (alarm.state, alarm.severity, alarm.point_id, alarm.site_id, alarm.meter_id),
            ("raised", "serious", self.point, self.site, meter),
        )
        self.assertFalse(self.raise_one(), "the same hit again")
        self.assertFalse(self.raise_one(15))
        self.assertEqual((alarm.count, alarm.ts, alarm.ts_last), (2, START, self.hit(15)["ts"]))
        self.assertEqual((alarm.value, alarm.peak), (27, 27))
        self.assertFalse(self.raise_one(30, value=11))
        self.assertEqual((alarm.count, alarm.value, alarm.peak), (3, 11, 27))
        self.assertEqual(alarm.message, "27 kWh, limit 10")

    def test_a_set_of_hits_costs_few_queries(self):
        channels = [self.create_channel(obis=f"x.{n}") for n in range(30)]
        hits = [self.hit(m, channel_id=item.id) for item in channels for m in (0, 15)]
        self.env.flush_all()
        with self.assertQueryCount(40):
            found = self.env["actwin.alarm"]._raise(hits)
        self.assertEqual(len(found), 30)
        self.assertEqual(set(found.mapped("count")), {2})

    def test_clears_by_itself_and_what_returns_soon_is_the_same_alarm(self):
        alarm = self.raise_one()
        self.assertFalse(self.env["actwin.alarm"]._clear([self.hit(-5)]), "before it began")
        self.env["actwin.alarm"]._clear([self.hit(30)])
        self.assertEqual((alarm.state, alarm.open), ("cleared", False))
        self.assertFalse(self.raise_one(40))
        self.assertEqual((alarm.state, alarm.count), ("raised", 2))
        self.env["actwin.alarm"]._clear([self.hit(50)])
        self.assertEqual(len(self.raise_one(180)), 1)
        self.assertEqual(len(self.alarms()), 2)

    def test_what_is_over_already_is_history_once(self):
        values = {"until": START + timedelta(minutes=20)}
        alarm = self.raise_one(**values)
        self.assertEqual((alarm.state, alarm.cleared_ts), ("cleared", values["until"]))
        self.assertFalse(self.raise_one(**values))
        self.assertFalse(self.raise_one(10, until=START + timedelta(minutes=15)))

    def test_cleared_by_hand_stays_so_while_the_cause_lasts(self):
        alarm = self.raise_one()
        alarm.with_user(self.operator)._clear_by_hand("known fault")
        self.assertEqual((alarm.state, alarm.cleared_by), ("cleared", self.operator))
        self.assertFalse(self.raise_one(15))
        self.assertEqual(len(self.alarms()), 1)
        self.env["actwin.alarm"]._clear([self.hit(30)])
        self.assertFalse(alarm.still_on)
        self.assertEqual(alarm.clear_reason, "known fault")
        self.assertEqual(len(self.raise_one(24 * 60)), 1)

    def test_decisions_need_an_operator_and_a_reason(self):
        alarm = self.raise_one()
        technician = alarm.with_user(self.staff("technician"))
        for attempt in (technician.action_acknowledge, technician.action_take_over):
            with self.assertRaises(AccessError):
                attempt()
        with self.assertRaises(AccessError):
            alarm.with_user(self.operator).write({"state": "cleared"})
        with self.assertRaises(UserError):
            alarm.with_user(self.operator)._clear_by_hand(" ")
        with self.assertRaises(UserError):
            alarm.unlink()

    def test_acknowledged_by_whoever_presses_the_button(self):
        alarm = self.raise_one()
        alarm.with_user(self.operator).action_acknowledge()
        self.assertEqual(
            (alarm.state, alarm.acknowledged_by, alarm.user_id),
            ("acknowledged", self.operator, self.operator),
        )
        self.assertFalse(self.raise_one(15))
        self.assertEqual((alarm.state, alarm.count), ("acknowledged", 2))

    def test_shelved_with_those_to_come(self):
        alarm = self.raise_one()
        wizard = self.env["actwin.alarm.decision"].with_user(self.operator)
        wizard.create(
            {
                "alarm_ids": alarm.ids,
                "decision": "shelve",
                "reason": "works until Friday",
                "until": datetime.now() + timedelta(days=3),
                "coming": True,
            }
        ).action_apply()
        self.assertTrue(alarm.shelved_until)
        self.env["actwin.alarm"]._clear([self.hit(15)])
        coming = self.raise_one(300)
        self.assertEqual(coming.shelve_reason, "works until Friday")
        other = self.create_point(code="P2")
        channel = self.create_channel(point_id=other.id)
        self.assertFalse(self.raise_one(300, channel_id=channel.id).shelved_until)

    def test_a_device_without_a_point_has_alarms_too(self):
        hit = self.hit(collector_id=self.collector.id, device_key="tcp1", channel_id=None)
        alarm = self.env["actwin.alarm"]._raise([hit])
        self.assertEqual((alarm.site_id, alarm.collector_id), (self.site, self.collector))
        self.assertFalse(self.env["actwin.alarm"]._raise([hit | {"ts": START + timedelta(1)}]))
        self.env["actwin.alarm"]._clear([hit])
        self.assertFalse(alarm.open)

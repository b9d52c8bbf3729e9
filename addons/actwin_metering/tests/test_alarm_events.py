from datetime import timedelta
from itertools import permutations

from odoo import Command
from odoo.tests import tagged

from .alarm_common import AlarmCase, at
from .common import make_batch
from .notify_common import NotifyCase


@tagged("post_install", "-at_install")
class TestAlarmEvents(AlarmCase):
    """What devices tell: kept once, given a meaning, raised and cleared as alarms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device.driver = "dlms"
        cls.rule = cls.env.ref("actwin_metering.alarm_rule_events")
        cls.rule.active = True

    def tell(self, *events, device="D1"):
        """Deliver (hours after midnight, code[, text]) events of a device."""
        batch = make_batch([])
        batch["events"] = [
            {
                "device": device,
                "ts": str(at(event[0])),
                "code": event[1],
                "text": "".join(event[2:]),
            }
            for event in events
        ]
        answer = self.reading.ingest(batch)
        self.assertFalse(answer["rejected"])

    def events(self, **values):
        domain = [("collector_id", "=", self.collector.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["actwin.device.event"].search(domain, order="ts, id")

    def kinds(self):
        return self.events().mapped(lambda event: event.kind_id.code or None)

    def told_alarms(self):
        return [
            (a.kind_id.code, *span) for a, span in zip(self.alarms(), self.spans(), strict=True)
        ]

    def test_codes_of_every_protocol_have_a_meaning(self):
        for driver, told in {
            "dlms": {
                "40": "cover_terminal_open",
                "41": "cover_terminal_closed",
                "103": "fraud_attempt",
            },
            "iec62056-21": {
                "F.F.0:5": "cover_terminal_open",
                "F.F.0:13": "magnet",
                "F.F.0:54": "neutral_mismatch",
                "96.77.0": "power_up",
                "96.77.61": "magnet",
                "96.71": "cover_terminal_open",
                "P.98:0020": "clock_set",
                "P.98:00000042": "clock_invalid",
            },
            "mbus": {"status:2": "battery_low", "status:3": "device_fault"},
        }.items():
            self.device.driver = driver
            for code, kind in told.items():
                with self.subTest(driver=driver, code=code):
                    self.tell((1, code, driver))
                    self.assertEqual(self.events(code=code).kind_id.code, kind)
        self.tell((2, "clock_drift"), device="nobody knows")
        self.assertEqual(self.events(device_key="nobody knows").kind_id.code, "clock_drift")

    def test_a_phase_is_part_of_the_meaning(self):
        self.tell((1, "83"))
        self.assertEqual((self.events().kind_id.code, self.events().part), ("phase_missing", "L2"))
        self.assertEqual(self.events().point_id, self.point)

    def test_an_unknown_code_is_kept_and_understood_later(self):
        self.tell((1, "777", "strange"), (1, "P.98:0000"))
        unknown = self.events(kind_id=False)
        self.assertEqual(len(unknown), 2)
        self.assertFalse(self.alarms())
        action = unknown.filtered(lambda event: event.code == "777").action_give_meaning()
        kind = self.env.ref("actwin_metering.event_kind_leak")
        codes = self.env["actwin.event.code"].with_context(**action["context"])
        codes.create({"kind_id": kind.id})
        self.assertEqual(self.events(code="777").kind_id, kind)
        self.tell((2, "777"))
        self.assertEqual(self.alarms().kind_id, kind)

    def test_stored_once_but_for_what_differs_within_a_second(self):
        self.tell((1, "47", "limit"), (1, "47", "key"), (1, "47", "limit"))
        self.tell((1, "47", "limit"))
        self.assertEqual(len(self.events()), 2)

    def test_an_alarm_with_the_kinds_own_severity_until_its_end_is_told(self):
        self.tell((1, "40", "door"), (1, "2"))
        alarm = self.alarms()
        self.assertEqual(
            (alarm.severity, alarm.state, alarm.device_id), ("critical", "raised", self.device)
        )
        self.assertEqual(
            (alarm.message, alarm.point_id), ("Terminal cover opened · door", self.point)
        )
        self.tell((1, "40", "door"))
        self.assertEqual(alarm.count, 1)
        self.tell((3, "41"))
        self.assertEqual((alarm.state, alarm.cleared_ts), ("cleared", at(3)))

    def test_kinds_do_not_share_an_alarm(self):
        self.tell((1, "40"), (2, "42"), (3, "43"))
        self.assertEqual(self.told_alarms(), [("cover_terminal_open", 1, None), ("magnet", 2, 3)])

    def test_every_order_of_delivery_ends_alike(self):
        for number, order in enumerate(permutations([(1, "40"), (2, "41"), (3, "40")])):
            key = f"O{number}"
            self.create_device(key, driver="dlms", address=key)
            for event in order:
                self.tell(event, device=key)
            alarms = self.alarms(device_key=key)
            with self.subTest(order=order):
                self.assertEqual(alarms.filtered("open").mapped("ts_last"), [at(3)])

    def test_a_phase_that_is_back_does_not_end_what_another_lacks(self):
        back = self.env.ref("actwin_metering.event_kind_phase_back")
        for code, part in (("901", "L1"), ("902", "L2")):
            values = {"code": code, "part": part, "kind_id": back.id, "driver": "dlms"}
            self.env["actwin.event.code"].create(values)
        self.tell((1, "82"), (2, "83"))
        self.tell((3, "901"))
        self.assertEqual(self.told_alarms(), [("phase_missing", 1, None)])
        self.tell((4, "902"))
        self.assertEqual(self.told_alarms(), [("phase_missing", 1, 4)])

    def test_a_rule_that_names_a_kind_goes_before_the_general_one(self):
        kind = self.env.ref("actwin_metering.event_kind_power_down")
        cover = self.env.ref("actwin_metering.event_kind_cover_terminal_open")
        own = self.create_rule(
            type="event", severity="info", event_kind_ids=[Command.set((kind | cover).ids)]
        )
        self.tell((1, "1"), (1, "40"), (1, "42"))
        self.assertEqual(
            {(alarm.rule_id, alarm.kind_id.code, alarm.severity) for alarm in self.alarms()},
            {
                (own, "power_down", "info"),
                (own, "cover_terminal_open", "info"),
                (self.rule, "magnet", "critical"),
            },
        )

    def test_hours_and_points_of_a_rule(self):
        self.rule.active = False
        elsewhere = self.create_point(code="P9")
        cover = self.env.ref("actwin_metering.event_kind_cover_terminal_open")
        values = {"type": "event", "event_kind_ids": [Command.set(cover.ids)]}
        self.create_rule(point_ids=[Command.set(elsewhere.ids)], **values)
        night = self.create_rule(hour_from=20, hour_to=6, **values)
        self.tell((12, "40"))
        self.assertFalse(self.alarms())
        self.tell((21, "40"))
        self.assertEqual(self.alarms().rule_id, night)

    def test_cleared_by_hand_the_next_one_is_another(self):
        self.tell((1, "42"))
        self.alarms()._clear_by_hand("checked")
        self.tell((1, "42"))
        self.assertEqual(len(self.alarms()), 1)
        self.tell((2, "42"))
        self.assertEqual(len(self.alarms()), 2)


@tagged("post_install", "-at_install")
class TestAlarmStorm(AlarmCase, NotifyCase):
    """10,000 events in a minute: none is lost, and nobody gets more than the throttle allows."""

    def test_a_storm(self):
        self.env.ref("actwin_metering.alarm_rule_events").active = True
        self.route(limit_count=5, limit_minutes=15)
        self.env["actwin.device"].create(
            [
                {
                    "key": f"S{number}",
                    "name": "Meter",
                    "collector_id": self.collector.id,
                    "line_id": self.line.id,
                    "driver": "dlms",
                    "address": str(number),
                }
                for number in range(1000)
            ]
        )
        for part in range(4):
            batch = make_batch([])
            batch["events"] = [
                {
                    "device": f"S{number % 1000}",
                    "ts": str(at(0) + timedelta(milliseconds=6 * number)),
                    "code": ("40", "42")[number // 1000 % 2],
                    "text": str(number),
                }
                for number in range(2500 * part, 2500 * part + 2500)
            ]
            self.assertFalse(self.reading.ingest(batch)["rejected"])
        count = self.env["actwin.device.event"].search_count([("device_key", "like", "S%")])
        self.assertEqual(count, 10_000)
        alarms = self.alarms()
        self.assertEqual((len(alarms), sum(alarms.mapped("count"))), (2000, 10_000))
        self.run_job()
        messages = self.message.search([("partner_id", "=", self.operator.partner_id.id)])
        sent = messages.filtered(lambda item: item.state in ("sent", "delivered", "read"))
        self.assertEqual((len(messages - sent) > 1900, len(sent) <= 5), (True, True))
        self.assertEqual(sum(sent.mapped("bundled_count")) + len(sent), 2000 + 1)

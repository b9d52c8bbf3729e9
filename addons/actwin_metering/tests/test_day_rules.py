from datetime import date, timedelta

from odoo.tests import tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestDayRules(ValidationCase):
    """Each rule on whole days once: what it finds, and that a healthy day stays silent."""

    def history(self, days=20, kwh=24, channel=None, last=None):
        """Hourly index of days before START, the same every day, then ``last`` hour by hour."""
        channel = channel or self.channel
        channel.interval_minutes = 60
        values, index = [1000], 1000
        for step in [kwh / 24] * (24 * days) + list(last or [kwh / 24] * 24):
            index += step
            values.append(index)
        self.feed(values, start=START - timedelta(days=days), minutes=60, channel=channel)
        self.env["actwin.validation.statistics"]._refresh(channel.ids)
        self.validate()
        self.rollup._mark(channel.ids, START)
        self.validate()

    def codes(self, channel=None):
        found = self.exceptions(channel, state="open", scope="day")
        return set(found.filtered(lambda item: item.day == date(2026, 3, 2)).mapped("code"))

    def activate(self, code, **values):
        rule = self.channel.validation_group_id.with_context(active_test=False).rule_ids
        rule.filtered(lambda item: item.code == code).write({"active": True, **values})

    def test_a_healthy_day(self):
        self.history()
        self.assertFalse(self.exceptions(state="open"))

    def test_v02_a_spike_stands_out_of_day_and_history(self):
        self.history(days=30, last=[1] * 10 + [60] + [1] * 13)
        self.assertLessEqual({"V02", "V18"}, self.codes())

    def test_v02_a_day_of_higher_use_is_no_spike(self):
        self.history(last=[1.2] * 24)
        self.assertFalse(self.codes())

    def test_v03_the_bands_against_the_total(self):
        bands = [self.create_channel(obis=f"1.8.{n}", band=f"t{n}") for n in (1, 2)]
        for channel, step in zip([self.channel, *bands], (3, 1, 1.9), strict=True):
            channel.interval_minutes = 60
            self.feed([100 + step * at for at in range(25)], minutes=60, channel=channel)
        self.validate()
        self.rollup._mark(self.channel.ids, START)
        self.validate()
        self.assertIn("V03", self.codes())
        self.assertIn("69.6", self.exceptions(code="V03").message)

    def test_v04_three_days_without_consumption(self):
        self.history(days=17, last=[0] * 24 * 3)
        found = self.exceptions(code="V04", state="open")
        self.assertEqual([item.day for item in found], [date(2026, 3, 4)])

    def test_v05_use_after_the_subscriber_left(self):
        partner = self.env["res.partner"].create({"name": "Gone"})
        subscriber = self.env["actwin.subscriber"].create(
            {"partner_id": partner.id, "site_id": self.site.id}
        )
        self.env["actwin.occupancy"].create(
            {
                "point_id": self.point.id,
                "subscriber_id": subscriber.id,
                "date_from": "2025-01-01",
                "date_to": "2026-03-01",
            }
        )
        self.history(days=2)
        self.assertIn("V05", self.codes())

    def test_v07_a_value_that_does_not_move(self):
        channel = self.create_channel(
            obis="32.7.0", kind="instant", quantity="voltage", unit="V", digits=0
        )
        self.feed([230 + at % 3 for at in range(40)] + [231] * 13, channel=channel)
        self.validate()
        self.assertEqual(self.exceptions(channel, code="V07").evidence["found"], "13")

    def test_v08_two_values_for_one_moment(self):
        self.feed([100, 101, 102])
        self.feed([101.5], start=START + timedelta(minutes=15))
        self.rollup._mark(self.channel.ids, START)
        self.validate()
        self.assertIn("V08", self.codes())
        self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id), ("state", "=", "open")]
        ).action_dismiss()
        self.rollup._mark(self.channel.ids, START)
        self.validate()
        self.assertNotIn("V08", self.codes())

    def test_v09_readings_off_the_grid(self):
        self.feed([100, 101, 102], start=START + timedelta(minutes=7))
        self.validate()
        self.assertEqual(self.exceptions(code="V09").evidence, {"found": "3", "usual": "15"})

    def test_v10_a_unit_that_does_not_fit(self):
        self.channel.unit = "m3"
        self.feed([100, 101])
        self.validate()
        self.assertIn("V10", self.codes())

    def test_v11_ten_times_the_usual(self):
        self.history(days=17, last=[10] * 24 * 3)
        self.assertIn("V11", self.exceptions(state="open").mapped("code"))

    def test_v12_missing_readings(self):
        self.channel.validation_group_id.estimate = False
        self.feed([None if 10 <= at < 30 else 100 + at for at in range(98)])
        self.validate()
        found = self.exceptions(code="V12", state="open")
        self.assertEqual(found.evidence, {"found": "20", "usual": "96"})

    def test_v13_a_register_that_was_left_out(self):
        other = self.create_channel(obis="2.8.0", quantity="active_export")
        self.feed([5, 6], start=START - timedelta(days=2), channel=other)
        self.feed([100 + at for at in range(97)])
        self.validate()
        self.assertIn("V13", self.codes(other))

    def test_v14_estimated_for_a_week(self):
        self.history(days=2, last=[1] * 24 * 8)
        self.env.cr.execute(
            "UPDATE actwin_reading SET quality = 2 WHERE channel_id = %s AND ts > %s",
            [self.channel.id, START],
        )
        self.rollup._mark(self.channel.ids, START)
        self.validate()
        self.assertTrue(self.exceptions(code="V14", state="open"))

    def test_v16_three_days_far_from_the_median(self):
        self.history(days=17, last=[2.5] * 24 * 3)
        self.assertIn("V16", self.exceptions(state="open").mapped("code"))

    def test_v17_is_off_unless_wanted(self):
        self.activate("V17")
        self.history(last=[1] * 10 + [1.8] + [1] * 13)
        self.assertIn("V17", self.codes())

    def test_v19_main_and_check_meter(self):
        check = self.create_point(code="CHK", role="check", parent_id=self.point.id)
        channel = self.create_channel(point_id=check.id)
        for item, step in ((self.channel, 4), (channel, 3.8)):
            item.interval_minutes = 60
            self.feed([100 + step * at for at in range(25)], minutes=60, channel=item)
        self.validate()
        self.rollup._mark(channel.ids, START)
        self.validate()
        self.assertIn("V19", self.codes(channel))

    def test_v20_reactive_without_active_energy(self):
        reactive = self.create_channel(obis="5.8.0", quantity="reactive_inductive", unit="kvarh")
        for item, step in ((self.channel, 0.1), (reactive, 4)):
            item.interval_minutes = 60
            self.feed([100 + step * at for at in range(25)], minutes=60, channel=item)
        self.validate()
        self.rollup._mark(reactive.ids, START)
        self.validate()
        self.assertIn("V20", self.codes(reactive))

    def test_v21_a_clock_that_is_off(self):
        device = self.env["actwin.device"].create(
            {"collector_id": self.collector.id, "key": "D", "name": "D", "driver": "modbus"}
        )
        self.env["actwin.device.parameter"].create(
            {"device_id": device.id, "register": "1.8.0", "channel_id": self.channel.id}
        )
        event = {
            "device": "D",
            "ts": int((START + timedelta(hours=3)).timestamp()),
            "code": "clock_drift",
            "text": "the meter's clock is +75 s off",
        }
        self.feed([100 + at for at in range(97)], events=[event])
        self.validate()
        self.assertIn("V21", self.codes())
        self.assertIn("+75 s", self.exceptions(code="V21").message)

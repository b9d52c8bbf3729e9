from datetime import date

from odoo import fields
from odoo.tests import tagged

from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestCalibration(MeteringCase):
    """Until when a stamp holds, and who is told before it runs out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)

    def stamped(self, day, **values):
        return self.create_meter(calibration_date=day, **values)

    def period(self, **values):
        return self.env["actwin.calibration.period"].create(
            {"commodity": "gas", "years": 6, "valid_from": "2024-01-01", "source": "x", **values}
        )

    def test_year_of_the_stamp_is_the_first(self):
        """Ten years of a stamp of 2016 end with 2025, whatever its day (regulation, 9/b)."""
        for day in ("2016-01-01", "2016-02-29", "2016-12-31"):
            self.assertEqual(self.stamped(day).calibration_due, date(2025, 12, 31))

    def test_period_may_count_from_the_day(self):
        self.period(stamp_year_counts=False, meter_kind="turbine")
        meter = self.stamped("2020-02-29", commodity="gas", kind="turbine")
        self.assertEqual(meter.calibration_due, date(2026, 2, 28))

    def test_year_of_production_stands_in_for_a_missing_stamp(self):
        meter = self.create_meter(production_year=2018)
        self.assertEqual(meter.calibration_due, date(2027, 12, 31))
        self.assertEqual(self.create_meter().calibration_state, "unknown")

    def test_own_period_of_a_kind_goes_first_and_a_new_law_moves_dates(self):
        meter = self.stamped("2020-05-01", commodity="gas", kind="rotary")
        other = self.stamped("2020-05-01", commodity="gas", kind="diaphragm")
        period = self.period(meter_kind="rotary")
        self.assertEqual(meter.calibration_due, date(2025, 12, 31))
        self.assertEqual(other.calibration_due, date(2029, 12, 31))
        period.years = 8
        self.assertEqual(meter.calibration_due, date(2027, 12, 31))
        period.valid_from = fields.Date.add(self.today, days=1)
        self.assertEqual(meter.calibration_due, date(2029, 12, 31))
        period.valid_from = "2024-01-01"
        period.unlink()
        self.assertEqual(meter.calibration_due, date(2029, 12, 31))

    def test_state_and_filters(self):
        self.period(commodity="heat", meter_kind="ultrasonic", years=1, stamp_year_counts=False)
        expected = {-366: "overdue", -364: "due", -100: "valid"}
        for days, state in expected.items():
            meter = self.stamped(
                fields.Date.add(self.today, days=days), commodity="heat", kind="ultrasonic"
            )
            self.assertEqual(meter.calibration_state, state)
            found = self.env["actwin.meter"].search(
                [("id", "=", meter.id), ("calibration_due", "<", "today")]
            )
            self.assertEqual(bool(found), state == "overdue")

    def test_one_reminder_a_site_for_what_hangs_there(self):
        old = self.stamped("2001-05-01")
        self.stamped("2001-05-01")  # in stock: nobody is cheated
        self.install("2026-01-01", meter_id=old.id)
        self.env["actwin.meter"]._cron_remind_calibration()
        self.env["actwin.meter"]._cron_remind_calibration()
        activity = self.site.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.date_deadline, date(2010, 12, 31))
        self.assertIn("1", activity.summary)
        old.calibration_date = self.today
        self.env["actwin.meter"]._cron_remind_calibration()
        self.assertFalse(self.site.activity_ids)

from odoo.tests import tagged

from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestRollup(MeteringCase):
    """Each rule of the rollup once, with figures worked out by hand."""

    def test_difference_goes_to_the_hour_that_holds_its_end(self):
        self.send(("2026-03-02 09:00:00", "10"), ("2026-03-02 10:00:00", "13.5"))
        self.send(("2026-03-02 10:00:01", "14"), ("2026-03-02 12:30:00", "20"))
        self.roll()
        self.assertEqual(
            self.figures("hour", "consumption count"),
            [
                ("2026-03-02 08:00:00", None, "1"),
                ("2026-03-02 09:00:00", "3.5", "1"),
                ("2026-03-02 10:00:00", "0.5", "1"),
                ("2026-03-02 12:00:00", "6", "1"),
            ],
        )

    def test_day_and_month_begin_at_the_site_not_in_utc(self):
        self.send(("2026-03-31 20:45:00", "1"), ("2026-03-31 21:00:00", "3"))
        self.send(("2026-03-31 21:15:00", "7"))
        self.roll()
        columns = "consumption index_first index_last"
        self.assertEqual(
            self.figures("day", columns),
            [("2026-03-31", "2", "1", "3"), ("2026-04-01", "4", "3", "7")],
        )
        self.assertEqual(self.figures("month"), [("2026-03-01", "2"), ("2026-04-01", "4")])

    def test_multiplier_of_the_installation_applies(self):
        self.install("2026-01-01", ct_primary=400, ct_secondary=5, vt_primary=3, vt_secondary=2)
        self.send(("2026-03-02 09:00:00", "1.25"), ("2026-03-02 09:15:00", "1.5"))
        self.roll()
        self.assertEqual(self.figures("day"), [("2026-03-02", "30")])

    def test_roll_over_at_the_digits(self):
        self.send(("2026-03-02 09:00:00", "99995"), ("2026-03-02 09:15:00", "4.5"))
        self.roll()
        self.assertEqual(
            self.figures("hour", "consumption rollovers faults")[1:],
            [("2026-03-02 09:00:00", "9.5", "1", "0")],
        )

    def test_roll_over_at_the_meters_digits_when_the_channel_has_none(self):
        self.channel.digits = 0
        self.install("2026-01-01", meter_id=self.create_meter(digits=3).id)
        self.send(("2026-03-02 09:00:00", "999"), ("2026-03-02 09:15:00", "2"))
        self.roll()
        self.assertEqual(self.figures("day", "consumption rollovers"), [("2026-03-02", "3", "1")])

    def test_fall_beyond_the_hourly_limit_is_a_fault(self):
        self.channel.validation_group_id = False  # nothing is held back: what falls, falls
        self.channel.max_per_hour = 100
        self.send(("2026-03-02 09:00:00", "99990"), ("2026-03-02 10:00:00", "80"))
        self.send(("2026-03-02 11:00:00", "181"), ("2026-03-02 12:00:00", "180"))
        self.roll()
        self.assertEqual(
            self.figures("hour", "consumption rollovers faults")[1:],
            [
                ("2026-03-02 09:00:00", "90", "1", "0"),
                ("2026-03-02 10:00:00", "101", "0", "0"),
                ("2026-03-02 11:00:00", None, "0", "1"),
            ],
        )

    def test_fall_that_is_no_roll_over_counts_nothing(self):
        self.channel.validation_group_id = False  # nothing is held back: what falls, falls
        self.send(("2026-03-02 09:00:00", "500"), ("2026-03-02 09:15:00", "100"))
        self.send(("2026-03-02 09:30:00", "104"))
        self.roll()
        self.assertEqual(
            self.figures("day", "consumption rollovers faults"), [("2026-03-02", "4", "0", "1")]
        )

    def test_late_reading_moves_what_its_successor_had(self):
        self.send(("2026-03-02 09:00:00", "0"), ("2026-03-04 09:00:00", "100"))
        self.roll()
        self.assertEqual(self.figures("day"), [("2026-03-02", None), ("2026-03-04", "100")])
        self.send(("2026-03-03 09:00:00", "30"))
        self.roll()
        self.assertEqual(
            self.figures("day"),
            [("2026-03-02", None), ("2026-03-03", "30"), ("2026-03-04", "70")],
        )

    def test_suspect_reading_is_left_out_and_counted(self):
        self.send(("2026-03-02 09:00:00", "10"), ("2026-03-02 09:15:00", "99", 1))
        self.send(("2026-03-02 09:30:00", "12", 2))
        self.roll()
        self.assertEqual(
            self.figures("day", "consumption count estimated suspects quality"),
            [("2026-03-02", "2", "2", "1", "1", "1")],
        )

    def test_meter_change_inside_an_hour_is_bridged_by_its_indexes(self):
        self.install("2026-01-01", "2026-03-02 09:20:00", None, 120, ct_primary=2)
        self.install("2026-03-02 09:20:00", opening=5, ct_primary=3)
        self.send(("2026-03-02 09:15:00", "110"), ("2026-03-02 09:30:00", "9"))
        self.roll()
        self.assertEqual(
            self.figures("hour", "consumption rollovers faults"),
            [("2026-03-02 09:00:00", str(10 * 2 + 4 * 3), "0", "0")],
        )

    def test_reading_at_the_very_change_belongs_to_the_nearer_meter(self):
        self.install("2026-01-01", "2026-03-02 09:00:00", 0, 120)
        self.install("2026-03-02 09:00:00", opening=0)
        for value, channel in (("120", self.channel), ("0", self.create_channel(obis="1.8.1"))):
            for installation in self.point.installation_ids if channel != self.channel else ():
                installation.index_ids.copy(
                    {"channel_id": channel.id, "installation_id": installation.id}
                )
            self.send(
                ("2026-03-02 08:45:00", "117"),
                ("2026-03-02 09:00:00", value),
                ("2026-03-02 09:15:00", "4"),
                channel=channel,
            )
            self.roll()
            self.assertEqual(
                self.figures("hour", "consumption faults", channel=channel),
                [("2026-03-02 08:00:00", "120", "0"), ("2026-03-02 09:00:00", "4", "0")],
            )

    def test_meter_change_without_indexes_is_a_fault_until_they_are_entered(self):
        old = self.install("2026-01-01", "2026-03-02 09:20:00")
        new = self.install("2026-03-02 09:20:00")
        self.send(("2026-03-02 09:15:00", "110"), ("2026-03-02 09:30:00", "9"))
        self.send(("2026-03-02 09:45:00", "11"))
        self.roll()
        columns = "consumption rollovers faults"
        self.assertEqual(self.figures("day", columns), [("2026-03-02", "2", "0", "1")])
        index = self.env["actwin.meter.installation.index"]
        common = {"channel_id": self.channel.id}
        index.create({"installation_id": old.id, "closing_index": 112, **common})
        index.create({"installation_id": new.id, "opening_index": 8, **common})
        self.roll()
        self.assertEqual(self.figures("day", columns), [("2026-03-02", str(2 + 1 + 2), "0", "0")])

    def test_changed_multiplier_is_rolled_up_again(self):
        installation = self.install("2026-01-01")
        self.send(("2026-03-02 09:00:00", "10"), ("2026-03-02 09:15:00", "12"))
        self.roll()
        installation.ct_primary = 40
        self.roll()
        self.assertEqual(self.figures("month"), [("2026-03-01", "80")])

    def test_reading_while_no_meter_hangs_is_a_fault(self):
        self.install("2026-03-03")
        self.send(("2026-03-02 09:00:00", "10"), ("2026-03-02 09:15:00", "12"))
        self.roll()
        self.assertEqual(self.figures("day", "consumption faults"), [("2026-03-02", None, "2")])

    def test_interval_channel_adds_up(self):
        channel = self.create_channel(obis="load", kind="interval")
        self.send(
            ("2026-03-02 09:15:00", "1.1"),
            ("2026-03-02 09:30:00", "2.2"),
            ("2026-03-02 09:45:00", "9", 1),
            channel=channel,
        )
        self.roll()
        self.assertEqual(
            self.figures("day", "consumption count suspects", channel=channel),
            [("2026-03-02", "3.3", "2", "1")],
        )

    def test_instantaneous_channel_has_extremes_and_no_consumption(self):
        channel = self.create_channel(obis="32.7.0", kind="instant", quantity="voltage", unit="V")
        self.send(
            ("2026-03-02 09:15:00", "229.5"), ("2026-03-02 09:30:00", "231.0"), channel=channel
        )
        self.roll()
        self.assertEqual(
            self.figures("day", "consumption value_min value_max", channel=channel),
            [("2026-03-02", None, "229.5", "231")],
        )

    def test_changed_zone_moves_the_days(self):
        self.send(("2026-03-02 21:30:00", "1"), ("2026-03-02 21:45:00", "4"))
        self.roll()
        self.assertEqual(self.figures("day"), [("2026-03-03", "3")])
        self.site.tz = "UTC"
        self.roll()
        self.assertEqual(self.figures("day"), [("2026-03-02", "3")])

    def test_mark_set_while_rolling_is_kept(self):
        self.send(("2026-03-02 09:00:00", "1"))
        self.assertEqual(self.roll(), 1)
        self.assertEqual(self.roll(), 0)
        self.send(("2026-03-02 09:15:00", "2"))
        self.assertEqual(self.rollup._count_dirty(), 1)

    def test_cron_works_all_marks_off(self):
        self.send(("2026-03-02 09:00:00", "1"), ("2026-03-02 09:15:00", "2"))
        with self.enter_registry_test_mode():
            self.env.ref("actwin_metering.ir_cron_process_dirty").method_direct_trigger()
        self.assertEqual(self.figures("day"), [("2026-03-02", "1")])

from datetime import date, datetime
from decimal import Decimal

from odoo.tests import tagged

from .common import MeteringCase

_START, _END = datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 10)


@tagged("post_install", "-at_install")
class TestConsumptionBetween(MeteringCase):
    """What billing reads, down to the last digit."""

    def between(self, start=_START, end=_END, channel=None):
        channel = channel or self.channel
        return channel._consumption_between(start, end)[channel.id]

    def test_boundary_is_the_last_usable_reading_before(self):
        self.send(("2026-03-02 08:50:00", "10.1"), ("2026-03-02 09:05:00", "12"))
        self.send(("2026-03-02 09:55:00", "19.35"), ("2026-03-02 10:00:01", "99"))
        figures = self.between()
        self.assertEqual(figures["consumption"], Decimal("9.25"))
        self.assertEqual(
            (figures["first_index"], figures["last_index"]), (Decimal("10.1"), Decimal("19.35"))
        )
        self.assertEqual(figures["first_ts"], datetime(2026, 3, 2, 8, 50))
        self.assertEqual((figures["count"], figures["estimated"]), (2, 0))

    def test_boundary_itself_counts_as_before(self):
        self.send(("2026-03-02 09:00:00", "5"), ("2026-03-02 10:00:00", "7"))
        self.assertEqual(self.between()["consumption"], 2)

    def test_no_boundary_within_a_day_is_no_consumption(self):
        self.send(("2026-03-01 08:59:59", "5"), ("2026-03-02 09:30:00", "7"))
        figures = self.between()
        self.assertEqual((figures["consumption"], figures["first_index"]), (None, None))
        self.assertEqual(figures["last_index"], 7)

    def test_no_reading_at_all(self):
        figures = self.between()
        self.assertEqual(
            (figures["consumption"], figures["last_ts"], figures["segments"]), (None, None, [])
        )

    def test_shares_of_quality(self):
        self.send(("2026-03-02 09:00:00", "0"), ("2026-03-02 09:15:00", "1", 2))
        self.send(
            ("2026-03-02 09:30:00", "9", 1),
            ("2026-03-02 09:45:00", "3"),
            ("2026-03-02 10:00:00", "4", 2),
        )
        figures = self.between()
        self.assertEqual((figures["consumption"], figures["suspect"]), (4, 1))
        self.assertEqual(figures["estimated"], Decimal(2) / 3)

    def test_meter_change_gives_two_segments(self):
        old = self.install(
            "2026-01-01", "2026-03-02 09:20:00", None, 120, ct_primary=40, ct_secondary=5
        )
        self.install("2026-03-02 09:20:00", opening=0, ct_primary=20)
        self.send(("2026-03-02 09:00:00", "118.5"), ("2026-03-02 10:00:00", "2"))
        figures = self.between()
        self.assertEqual(figures["consumption"], Decimal("1.5") * 8 + 2 * 20)
        self.assertEqual((figures["faults"], figures["rollovers"]), (0, 0))
        first, second = figures["segments"]
        self.assertEqual(
            first,
            {
                "meter_serial": old.meter_id.serial,
                "first_index": Decimal("118.5"),
                "last_index": Decimal(120),
                "multiplier": Decimal(8),
                "consumption": Decimal(12),
            },
        )
        self.assertEqual((second["first_index"], second["last_index"]), (0, 2))

    def test_roll_over_and_fault_are_reported(self):
        self.send(("2026-03-02 09:00:00", "99999"), ("2026-03-02 09:15:00", "1"))
        self.assertEqual((self.between()["consumption"], self.between()["rollovers"]), (2, 1))
        self.send(("2026-03-02 09:30:00", "0.5"))
        self.assertEqual((self.between()["consumption"], self.between()["faults"]), (2, 1))

    def test_interval_channel_needs_no_boundary(self):
        channel = self.create_channel(obis="load", kind="interval")
        self.send(("2026-03-02 09:15:00", "1.25"), ("2026-03-02 09:30:00", "2"), channel=channel)
        self.assertEqual(self.between(channel=channel)["consumption"], Decimal("3.25"))

    def test_series_come_from_the_rollups(self):
        self.send(
            ("2026-03-02 09:00:00", "0"),
            ("2026-03-02 09:45:00", "0.1"),
            ("2026-03-03 10:00:00", "0.3"),
        )
        self.roll()
        self.assertEqual(
            self.channel._day_series("2026-03-02", "2026-03-03")[self.channel.id],
            [(date(2026, 3, 2), Decimal("0.1"), 0), (date(2026, 3, 3), Decimal("0.2"), 0)],
        )
        hours = self.channel._hour_series(_START, _END)[self.channel.id]
        self.assertEqual(hours, [(_START, Decimal("0.1"))])

    def test_profile_by_the_hour_and_by_quarters(self):
        self.channel.validation_group_id = False  # nobody fills the holes
        self.send(
            ("2026-03-02 09:00:00", "0"),
            ("2026-03-02 09:15:00", "0.1"),
            ("2026-03-02 09:45:00", "0.4"),
            ("2026-03-02 10:00:00", "0.5"),
            ("2026-03-02 11:30:00", "2"),
        )
        self.roll()
        end = datetime(2026, 3, 2, 13)
        self.assertEqual(
            self.channel._profile(_START, end)[self.channel.id],
            [Decimal("0.5"), None, Decimal("1.5"), None],
        )
        quarters = self.channel._profile(_START, _END, 15)[self.channel.id]
        self.assertEqual(quarters, [Decimal("0.1"), None, Decimal("0.3"), Decimal("0.1")])

    def test_profile_of_a_replaced_meter_and_of_interval_data(self):
        self.install("2026-01-01", "2026-03-02 09:20:00", None, 3, ct_primary=40, ct_secondary=5)
        self.install("2026-03-02 09:20:00", False, 0, None, ct_primary=20, ct_secondary=5)
        self.send(
            ("2026-03-02 09:00:00", "1"),
            ("2026-03-02 09:15:00", "2"),
            ("2026-03-02 09:30:00", "3"),
        )
        load = self.create_channel(obis="load", kind="interval")
        self.send(("2026-03-02 09:15:00", "1.25"), ("2026-03-02 09:30:00", "2"), channel=load)
        found = (self.channel | load)._profile(_START, datetime(2026, 3, 2, 9, 30), 15)
        self.assertEqual(found[self.channel.id], [8, 8 + 12])

    def test_days_of_local_time_give_the_same_as_the_readings(self):
        self.send(
            *(
                (f"2026-03-{day:02} {hour:02}:00:00", str(day * 24 + hour))
                for day in range(1, 4)
                for hour in range(24)
            )
        )
        self.roll()
        figures = self.between(datetime(2026, 3, 1, 21), datetime(2026, 3, 2, 21))
        series = self.channel._day_series("2026-03-02", "2026-03-02")[self.channel.id]
        self.assertEqual((figures["consumption"], series[0][1]), (24, 24))

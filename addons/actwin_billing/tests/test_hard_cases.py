from datetime import datetime, timedelta
from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from odoo.addons.actwin_metering.tests.common import make_batch

from .common import BillingCommon

START = datetime(2025, 9, 30, 21)  # October in Istanbul, UTC+3
SLOTS = 31 * 96
ENERGY, AMOUNT = Decimal(7440), Decimal("22940.00")
PRICES = {"t1": 3, "t2": 5, "t3": 2}  # 74 a day for 10 kWh in every hour


@tagged("post_install", "-at_install")
class TestHardCases(BillingCommon):
    """The cases in which systems bill wrongly without a word: a steady load of 10 kWh an hour,
    31 quarter-hour days under three bands. Each is billed exactly right, or kept back by name.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tariff = cls.create_tariff(
            components=[
                {"kind": "energy", "name": band.upper(), "band": band, "price": price}
                for band, price in PRICES.items()
            ],
            code="HARD",
        )
        cls.subscription = cls.create_subscription("H1", bands={"": None})
        cls.channel = cls.subscription.point_id.channel_ids
        cls.channel.digits = 5
        cls.collector = cls.env["actwin.collector"].create(
            {"name": "Hard", "code": "HARD", "site_id": cls.site.id}
        )
        cls.collector._ensure_user()

    def feed(self, values, first=0):
        """Deliver an index for each quarter hour from slot ``first`` on; None is never sent."""
        reading = self.env["actwin.reading"].with_user(self.collector.user_id)
        rows = [
            (self.channel.key, str(START + timedelta(minutes=15 * at)), str(value))
            for at, value in enumerate(values, first)
            if value is not None
        ]
        answer = reading.ingest(make_batch(rows, "HARD"))
        self.assertEqual((answer["accepted"], answer["rejected"]), (len(rows), []))
        while self.env["actwin.rollup"]._process_dirty():
            pass

    def steady(self, start=Decimal(100)):
        return [start + Decimal("2.5") * at for at in range(SLOTS + 1)]

    def bill(self):
        run = self.create_run(
            date_from="2025-10-01", date_to="2025-10-31", invoice_date="2025-11-05"
        )
        return self.compute(run)

    def blockers(self, bill):
        return sorted(set(bill.check_ids.filtered(lambda c: c.severity == "block").mapped("code")))

    def assert_right(self, bill):
        self.assertEqual(self.blockers(bill), [], bill.check_ids.mapped("message"))
        self.assertEqual(Decimal(str(bill.consumption)), ENERGY)
        self.assertEqual(Decimal(str(bill.amount_untaxed)), AMOUNT)

    def test_1_steady(self):
        self.feed(self.steady())
        self.assert_right(self.bill())

    def test_2_six_hours_without_communication(self):
        values = self.steady()
        values[1000:1024] = [None] * 24
        self.feed(values)
        bill = self.bill()
        self.assert_right(bill)
        estimated = self.env["actwin.reading"].search_count(
            [("channel_id", "=", self.channel.id), ("source", "=", "5")]
        )
        self.assertEqual(estimated, 24)

    def test_2b_a_gap_that_is_still_open_keeps_the_bill_back(self):
        values = self.steady()
        values[SLOTS - 300 :] = [None] * 301
        self.feed(values)
        self.assertIn("V12", self.blockers(self.bill()))

    def test_3_roll_over(self):
        self.feed([value % 100_000 for value in self.steady(Decimal(97_000))])
        bill = self.bill()
        self.assert_right(bill)
        self.assertIn("K17", bill.check_ids.mapped("code"))

    def test_4_replaced_meter(self):
        half = SLOTS // 2
        change = START + timedelta(minutes=15 * half)
        values = self.steady()
        old = self.subscription.point_id.installation_ids
        old.write({"date_to": change, "index_ids": [Command.create({
            "channel_id": self.channel.id, "has_closing": True,
            "closing_index": float(values[half]),
        })]})
        self.env["actwin.meter.installation"].create({
            "point_id": self.subscription.point_id.id, "date_from": change,
            "meter_id": self.env["actwin.meter"].create(
                {"serial": "NEW", "site_id": self.site.id, "digits": 5}).id,
            "index_ids": [Command.create({
                "channel_id": self.channel.id, "has_opening": True, "opening_index": 0})],
        })
        self.feed(values[:half] + [value - values[half] for value in values[half:]])
        self.assert_right(self.bill())

    def test_4b_a_replaced_meter_nobody_entered_keeps_the_bill_back(self):
        half = SLOTS // 2
        values = self.steady(Decimal(5000))
        self.feed(values[:half] + [value - values[half] for value in values[half:]])
        self.assertIn("V06", self.blockers(self.bill()))

    def test_5_spike_in_one_sample(self):
        values = self.steady()
        values[1500] += 5000
        self.feed(values)
        self.assert_right(self.bill())
        found = self.env["actwin.validation.exception"].search(
            [("channel_id", "=", self.channel.id), ("scope", "=", "reading")]
        )
        self.assertEqual(found.mapped("code"), ["V02"])

    def test_5b_spike_that_is_the_newest_sample(self):
        values = self.steady()
        self.feed([*values[:1500], values[1500] + 5000])
        self.feed(values[1501:], first=1501)
        self.assert_right(self.bill())

    def test_5c_spike_at_the_periods_end(self):
        values = self.steady()
        values[-1] += 5000
        self.feed(values)
        bill = self.bill()
        self.assertTrue(self.blockers(bill), "5,000 kWh more than were used")

    def test_6_tariff_version_at_half_past(self):
        self.feed(self.steady())
        version = self.tariff.version_ids
        version.copy({
            "tariff_id": self.tariff.id, "valid_from": START + timedelta(days=14, hours=9.5)})
        self.assert_right(self.bill())

    def test_7_three_days_without_prices(self):
        self.feed(self.steady())
        version = self.tariff.version_ids
        hole = START + timedelta(days=10)
        version.valid_to = hole
        version.copy({
            "tariff_id": self.tariff.id, "valid_from": hole + timedelta(days=3),
            "valid_to": False})
        bill = self.bill()
        run = bill.run_id
        self.assertEqual(self.blockers(bill), ["K16"])
        version.copy({
            "tariff_id": self.tariff.id, "valid_from": hole, "valid_to": False})
        bill.action_recompute()
        self.assert_right(run.bill_ids)

    def test_v15_a_value_after_the_bill_is_told(self):
        self.feed(self.steady())
        bill = self.bill()
        run = bill.run_id
        self.post(run)
        self.assertEqual(run.bill_ids.state, "posted")
        self.env.cr.execute(
            "UPDATE actwin_bill SET approved_on = approved_on - interval '1 minute'"
        )
        self.env["actwin.reading.version"].correct(
            self.channel.id, str(START + timedelta(days=3)), "821", "misread"
        )
        while self.env["actwin.rollup"]._process_dirty():
            pass
        found = self.env["actwin.validation.exception"].search(
            [("channel_id", "=", self.channel.id), ("code", "=", "V15")]
        )
        self.assertEqual((found.action, found.evidence["found"]), ("info", "821"))

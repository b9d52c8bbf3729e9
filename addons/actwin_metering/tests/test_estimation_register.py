from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestEstimationRegister(ValidationCase):
    """Interval profiles: their estimates add up to what the register beside them moved."""

    def setUp(self):
        super().setUp()
        self.profile = self.create_channel(
            obis="1.5.0", kind="interval", digits=0, interval_minutes=15
        )
        self.channel.digits = 6

    def profile_with(self, *gaps):
        values = [1, 3, 2, 2] * 24
        for first, last in gaps:
            values[first : last + 1] = [None] * (last + 1 - first)
        self.feed(values, start=START + timedelta(minutes=15), channel=self.profile)

    def register(self, *days):
        """The register, read at midnight."""
        rows = [(str(START + timedelta(days=day)), str(1000 + 192 * day)) for day in days]
        self.send(*rows)

    def sum(self):
        return self.total(channel=self.profile)

    def test_a_gap_is_scaled_to_the_register(self):
        self.register(0, 1)
        self.profile_with((20, 27))
        self.validate()
        estimate = self.estimate(self.profile)
        self.assertEqual((estimate.method, estimate.exact, estimate.readings), ("linear", True, 8))
        self.assertEqual((self.sum(), sum(self.estimates(self.profile))), (192, 16))

    def test_two_gaps_share_what_is_missing(self):
        self.register(0, 1)
        self.profile_with((20, 24), (50, 57))
        self.validate()
        self.assertEqual(len(self.estimate(self.profile, exact=True)), 2)
        self.assertEqual(self.sum(), 192)

    def test_a_register_read_later_confirms_the_sum(self):
        self.register(0)
        self.profile_with((20, 24), (50, 57))
        self.validate()
        first = sum(self.estimates(self.profile))
        self.assertFalse(self.estimate(self.profile, exact=True))
        self.register(1)
        self.validate()
        self.assertNotEqual(sum(self.estimates(self.profile)), first)
        self.assertEqual(len(self.estimate(self.profile, exact=True)), 2)
        self.assertEqual(self.sum(), 192)
        versions = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.profile.id), ("kind", "=", "estimate")]
        )
        self.assertEqual(sorted(versions.mapped("state")), ["superseded"] * 13 + ["taken"] * 13)
        total = sum(self.estimate(self.profile).mapped("consumption"))
        self.assertEqual(round(Decimal(total), 3), sum(self.estimates(self.profile)))

    def test_without_a_register_the_neighbours_give_the_level(self):
        self.profile_with((20, 27))
        self.validate()
        estimate = self.estimate(self.profile)
        self.assertEqual((estimate.method, estimate.exact), ("linear", False))
        # 2 before the gap, 1 after it
        self.assertAlmostEqual(sum(self.estimates(self.profile)), 12, delta=Decimal("0.01"))

    def test_a_long_gap_that_nothing_tells_about_stays(self):
        self.profile_with((20, 59))
        self.validate()
        self.assertFalse(self.estimates(self.profile))

    def test_a_long_gap_is_even_once_the_register_was_read(self):
        self.register(0, 1)
        self.profile_with((20, 59))
        self.validate()
        self.assertEqual(self.estimate(self.profile).method, "even")
        self.assertEqual(self.sum(), 192)

    def test_real_values_take_their_place_and_the_rest_is_scaled_anew(self):
        self.register(0, 1)
        self.profile_with((20, 27))
        self.validate()
        self.feed([5, 5], start=START + timedelta(minutes=21 * 15), channel=self.profile)
        self.validate()
        self.assertEqual((len(self.estimates(self.profile)), self.sum()), (6, 192))
        self.assertEqual(sum(self.estimates(self.profile)), 6)

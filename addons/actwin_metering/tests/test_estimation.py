from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestEstimation(ValidationCase):
    """Gaps: filled, exact, marked, and given back when the real readings come."""

    def setUp(self):
        super().setUp()
        self.channel.digits = 6
        self.values = [1000 + 2 * at for at in range(97)]

    def gap(self, first, last):
        return [None if first <= at <= last else value for at, value in enumerate(self.values)]

    def test_a_gap_is_filled_and_the_sum_is_the_registers(self):
        self.feed(self.gap(20, 43))
        self.validate()
        self.assertEqual(self.estimates(), [1000 + 2 * at for at in range(20, 44)])
        self.assertEqual(self.total(), 192)
        self.assertEqual(set(self.qualities().values()), {2})
        versions = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id), ("kind", "=", "estimate")]
        )
        self.assertEqual((len(versions), versions.estimate_id.method), (24, "even"))

    def test_the_hours_of_the_gap_have_their_share(self):
        self.feed(self.gap(20, 43))
        self.validate()
        hours = [row[1] for row in self.figures("hour") if row[1] is not None]
        self.assertEqual(hours, ["8"] * 24)

    def test_an_open_gap_is_left_open(self):
        self.feed(self.values[:50])
        self.validate()
        self.assertFalse(self.estimates())

    def test_a_long_gap_follows_days_alike(self):
        day = [1] * 32 + [5] * 32 + [1] * 32
        index, values = 1000, [1000]
        for _week in range(29):
            for move in day:
                index += move
                values.append(index)
        start = START - timedelta(days=28)
        values[28 * 96 + 1 : 29 * 96] = [None] * 95
        self.feed(values, start=start)
        self.validate()
        self.assertEqual(len(self.estimates()), 95)
        real, found = 1000 + 28 * sum(day), []
        for estimate in [*self.estimates(), Decimal(values[-1])]:
            found.append(estimate - real)
            real = estimate
        self.assertEqual(found, day)

    def test_real_readings_take_their_place_back(self):
        self.feed(self.gap(20, 43))
        self.validate()
        late = [1000 + 2 * at + 1 for at in range(20, 24)]
        answer = self.feed(late, start=START + timedelta(minutes=20 * 15))
        self.assertEqual((answer["accepted"], answer["conflicts"]), (4, 0))
        self.validate()
        estimates = self.estimates()
        self.assertEqual(len(estimates), 20)
        self.assertEqual(self.total(), 192)
        self.assertEqual(self.send((str(START + timedelta(minutes=300)), "1041"))["duplicates"], 1)
        versions = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id), ("ts", "=", START + timedelta(minutes=300))],
            order="id",
        )
        self.assertEqual(versions.mapped("kind"), ["estimate", "original"])
        self.assertEqual(versions.mapped("state"), ["superseded", "taken"])

    def test_a_corrected_boundary_is_estimated_anew(self):
        self.feed(self.gap(20, 43))
        self.validate()
        self.env["actwin.reading.version"].correct(
            self.channel.id, str(START + timedelta(minutes=44 * 15)), "1086", "misread"
        )
        self.validate()
        steps = [b - a for a, b in zip([1038, *self.estimates()], self.estimates(), strict=False)]
        self.assertLess(max(steps), Decimal("2"))
        self.assertEqual(self.total(), 192)

    def test_a_gap_over_a_roll_over(self):
        self.channel.digits = 4
        self.values = [(9900 + 2 * at) % 10_000 for at in range(97)]
        self.feed(self.gap(40, 59))
        self.validate()
        self.assertEqual(self.estimates(), self.values[40:60])
        self.assertEqual(self.total(), 192)

    def test_a_register_that_is_read_daily_has_no_gap(self):
        self.feed([100, 110, 120], minutes=1440)
        self.validate()
        self.assertFalse(self.estimates())

    def test_a_group_that_does_not_estimate(self):
        self.channel.validation_group_id.estimate = False
        self.feed(self.gap(20, 43))
        self.validate()
        self.assertFalse(self.estimates())
        self.assertEqual(self.exceptions().code, "V12")
        self.assertEqual(self.exceptions().evidence["found"], "24")

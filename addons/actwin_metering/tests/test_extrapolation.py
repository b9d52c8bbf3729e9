from datetime import timedelta

from odoo.tests import tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestExtrapolation(ValidationCase):
    """Beyond the last reading: only where switched on, and only until a reading comes."""

    def setUp(self):
        super().setUp()
        self.channel.write({"digits": 6, "extrapolate": True})
        self.day = [1] * 32 + [3] * 32 + [2] * 32
        self.start = START - timedelta(days=21)
        values = [1000]
        for _day in range(21):
            for move in self.day:
                values.append(values[-1] + move)
        self.last = values[-1]
        self.feed(values, start=self.start)
        self.validate()

    def go_on(self, days=2):
        found = self.env["actwin.estimation"]._extrapolate(START + timedelta(days=days, hours=3))
        self.validate()
        return found

    def test_it_is_off_unless_switched_on(self):
        self.channel.extrapolate = False
        self.assertFalse(self.go_on())
        self.assertFalse(self.estimates())

    def test_days_alike_are_gone_on_with_up_to_midnight(self):
        self.assertEqual(self.go_on(), 192)
        estimate = self.estimate()
        self.assertEqual(
            (estimate.method, estimate.exact, estimate.beyond), ("like_day", False, True)
        )
        self.assertEqual(self.total(days=2), 2 * sum(self.day))
        figures = self.channel._consumption_between(START, START + timedelta(days=2))
        self.assertEqual(figures[self.channel.id]["estimated"], 1)
        self.assertEqual(self.channel.last_ts, START)

    def test_the_next_day_goes_on_from_there(self):
        self.go_on()
        self.assertEqual(self.go_on(3), 96)
        self.assertEqual(self.total(days=3), 3 * sum(self.day))

    def test_a_reading_that_comes_takes_the_place_of_all(self):
        self.go_on()
        # less than was estimated: without giving way the register would seem to fall
        arrived = self.last + sum(self.day)
        self.send((str(START + timedelta(days=1, hours=12)), str(arrived)))
        self.validate()
        self.assertFalse(self.exceptions(scope="reading"))
        beyond = self.env["actwin.estimate"].search(
            [("channel_id", "=", self.channel.id), ("beyond", "=", True)]
        )
        self.assertEqual(set(beyond.mapped("state")), {"superseded"})
        self.assertFalse(self.channel.extrapolated_from)
        figures = self.channel._consumption_between(START, START + timedelta(days=1, hours=12))
        self.assertEqual(figures[self.channel.id]["consumption"], sum(self.day))
        self.assertTrue(all(item.exact for item in self.estimate()))

    def test_a_reading_at_the_moment_of_an_estimate(self):
        self.go_on()
        arrived = self.last + sum(self.day)
        answer = self.send((str(START + timedelta(days=1)), str(arrived)))
        self.assertEqual((answer["accepted"], answer["conflicts"]), (1, 0))
        self.validate()
        self.assertEqual(self.total(days=1), sum(self.day))
        self.assertFalse(self.estimate(beyond=True))

    def test_a_meter_that_stands_still_is_not_gone_on_with(self):
        self.feed([self.last] * 289)
        self.validate()
        self.assertTrue(self.exceptions(code="V04"))
        self.assertFalse(self.go_on(6))

    def test_a_typed_register_goes_on_by_former_periods(self):
        point = self.create_point(code="HAND")
        channel = self.create_channel(
            point_id=point.id, obis="HAND", digits=6, entry="manual", interval_minutes=0,
            extrapolate=True,
        )  # fmt: skip
        # read at the end of each month: 10 a day
        moments = ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28"]
        rows = [(f"{moment} 21:00:00", str(1000 + 10 * days))
                for moment, days in zip(moments, (0, 31, 62, 90), strict=True)]  # fmt: skip
        self.send(*rows, channel=channel)
        self.validate()
        self.env["actwin.validation.statistics"]._refresh()
        self.go_on(5)
        values = self.estimates(channel)
        self.assertEqual(self.estimate(channel).method, "former")
        self.assertEqual([round(value) for value in values], [1910, 1920, 1930, 1940, 1950, 1960])

import random
from datetime import datetime, timedelta
from decimal import Decimal

from odoo.tests import tagged

from ..models.readings.span_sql import BETWEEN, ROLLED
from .common import MeteringCase

_START = datetime(2026, 1, 25, 6)
_DAYS = 70
_CHANGES = [datetime(2026, 1, 25, 5), datetime(2026, 2, 9, 10, 22), datetime(2026, 3, 17, 21)]
_MONTHS = [datetime(2026, 1, 31, 21), datetime(2026, 2, 28, 21), datetime(2026, 3, 31, 21)]
_MODULUS = 100_000


@tagged("post_install", "-at_install")
class TestSpan(MeteringCase):
    """Figures put together from rollups are those of a walk through all readings, to the digit."""

    def walked(self, channels, start, end):
        self.env.flush_all()
        return channels._figures_by(BETWEEN, channels.ids, start, end)

    def assert_same(self, channels, start, end):
        """Compares both ways; number of channels for which the short one was taken."""
        self.assertEqual(
            channels._consumption_between(start, end), self.walked(channels, start, end)
        )
        return len(channels._figures_by(ROLLED, channels.ids, start, end))

    def _channels(self, seed):
        """One channel without meter, one of a meter, one with a new meter, one with new CTs."""
        plain, steady, replaced, ratio = (
            self.create_channel(point_id=self.create_point(code=f"S{seed}{n}").id) for n in range(4)
        )
        profile = self.create_channel(point_id=steady.point_id.id, obis="load", kind="interval")
        self.install("2026-01-01", channel=steady, opening=0, ct_primary=40)
        first, change, again = _CHANGES
        meter = self.create_meter()
        self.install(str(first), str(change), 0, 500, replaced, meter_id=meter.id)
        self.install(str(change), False, 7, None, replaced, ct_primary=3)
        meter = self.create_meter()
        self.install("2026-01-01", str(again), None, 4000, ratio, meter_id=meter.id)
        self.install(str(again), False, 4000, None, ratio, meter_id=meter.id, ct_primary=25)
        return plain | steady | replaced | ratio | profile

    def _readings(self, rng):
        """[(ts, value, status)] with gaps up to two days, roll-over, falls and suspect ones."""
        readings, index, ts = [], Decimal(_MODULUS - 900), _START
        while ts < _START + timedelta(days=_DAYS):
            ts += timedelta(minutes=rng.choice((15, 60, 300, 480, 720, rng.randint(1, 2900))))
            if rng.random() < 0.02:
                index = Decimal(rng.randint(0, 900))
            index = (index + Decimal(rng.randint(0, 40_000)) / 1000) % _MODULUS
            readings.append((str(ts), str(index), rng.choices((0, 1, 2), (90, 5, 5))[0]))
        return readings

    def _spans(self, rng):
        """Whole months, local days and anything else inside and around the readings."""
        yield from zip(_MONTHS, _MONTHS[1:], strict=False)
        yield _MONTHS[0], _MONTHS[2]
        for unit in (timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)):
            for _time in range(3):
                length = timedelta(days=_DAYS + 6) // unit
                first, last = sorted(rng.sample(range(length), 2))
                origin = datetime(2026, 1, 22, 21)
                yield origin + first * unit, origin + last * unit

    def test_same_as_walking_through_the_readings(self):
        shortened = 0
        for seed in range(3):
            rng = random.Random(seed)
            channels = self._channels(seed)
            late = []
            for channel in channels:
                rows = self._readings(rng)
                rng.shuffle(rows)
                cut = len(rows) * 9 // 10
                self.send(*rows[:cut], channel=channel)
                late.append((channel, rows[cut:]))
            stages = [self.roll, *(lambda c=c, r=r: self.send(*r, channel=c) for c, r in late)]
            for number, stage in enumerate([*stages, self.roll]):
                stage()
                for start, end in self._spans(rng):
                    with self.subTest(seed=seed, stage=number, start=start, end=end):
                        shortened += self.assert_same(channels, start, end)
        self.assertGreater(shortened, 500)  # or only the long way was compared with itself

    def test_late_reading_is_seen_before_the_rollup_is(self):
        end = _MONTHS[1]
        self.send(("2026-01-31 21:00:00", "0"), ("2026-02-10 09:00:00", "10"))
        self.send((str(end), "40"))
        self.roll()
        figures = self.channel._consumption_between(_MONTHS[0], end)[self.channel.id]
        self.assertEqual((figures["consumption"], figures["count"]), (40, 2))
        self.send(("2026-02-20 09:00:00", "200"))
        figures = self.channel._consumption_between(_MONTHS[0], end)[self.channel.id]
        self.assertEqual((figures["consumption"], figures["faults"]), (200, 1))
        self.assertEqual(self.assert_same(self.channel, _MONTHS[0], end), 1)

    def test_mark_before_the_span_reaches_the_first_reading_in_it(self):
        self.send(("2026-01-20 09:00:00", "0"), ("2026-02-10 09:00:00", "10"))
        self.send(("2026-02-20 09:00:00", "30"))
        self.roll()
        self.send(("2026-01-25 09:00:00", "4"))
        start, end = datetime(2026, 2, 4, 21), datetime(2026, 2, 22, 21)
        figures = self.channel._consumption_between(start, end)[self.channel.id]
        self.assertEqual(figures["segments"][0]["consumption"], 26)
        self.assert_same(self.channel, start, end)

    def test_segment_begins_with_the_index_before_the_span(self):
        self.install("2026-01-01", opening=5)
        self.send(("2026-01-31 21:00:00", "100"), ("2026-02-28 21:00:00", "130"))
        self.roll()
        for walk in (self.channel._consumption_between, lambda *a: self.walked(self.channel, *a)):
            segment = walk(*_MONTHS[:2])[self.channel.id]["segments"][0]
            self.assertEqual(
                (segment["first_index"], segment["last_index"], segment["consumption"]),
                (100, 130, 30),
            )

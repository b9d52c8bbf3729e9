import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from odoo.tests import tagged

from .common import MeteringCase

_START = datetime(2026, 2, 27, 6)
_CHANGE = datetime(2026, 3, 1, 10, 22)
_MODULUS = 100_000
_ALL = "consumption value_min value_max count estimated suspects quality rollovers faults"


def _expected(readings, changes):
    """{hour: consumption} by a plain walk through the usable readings in order of time.

    ``changes``: [(moment, closing, opening, multiplier after it)], the first one at the beginning.
    """
    totals = defaultdict(Decimal)
    before, multiplier = None, changes[0][3]
    todo = sorted((ts, 1, value) for ts, (value, usable) in readings.items() if usable)
    todo += [(moment, 0, change) for moment, *change in changes[1:]]
    for ts, kind, item in sorted(todo, key=lambda row: row[:2]):
        hour = (ts - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0)
        value = item if kind else item[0]
        if before is not None:
            step = value - before
            totals[hour] += (step if step >= 0 else step + _MODULUS) * multiplier
        elif kind:
            totals[hour] += 0
        before = value
        if not kind:
            _closing, before, multiplier = item
    return dict(totals)


@tagged("post_install", "-at_install")
class TestRollupRandom(MeteringCase):
    """Late, doubled, missing, suspect and rolled-over readings in any order: same figures."""

    def setUp(self):
        super().setUp()
        self.channel.validation_group_id = False  # nothing is held back or estimated

    def _sequence(self, rng):
        """{ts: (value, usable)} of four days with gaps and one roll-over, and the meter change."""
        readings, index, changed = {}, Decimal(99_800), None
        ts = _START
        while ts < _START + timedelta(days=4):
            ts += timedelta(minutes=15 if rng.random() > 0.03 else rng.randint(20, 600))
            if changed is None and ts >= _CHANGE:
                changed = (_CHANGE, index + 2, Decimal(7), Decimal(3))
                index = Decimal(7)
            index = (index + Decimal(rng.randint(0, 4000)) / 1000) % _MODULUS
            readings[ts] = (index, rng.random() > 0.05)
        return readings, [(_START, None, Decimal(0), Decimal(20)), changed]

    def _deliver(self, rng, readings):
        moments = list(readings)
        rng.shuffle(moments)
        while moments:
            cut = rng.randint(1, 120)
            part, moments = moments[:cut], moments[cut:]
            part += rng.sample(part, min(3, len(part)))
            self.send(
                *((str(ts), str(readings[ts][0]), 0 if readings[ts][1] else 1) for ts in part)
            )
            if rng.random() < 0.6:
                self.roll()
        self.roll()

    def test_incremental_equals_rebuilt_equals_reference(self):
        for seed in range(6):
            rng = random.Random(seed)
            with self.subTest(seed=seed):
                self.channel = self.create_channel(point_id=self.create_point(code=f"R{seed}").id)
                self.channel.validation_group_id = False
                readings, changes = self._sequence(rng)
                _moment, closing, opening, _factor = changes[1]
                self.install("2026-01-01", str(_CHANGE), None, closing, self.channel, ct_primary=20)
                self.install(str(_CHANGE), False, opening, None, self.channel, ct_primary=3)
                self._deliver(rng, readings)
                stepwise = [self.figures(bucket, _ALL) for bucket in ("hour", "day", "month")]
                hours = {
                    datetime.fromisoformat(row[0]): Decimal(row[1] or 0) for row in stepwise[0]
                }
                expected = _expected(readings, changes)
                self.assertEqual(
                    {k: v for k, v in hours.items() if v}, {k: v for k, v in expected.items() if v}
                )
                self.assertEqual(
                    sum(int(row[4]) for row in stepwise[1]),
                    sum(usable for _value, usable in readings.values()),
                )
                self.assertEqual(sum(int(row[9]) for row in stepwise[2]), 0)
                self.rollup._rebuild(self.channel.ids, "2026-02-25", "2026-03-10")
                rebuilt = [self.figures(bucket, _ALL) for bucket in ("hour", "day", "month")]
                self.assertEqual(rebuilt, stepwise)

    def test_days_add_up_to_the_month_and_hours_to_the_days(self):
        rng = random.Random(99)
        readings, _changes = self._sequence(rng)
        self._deliver(rng, readings)
        sums = [
            sum(Decimal(row[1] or 0) for row in self.figures(bucket))
            for bucket in ("hour", "day", "month")
        ]
        self.assertEqual(len(set(sums)), 1)

    def test_size_of_the_chunk_does_not_matter(self):
        rng = random.Random(5)
        readings, _changes = self._sequence(rng)
        self._deliver(rng, readings)
        whole = self.figures("day", _ALL)
        self.rollup._mark(self.channel.ids)
        while self.rollup._process_dirty(limit=1):
            pass
        self.assertEqual(self.figures("day", _ALL), whole)

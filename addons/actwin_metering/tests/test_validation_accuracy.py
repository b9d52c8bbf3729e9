import math
import random
from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from .common import make_batch, pack
from .validation_common import START, ValidationCase

DAYS, LAST = 90, 30
CLEAN, EACH = 40, 6


def _load(rng, hours):
    """Hourly kWh of a dwelling or a shop: a daily shape, weekends, and noise."""
    shop = rng.random() < 0.5
    size, factor, found = rng.uniform(0.3, 4), 1.0, []
    for hour in range(hours):
        of_day, weekday = hour % 24, (hour // 24) % 7
        if not of_day:
            factor = 0.7 * factor + 0.3 * rng.uniform(0.8, 1.2)
        if shop:
            shape = 1.0 if 9 <= of_day < 21 else 0.15
            shape *= 0.8 if weekday == 6 else 1
        else:
            shape = 0.5 + 0.5 * math.exp(-((of_day - 19.5) ** 2) / 8) + 0.2 * (weekday > 4)
        found.append(size * factor * shape * rng.uniform(0.75, 1.25))
    return found


def _index(load, start=1000.0):
    values = [start]
    for amount in load:
        values.append(values[-1] + amount)
    return values


def _spike(rng, load):
    values = _index(load)
    values[rng.randrange(len(values) - 600, len(values) - 5)] += rng.uniform(50, 5000)
    return values


def _zero(rng, load):
    values = _index(load)
    values[rng.randrange(len(values) - 600, len(values) - 5)] = 0
    return values


def _reset(rng, load):
    """The register starts again from zero, as after a change nobody noted."""
    values = _index(load)
    at = rng.randrange(len(values) - 600, len(values) - 10)
    return values[:at] + [value - values[at] for value in values[at:]]


def _gap(rng, load):
    values = _index(load)
    at, length = rng.randrange(len(values) - 600, len(values) - 200), rng.randint(6, 48)
    values[at : at + length] = [None] * length
    return values


def _stuck(rng, load):
    at = rng.randrange(len(load) - 600, len(load) - 130)
    return _index(load[:at] + [0] * 120 + load[at + 120 :])


def _tenfold(rng, load):
    at = rng.randrange(len(load) - 500, len(load) - 200)
    return _index(load[:at] + [10 * amount for amount in load[at:]])


def _roll(rng, load):
    return [value % 100_000 for value in _index(load, 100_000 - sum(load[: -24 * 15]))]


ERRORS = {
    "spike": (_spike, {"V02"}),
    "zero": (_zero, {"V06"}),
    "reset": (_reset, {"V06"}),
    "gap": (_gap, {"V12", "V02", "V18"}),
    "stuck": (_stuck, {"V04", "V16"}),
    "tenfold": (_tenfold, {"V02", "V11", "V16", "V18"}),
}


@tagged("post_install", "-at_install")
class TestValidationAccuracy(ValidationCase):
    """Rates over many made-up meters of 90 hourly days, the last month of which is judged.

    The bars are those of the acceptance table: every hard error found, hardly a healthy month
    doubted. Errors are seeded, so that a change of a rule shows as a changed rate.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(20260302)
        cls.kinds = {}
        cases = [("clean", None)] * CLEAN + [("roll", _roll)] * EACH
        cases += [(name, make) for name, (make, _codes) in ERRORS.items() for _n in range(EACH)]
        for number, (kind, make) in enumerate(cases):
            point = cls.create_point(code=f"A{number}")
            channel = cls.create_channel(point_id=point.id, digits=5, interval_minutes=60)
            cls.kinds[channel] = kind
            load = _load(rng, DAYS * 24)
            values = make(rng, load) if make else _index(load)
            cls.deliver(channel, values)
        cls.settle()

    @classmethod
    def deliver(cls, channel, values):
        start = START - timedelta(days=DAYS)
        rows = [
            (channel.key, str(start + timedelta(hours=at)), f"{value:.3f}")
            for at, value in enumerate(values)
            if value is not None
        ]
        answer = cls.reading.ingest_packed(*pack(make_batch(rows)))
        assert answer["accepted"] == len(rows), answer

    @classmethod
    def settle(cls):
        """Validate as it happens in life: usual figures are those of the time before."""
        month = START - timedelta(days=LAST)
        cls.env.cr.execute(
            "DELETE FROM actwin_reading_dirty WHERE day >= %s RETURNING channel_id, day",
            [(month + timedelta(hours=3)).date()],
        )
        later = cls.env.cr.fetchall()
        cls.analyze()
        while cls.rollup._process_dirty(limit=500):
            cls.analyze()
        channels = [channel.id for channel in cls.kinds]
        cls.env.cr.execute(
            "UPDATE actwin_channel SET last_ts = %s WHERE id = ANY(%s)", [month, channels]
        )
        cls.env["actwin.validation.statistics"]._refresh(channels)
        cls.env.cr.execute(
            "UPDATE actwin_channel SET last_ts = %s WHERE id = ANY(%s);"
            "UPDATE actwin_channel_statistic SET till = %s WHERE channel_id = ANY(%s)",
            [START, channels, START.date(), channels],
        )
        cls.env.cr.execute_values(
            "INSERT INTO actwin_reading_dirty (channel_id, day) VALUES %s", later
        )
        while cls.rollup._process_dirty():
            pass

    @classmethod
    def analyze(cls):
        """What autovacuum does with committed rows; of these only this transaction knows."""
        for table in ("reading", "reading_dirty", "channel", "consumption_hour",
                      "consumption_day"):  # fmt: skip
            cls.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(f"actwin_{table}")))

    def found(self, kind, codes=None, **values):
        """How many meters of a kind have an exception in the last month."""
        channels = [channel.id for channel, name in self.kinds.items() if name == kind]
        domain = [("channel_id", "in", channels), ("day", ">", START.date() - timedelta(days=LAST))]
        domain += [(name, "=", value) for name, value in values.items()]
        if codes:
            domain.append(("code", "in", list(codes)))
        return len(self.env["actwin.validation.exception"].search(domain).channel_id)

    def test_every_error_is_found(self):
        for kind, (_make, codes) in ERRORS.items():
            with self.subTest(kind):
                self.assertEqual(self.found(kind, codes), EACH)

    def test_hardly_a_healthy_month_is_doubted(self):
        self.assertEqual(self.found("clean", scope="reading"), 0)
        self.assertLessEqual(self.found("clean"), 0.05 * CLEAN)

    def test_roll_overs_are_no_errors(self):
        self.assertEqual(self.found("roll", scope="reading"), 0)
        self.assertEqual(self.found("roll", {"V06"}), 0)

    def test_estimates_are_exact(self):
        channels = [channel for channel, name in self.kinds.items() if name == "gap"]
        for channel in channels:
            start = START - timedelta(days=LAST)
            figures = channel._consumption_between(start, START)[channel.id]
            self.assertEqual(
                figures["consumption"], figures["last_index"] - figures["first_index"]
            )
            self.assertGreater(figures["estimated"], 0)

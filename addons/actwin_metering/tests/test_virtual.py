from datetime import datetime, timedelta
from decimal import Decimal as D

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import MeteringCase, make_batch

MIDNIGHT = datetime(2026, 3, 1, 21)
"""2 March 2026, midnight in Istanbul, in UTC."""


@tagged("post_install", "-at_install")
class TestVirtual(MeteringCase):
    """Channels computed from others: the same tables, the same figures, no invented ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.main = cls.channel
        cls.subs = cls.env["actwin.channel"]
        for code in ("S1", "S2"):
            point = cls.create_point(code=code, parent_id=cls.point.id)
            cls.subs |= cls.create_channel(point_id=point.id)
        cls.rest = cls.create_channel(obis="rest", kind="virtual")

    def formula(self, expression, channel=None, since="2026-01-01", mode="hour", **inputs):
        return self.env["actwin.formula"].create(
            {
                "channel_id": (channel or self.rest).id,
                "date_from": since,
                "expression": expression,
                "mode": mode,
                "input_ids": [
                    Command.create({"name": name, "channel_ids": channels.ids})
                    for name, channels in inputs.items()
                ],
            }
        )

    def loss(self, **values):
        return self.formula("main - subs", main=self.main, subs=self.subs, **values)

    def feed(self, channel, per_hour, hours=24, start=MIDNIGHT, first=0, **options):
        """Hourly readings of a register that moves ``per_hour`` (a figure, or one an hour)."""
        moves = per_hour if isinstance(per_hour, list) else [per_hour] * hours
        rows, value = [(str(start), str(first))], D(str(first))
        for at, move in enumerate(moves):
            value += D(str(move))
            rows.append((str(start + timedelta(hours=at + 1)), str(value)))
        self.send(*rows, channel=channel, **options)

    def rolled(self):
        for _round in range(6):
            if not self.roll():
                return
        self.fail("the marks do not end")

    def days(self, channel=None, columns="consumption"):
        return self.figures("day", columns, channel or self.rest)

    def between(self, channel=None, hours=24, start=MIDNIGHT):
        channel = channel or self.rest
        return channel._consumption_between(start, start + timedelta(hours=hours))[channel.id]

    def refused(self, words, *args, **values):
        with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
            self.formula(*args, **values)

    def test_main_minus_the_sum_of_subs(self):
        self.loss()
        self.feed(self.main, "10.5")
        for channel in self.subs:
            self.feed(channel, "4")
        self.rolled()
        self.assertEqual(len(self.figures("hour", channel=self.rest)), 24)
        self.assertEqual(self.days(), [("2026-03-02", "60")])
        self.assertEqual(self.figures("month", channel=self.rest), [("2026-03-01", "60")])
        self.assertEqual(self.between()["consumption"], 60)
        self.assertEqual(self.between(hours=3)["consumption"], D("7.5"))
        half = MIDNIGHT + timedelta(minutes=30)
        self.assertEqual(self.between(start=half, hours=1)["consumption"], D("2.5"))
        series = self.rest._day_series("2026-03-02", "2026-03-02")[self.rest.id]
        self.assertEqual(series[0][1], 60)

    def test_it_follows_its_inputs(self):
        self.loss()
        self.feed(self.main, "10")
        self.feed(self.subs[0], "4")
        self.feed(self.subs[1], "4")
        self.rolled()
        at = str(MIDNIGHT + timedelta(hours=24))
        self.env["actwin.reading.version"].correct(self.main.id, at, "243", "typed wrongly")
        self.rolled()
        self.assertEqual(self.days(columns="consumption quality"), [("2026-03-02", "51", "3")])

    def test_missing_input_gives_no_figure_and_no_sum(self):
        self.loss()
        self.feed(self.main, "10", hours=48)
        self.feed(self.subs[0], "4", hours=48)
        self.feed(self.subs[1], "4", hours=20)
        self.rolled()
        self.assertEqual(self.days(), [("2026-03-02", None), ("2026-03-03", None)])
        self.assertEqual(self.figures("month", channel=self.rest), [("2026-03-01", None)])
        self.assertIsNone(self.between(hours=48)["consumption"])

    def test_quality_is_that_of_the_worst_input(self):
        self.loss()
        self.feed(self.main, "10")
        self.feed(self.subs[0], "4")
        rows = [(str(MIDNIGHT + timedelta(hours=at)), str(at), 2) for at in range(25)]
        self.send(*rows, channel=self.subs[1])
        self.rolled()
        self.assertEqual(self.days(columns="quality"), [("2026-03-02", "2")])
        self.assertEqual(self.between()["estimated"], 1)

    def test_own_use_of_production_is_found_hour_by_hour(self):
        """4 sunny hours of 10 against a load of 2: 8 used at home, not min(40, 48)."""
        sun = [0] * 10 + [10] * 4 + [0] * 10
        self.formula("min(pv, load)", pv=self.main, load=self.subs[0])
        self.feed(self.main, sun)
        self.feed(self.subs[0], 2)
        self.rolled()
        self.assertEqual(self.days(), [("2026-03-02", "8")])
        self.assertEqual(self.between()["consumption"], 8)
        late = MIDNIGHT + timedelta(hours=11)
        self.assertEqual(self.between(start=late, hours=13)["consumption"], 6)

    def test_condition_and_feeders(self):
        self.formula("if(a > b, a - b, 0) * 0.5", a=self.subs[0], b=self.subs[1])
        self.feed(self.subs[0], [3, 1] * 12)
        self.feed(self.subs[1], 2)
        self.rolled()
        self.assertEqual(self.days(), [("2026-03-02", "6")])

    def test_ratio_is_taken_on_every_total(self):
        self.formula("ratio(a, b)", mode="bucket", a=self.subs[0], b=self.main)
        self.feed(self.subs[0], [1, 3] * 12)
        self.feed(self.main, 4)
        self.rolled()
        self.assertEqual(self.days(), [("2026-03-02", "0.5")])
        self.assertEqual(self.figures("month", channel=self.rest), [("2026-03-01", "0.5")])
        self.assertEqual(self.between()["consumption"], D("0.5"))

    def test_versions_hold_from_their_day(self):
        self.formula("a", a=self.main)
        self.feed(self.main, 1, hours=72)
        self.rolled()
        self.assertEqual([row[1] for row in self.days()], ["24", "24", "24"])
        newer = self.formula("a * 2", since="2026-03-03", a=self.main)
        self.rolled()
        self.assertEqual([row[1] for row in self.days()], ["24", "48", "48"])
        self.assertEqual(self.between(hours=72)["consumption"], 120)
        newer.unlink()
        self.rolled()
        self.assertEqual(self.between(hours=72)["consumption"], 72)

    def test_virtual_channel_of_virtual_channels(self):
        self.loss()
        half = self.create_channel(obis="half", kind="virtual")
        self.formula("rest / 2", channel=half, rest=self.rest)
        self.feed(self.main, 10)
        self.feed(self.subs[0], 4)
        self.feed(self.subs[1], 4)
        # only what the last of the chain needs is worked off, as when a bill asks for it
        self.rollup._process_dirty(channel_ids=half.ids)
        self.assertEqual(self.days(half), [("2026-03-02", "24")])
        self.assertEqual(self.between(half)["consumption"], 24)
        self.assertEqual(half._measured(), self.main | self.subs)

    def test_cycles_are_refused_with_the_way(self):
        other = self.create_channel(obis="other", kind="virtual")
        self.formula("a", a=self.rest, channel=other)
        self.refused("rest ← .*other ← .*rest", "b", b=other)
        self.refused("itself", "b", b=self.rest)

    def test_mistakes_are_told_in_words(self):
        for text, words in (
            ("a - q", "“q” is none of the names"),
            ("a -", "cannot be read"),
            ("a > 1", "belongs into if"),
            ("pow(a, 2)", "no function “pow”"),
        ):
            with self.subTest(text):
                self.refused(words, text, a=self.main)
        self.refused("cannot be a name", "a", Main=self.main, a=self.main)
        self.refused("measured, not computed", "a", channel=self.subs[0], a=self.main)
        instant = self.create_channel(obis="v", kind="instant")
        self.refused("no consumption", "a", a=instant)
        site = self.create_site(code="TS2")
        point = self.create_point(code="X", site_id=site.id)
        self.refused("another site", "a", a=self.create_channel(point_id=point.id))

    def test_name_and_formula_change_together(self):
        formula = self.loss()
        formula.write(
            {
                "expression": "total - subs",
                "input_ids": [
                    Command.update(formula.input_ids[0].id, {"name": "total"}),
                ],
            }
        )
        formula.input_ids[0].unlink()
        self.assertIn("total", formula.problem)
        self.feed(self.main, 10)
        self.feed(self.subs[0], 4)
        self.rolled()  # a formula that lost a name stops no other channel
        self.assertEqual(self.days(self.main), [("2026-03-01", None), ("2026-03-02", "240")])

    def test_it_takes_no_readings_and_goes_with_its_figures(self):
        answer = self.reading.ingest(make_batch([(self.rest.key, "2026-03-02 09:00:00", "1")]))
        self.assertEqual(answer["rejected"][0][1], "unknown_channel")
        self.send(("2026-03-02 09:00:00", "1"))
        with self.assertRaises(UserError):
            self.main.kind = "virtual"
        self.formula("a", a=self.subs[0])
        self.feed(self.subs[0], 1)
        self.rolled()
        rest = self.rest
        self.assertTrue(self.days(rest))
        rest.unlink()
        self.assertFalse(self.days(rest))

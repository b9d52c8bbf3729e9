from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..core import cron


@tagged("standard", "at_install")
class TestCronCore(BaseCase):
    """Plans and their coming instants, without a database."""

    def coming(self, text, start, count=3):
        moment = datetime.fromisoformat(start)
        return [
            f"{run:%Y-%m-%d %H:%M}" for run in cron.next_runs([cron.parse(text)], moment, count)
        ]

    def test_coming_instants(self):
        cases = {
            "*/15 * * * *": ["2026-02-27 23:45", "2026-02-28 00:00", "2026-02-28 00:15"],
            "5 0 * * *": ["2026-02-28 00:05", "2026-03-01 00:05", "2026-03-02 00:05"],
            "0 8 * * 1-5": ["2026-03-02 08:00", "2026-03-03 08:00", "2026-03-04 08:00"],
            "0 8 * * mon-fri": ["2026-03-02 08:00", "2026-03-03 08:00", "2026-03-04 08:00"],
            "0 0 * * 7": ["2026-03-01 00:00", "2026-03-08 00:00", "2026-03-15 00:00"],
            "0 0 31 * *": ["2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00"],
            "0 0 1 * 1": ["2026-03-01 00:00", "2026-03-02 00:00", "2026-03-09 00:00"],
            "0 12 1 JAN,jul *": ["2026-07-01 12:00", "2027-01-01 12:00", "2027-07-01 12:00"],
            "50/5 6 * * *": ["2026-02-28 06:50", "2026-02-28 06:55", "2026-03-01 06:50"],
            "month_end": ["2026-03-01 00:00", "2026-04-01 00:00", "2026-05-01 00:00"],
        }
        for text, expected in cases.items():
            with self.subTest(text=text):
                self.assertEqual(self.coming(text, "2026-02-27 23:30"), expected)
        self.assertEqual(self.coming("0 0 29 2 *", "2026-03-01", 1), ["2028-02-29 00:00"])

    def test_an_instant_is_not_its_own_next(self):
        self.assertEqual(self.coming("0 0 * * *", "2026-03-01 00:00", 1), ["2026-03-02 00:00"])

    def test_several_plans_come_in_one_order(self):
        plans = [cron.parse("0 */12 * * *"), cron.parse("0 12 * * *"), cron.parse("month_end")]
        runs = cron.next_runs(plans, datetime(2026, 2, 28, 1), 3)
        self.assertEqual([run.hour for run in runs], [12, 0, 12])
        self.assertEqual(cron.next_runs([], datetime(2026, 2, 28), 3), [])

    def test_mistakes_are_named_by_their_part(self):
        cases = {
            "": "five_fields",
            "* * * *": "five_fields",
            "* * * * * *": "five_fields",
            "x" * 999: "five_fields",
            "60 * * * *": "minute",
            "-1 * * * *": "minute",
            "*/0 * * * *": "minute",
            "1,,2 * * * *": "minute",
            "٣ * * * *": "minute",
            "0 24 * * *": "hour",
            "0 5-2 * * *": "hour",
            "0 0 0 * *": "day",
            "0 0 1 13 *": "month",
            "0 0 1 abc *": "month",
            "0 0 * * 8": "weekday",
            "0 0 30 2 *": "never",
        }
        for text, code in cases.items():
            with self.subTest(text=text[:20]), self.assertRaises(cron.CronError) as caught:
                cron.parse(text)
            self.assertEqual(caught.exception.code, code)

from freezegun import freeze_time

from odoo.tests import tagged

from .common import CollectorCase


@tagged("post_install", "-at_install")
class TestSchedule(CollectorCase):
    """Plans of a schedule: checked, in words, and when they come next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schedule = cls.env["actwin.schedule"].create({"name": "Plan", "key": "plan"})

    def words(self, **values):
        self.schedule.write(values)
        return self.schedule.plan_words.splitlines()

    def test_periods_and_plans_in_words(self):
        self.assertEqual(self.words(), ["Reads every minute.", "Stores a value every 15 minutes."])
        cases = {
            "*/15 * * * *": "every 15 minutes",
            "* * * * *": "every minute",
            "0 * * * *": "every hour",
            "5,35 * * * *": "every hour at minute 5, 35",
            "5 0 * * *": "every day at 00:05",
            "0 8 * * 1-5": "at 08:00, on Monday, Tuesday, Wednesday, Thursday, Friday",
            "0 0 1 1 *": "at 00:00, on day 1 of the month, in January",
            "*/15 8-9 * * *": "every 15 minutes, between 08:00–08:59, 09:00–09:59",
            "month_end": "at the end of each month (at midnight after its last day)",
        }
        for plan, expected in cases.items():
            with self.subTest(plan=plan):
                self.assertEqual(self.words(poll_plan=plan)[0], f"Reads {expected}.")

    def test_words_in_turkish(self):
        self.env["res.lang"]._activate_lang("tr_TR")
        self.schedule.poll_plan = "*/15 * * * *"
        found = self.schedule.with_context(lang="tr_TR").plan_words
        self.assertIn("her 15 dakikada bir", found)

    @freeze_time("2026-02-28 20:50:00")
    def test_next_runs_in_the_zone_of_the_site(self):
        self.schedule.write({"poll_plan": "0 0 * * *", "snapshots": "month_end\n30 23 * * *"})
        self.device.schedule_id = self.schedule
        schedule = self.schedule.with_context(lang="en_US")
        self.assertEqual(schedule.plan_zone, "Europe/Istanbul")
        runs = schedule.next_runs.splitlines()
        self.assertEqual(len(runs), 5)
        self.assertIn("Sunday 03/01/2026 00:00", [run.replace("Mar", "03") for run in runs][:1])
        self.assertTrue(runs[1].endswith("23:30"))

    def test_what_is_no_plan_is_refused_in_words(self):
        for field, text, word in (
            ("poll_plan", "61 * * * *", "minute"),
            ("store_plan", "* * *", "five parts"),
            ("snapshots", "month_end\n0 0 30 2 *", "never"),
        ):
            with self.subTest(field=field), self.refused(word):
                self.schedule[field] = text

    def test_a_plan_being_typed_is_explained_before_it_is_saved(self):
        draft = self.schedule.new({"name": "x", "key": "x", "poll_plan": "0 25 * * *"})
        self.assertIn("hour", draft.plan_words)
        self.assertFalse(draft.next_runs)

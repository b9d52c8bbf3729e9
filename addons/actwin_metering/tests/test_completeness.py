from datetime import date, datetime, timedelta
from decimal import Decimal as D
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestCompleteness(ValidationCase):
    """What arrived of what was to come, day by day, and whether it is enough for a bill."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.completeness = cls.env["actwin.completeness"]
        cls.install(START, opening=0)

    def page(self, **values):
        values = {"site_id": self.site.id, "month": "2026-03-15", **values}
        return self.completeness.heat_map(**values)

    def row(self, **values):
        return self.page(**values)["rows"][0]

    def days(self, count, start=START, step=1, status=0):
        """Readings of whole days, a quarter of an hour apart, of a register that moves on."""
        first = int((start - START) / timedelta(minutes=15)) * step
        self.send(
            *(
                (str(start + timedelta(minutes=15 * at)), str(first + at * step), status)
                for at in range(1, 96 * count + 1)
            )
        )

    def test_cells_by_day(self):
        self.days(2, start=START + timedelta(days=1))
        self.roll()
        row = self.row()
        # no meter on the 1st, nothing came on the 2nd and from the 5th on
        self.assertEqual(row["cells"], "nm" + "rr" + "m" * 27)
        self.assertEqual(row["sla"], int(2 * 1000 / 30) / 10)
        self.assertEqual(self.page()["sla"], row["sla"])

    def test_estimates_and_held_readings_show(self):
        self.days(1, start=START + timedelta(days=1))
        self.days(1, start=START + timedelta(days=2), status=2)
        self.send((str(START + timedelta(days=3, hours=1)), "300", 1))
        self.roll()
        self.assertEqual(self.row()["cells"][:6], "nmr" + "ex" + "m")
        share = self.completeness._sla(self.channel, date(2026, 3, 3), date(2026, 3, 4))
        self.assertEqual(share, {self.channel: D("0.5")})

    def test_long_day_of_a_clock_that_is_set_back(self):
        self.site.tz = "Europe/Berlin"
        midnight = datetime(2025, 10, 25, 22)
        self.point.installation_ids.date_from = "2025-10-01"
        self.days(1, start=midnight)
        self.roll()
        day = date(2025, 10, 26)
        self.assertEqual(
            self.completeness._sla(self.channel, day, day), {self.channel: D(96) / 100}
        )

    def test_point_shows_the_worst_of_its_channels(self):
        self.create_channel(obis="2.8.0")
        self.days(1, start=START + timedelta(days=1))
        self.roll()
        self.assertEqual(self.row(level="point")["cells"][2], "m")
        by_channel = self.page(level="channel")["rows"]
        self.assertEqual([row["cells"][2] for row in by_channel], ["r", "m"])

    def test_typed_in_and_computed_channels_expect_no_reading_a_day(self):
        self.channel.entry = "manual"
        virtual = self.create_channel(obis="rest", kind="virtual")
        self.env["actwin.formula"].create(
            {
                "channel_id": virtual.id,
                "date_from": "2026-01-01",
                "expression": "a",
                "input_ids": [Command.create({"name": "a", "channel_ids": self.channel.ids})],
            }
        )
        self.send(("2026-03-05 10:00:00", "10"), ("2026-03-08 10:00:00", "40"))
        self.roll()
        self.roll()
        manual, computed = self.page(level="channel")["rows"]
        self.assertEqual((manual["cells"][:8], manual["sla"]), ("nnnn" + "r" + "nn" + "r", None))
        self.assertEqual(computed["cells"].replace("n", ""), "rr")

    def test_today_and_the_future_are_not_missing(self):
        today = datetime.now(ZoneInfo(self.site.tz)).date()  # the site's day, not the user's
        cells = self.row(month=str(today))["cells"]
        self.assertEqual(set(cells[today.day - 1 :]), {"n"})

    def test_search_and_site(self):
        self.assertEqual(self.page(search="nowhere")["rows"], [])
        self.assertEqual(self.page(search="P1")["total"], 1)
        other = self.create_site(code="TS9")
        self.assertEqual(self.page(site_id=other.id)["rows"], [])

    def test_cell_opens_the_readings_of_its_day(self):
        self.days(2)
        action = self.completeness.open_readings("channel", self.channel.id, "2026-03-03")
        found = self.env["actwin.reading"].search(action["domain"])
        self.assertEqual(len(found), 96)
        self.assertEqual(min(found.mapped("ts")), START + timedelta(days=1, minutes=15))

    def test_ready_is_what_a_bill_would_not_be_kept_back_for(self):
        end = START + timedelta(days=2)
        ready = self.create_point(code="P2")
        channel = self.create_channel(point_id=ready.id)
        self.send((str(START), "0"), (str(end), "50"), channel=channel)
        lonely = self.create_point(code="P3")
        points = self.point | ready | lonely
        self.roll()
        reasons = points._not_ready(START, end)
        self.assertIn("boundary", reasons[self.point][0])
        self.assertIn("no register", reasons[lonely][0])
        self.assertNotIn(ready, reasons)

    def test_what_holds_a_bill_back_is_told(self):
        load = self.create_channel(obis="load", kind="interval")
        self.send((str(START + timedelta(hours=1)), "1"), channel=load)
        self.feed([0, 1, 2, 9000, 4, 5, 6, 7])
        self.validate()
        texts = "\n".join(self.point._not_ready(START, START + timedelta(days=1))[self.point])
        self.assertIn("95 intervals are missing", texts)

    def test_month_of_a_site(self):
        point = self.create_point(code="P2")
        channel = self.create_channel(point_id=point.id)
        self.send(("2026-02-28 21:00:00", "0"), ("2026-03-31 21:00:00", "9"), channel=channel)
        figure = self.completeness.readiness(self.site.id, "2026-03-01")
        self.assertEqual(figure, {"ready": 1, "total": 2})
        action = self.completeness.open_not_ready(self.site.id, "2026-03-01")
        lines = self.env["actwin.readiness"].search(action["domain"])
        self.assertEqual(lines.point_id, self.point)
        self.assertTrue(lines.reasons)

    def test_each_sees_its_own_sites(self):
        insider, outsider = (
            new_test_user(self.env, name, groups="actwin_metering.group_operator")
            for name in ("complete_in", "complete_out")
        )
        self.site.user_ids = insider
        seen = self.completeness.with_user(insider).heat_map(self.site.id, "2026-03-01")
        self.assertEqual(seen["site_id"], self.site.id)
        hidden = self.completeness.with_user(outsider).heat_map(self.site.id, "2026-03-01")
        self.assertNotEqual(hidden["site_id"], self.site.id)
        with self.assertRaises(AccessError):
            self.completeness.with_user(outsider).open_readings(
                "point", self.point.id, "2026-03-01"
            )
        self.assertEqual(self.completeness.with_user(outsider).readiness(self.site.id)["total"], 0)

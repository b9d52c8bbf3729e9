"""Bands that a calendar gives: seasons, kinds of day, meters that count no bands themselves."""

from datetime import date, datetime

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..models.facts.period import Period
from .common import BillingCommon

THREE = [(6, "t1"), (17, "t2"), (22, "t3")]


def slots(rows, kind="workday"):
    return [Command.create({"day_kind": kind, "start": at, "band": band}) for at, band in rows]


@tagged("post_install", "-at_install")
class TestCalendar(BillingCommon):

    @classmethod
    def create_calendar(cls, *seasons):
        """Calendar of (name, month, day, commands of slots)."""
        return cls.env["actwin.calendar"].create({
            "name": "Test", "company_id": cls.company.id, "season_ids": [
                Command.create({"name": name, "month": str(month), "day": day, "slot_ids": rows})
                for name, month, day, rows in seasons]})

    def hourly_tariff(self, calendar, components, **values):
        tariff = self.create_tariff(components, code="CAL", levy_tax_id=False, vat_tax_id=False,
                                    **values)
        tariff.version_ids.calendar_id = calendar
        return tariff

    def bands(self, prices=(1, 10, 100), **values):
        return [
            {"kind": "energy", "name": band, "band": band, "price": price, **values}
            for band, price in zip(("t1", "t2", "t3"), prices, strict=True)
        ]

    def lines(self, tariff, values, **run):
        subscription = self.create_subscription("C1", {}, tariff)
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, values, **run.pop("profile", {}))
        bill = self.compute(self.create_run(**run))
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))
        return {line.key: line.quantity for line in bill.line_ids}

    def test_the_usual_three_bands_of_a_steady_load(self):
        tariff = self.create_tariff(self.bands(), code="CAL")
        self.assertEqual(tariff.version_ids.calendar_id,
                         self.env.ref("actwin_billing.calendar_three_bands"))
        self.assertEqual(self.lines(tariff, [1] * 720),
                         {"energy_t1": 330.0, "energy_t2": 150.0, "energy_t3": 240.0})

    def test_saturdays_sundays_and_holidays_have_their_own_times(self):
        calendar = self.create_calendar(("Year", 1, 1, [
            *slots(THREE), *slots([(0, "t1")], "saturday"), *slots([(0, "t3")], "sunday")]))
        self.env["actwin.holiday"].create({"name": "Feast", "date": "2025-11-12"})
        found = self.lines(self.hourly_tariff(calendar, self.bands()), [1] * 720)
        # November 2025: 5 Saturdays, 5 Sundays, and a Wednesday that follows the Sundays
        workdays, saturdays, sundays = 19, 5, 6
        self.assertEqual(found, {
            "energy_t1": workdays * 11.0 + saturdays * 24, "energy_t2": workdays * 5.0,
            "energy_t3": workdays * 8.0 + sundays * 24})

    def test_seasons_have_prices_of_their_own_and_cut_the_bill(self):
        calendar = self.create_calendar(
            ("Winter", 11, 16, slots(THREE)), ("Summer", 4, 1, slots([(8, "t1"), (20, "t3")])))
        seasons = {season.name: season.id for season in calendar.season_ids}
        components = [
            *self.bands(season_id=seasons["Winter"]),
            {"kind": "energy", "name": "t1", "band": "t1", "price": 5,
             "season_id": seasons["Summer"]},
            {"kind": "energy", "name": "t3", "band": "t3", "price": 7,
             "season_id": seasons["Summer"]},
            {"kind": "distribution", "name": "Network", "price": 1},
            {"kind": "fixed_month", "name": "Fee", "price": 30},
        ]
        tariff = self.create_tariff([], code="CAL", levy_tax_id=False, vat_tax_id=False)
        tariff.version_ids.write({
            "calendar_id": calendar.id,
            "component_ids": [Command.create(vals) for vals in components]})
        found = self.lines(tariff, [1] * 720)
        self.assertEqual(found, {
            "energy_t1_summer": 15 * 12.0, "energy_t3_summer": 15 * 12.0,
            "energy_t1_winter": 15 * 11.0, "energy_t2_winter": 15 * 5.0,
            "energy_t3_winter": 15 * 8.0, "distribution": 720.0, "fixed_month": 1.0})

    def test_a_season_that_starts_inside_the_period_needs_no_bands(self):
        """A meter that counts bands itself is cut at its index of that day."""
        calendar = self.create_calendar(
            ("Winter", 11, 16, slots(THREE)), ("Summer", 4, 1, slots(THREE)))
        winter, summer = calendar.season_ids
        tariff = self.create_tariff([], code="CAL")
        tariff.version_ids.write({"calendar_id": calendar.id, "component_ids": [
            Command.create({"kind": "energy", "name": "E", "price": price, "season_id": season.id})
            for price, season in ((2, winter), (1, summer))]})
        subscription = self.create_subscription("C2", {"": None}, tariff)
        self.add_readings(subscription.point_id.channel_ids, [
            (datetime(2025, 10, 31, 21), 100), (datetime(2025, 11, 15, 21), 130),
            (datetime(2025, 11, 30, 21), 200)])
        bill = self.compute(self.create_run())
        self.assertEqual([(line.key, line.quantity) for line in bill.line_ids],
                         [("energy_summer", 30.0), ("energy_winter", 70.0)])

    def test_half_hours_are_found_in_the_readings(self):
        calendar = self.create_calendar(("Year", 1, 1, slots([(6.5, "t1"), (22, "t3")])))
        tariff = self.hourly_tariff(calendar, self.bands()[::2])
        subscription = self.create_subscription("C3", {"": None}, tariff)
        channel = subscription.point_id.channel_ids
        channel.validation_group_id = False
        start, rows = datetime(2025, 10, 31, 21), []
        for number in range(30 * 96 + 1):
            rows.append((start + (datetime(2025, 11, 30, 21) - start) / (30 * 96) * number, number))
        self.add_readings(channel, rows)
        bill = self.compute(self.create_run())
        self.assertEqual({line.key: line.quantity for line in bill.line_ids},
                         {"energy_t1": 30 * 62.0, "energy_t3": 30 * 34.0})

    def test_a_hole_in_the_profile_keeps_the_bill_back(self):
        subscription = self.create_subscription("C4", {}, self.create_tariff(
            self.bands(), code="CAL"))
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, [1] * 100 + [None] * 6 + [7] + [1] * 613)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.state, "blocked")
        message = bill.check_ids.filtered(lambda check: check.code == "V12").message
        self.assertIn("6 of 720 intervals of 60 minutes", message)

    def test_bands_without_a_calendar_are_refused_by_name(self):
        tariff = self.hourly_tariff(False, self.bands())
        subscription = self.create_subscription("C5", {}, tariff)
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, [1] * 720)
        bill = self.compute(self.create_run())
        self.assertIn("no time-of-use calendar", "".join(bill.check_ids.mapped("message")))
        self.assertEqual(bill.state, "blocked")

    def test_a_calendar_that_is_none_is_refused(self):
        for seasons in (
            [],
            [("A", 1, 1, slots(THREE)), ("B", 1, 1, slots(THREE))],
            [("A", 2, 30, slots(THREE))],
            [("A", 1, 1, slots(THREE, "saturday"))],
            [("A", 1, 1, slots([(6, "t1"), (6, "t2")]))],
            [("A", 1, 1, slots([(24, "t1")]))],
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.create_calendar(*seasons)

    def test_a_price_keeps_to_seasons_of_its_versions_calendar(self):
        calendar = self.create_calendar(("Year", 1, 1, slots(THREE)))
        with self.assertRaises(ValidationError):
            self.tariff.version_ids.component_ids[0].season_id = calendar.season_ids
        tariff = self.hourly_tariff(calendar, self.bands())
        tariff.version_ids.component_ids.season_id = calendar.season_ids
        with self.assertRaises(ValidationError):
            tariff.version_ids.calendar_id = self.create_calendar(("Year", 1, 1, slots(THREE)))

    def test_seasons_of_a_day(self):
        calendar = self.create_calendar(
            ("Winter", 11, 1, slots(THREE)), ("Summer", 4, 1, slots(THREE)))
        for day, name in ((date(2026, 1, 5), "Winter"), (date(2026, 3, 31), "Winter"),
                          (date(2026, 4, 1), "Summer"), (date(2026, 11, 1), "Winter")):
            self.assertEqual(calendar._season_of(day).name, name)
        self.assertEqual(
            calendar._season_starts(date(2025, 11, 1), date(2026, 11, 1)),
            [date(2026, 4, 1), date(2026, 11, 1)])

    def test_the_form_draws_the_days(self):
        with Form(self.env["actwin.calendar"].with_user(self.accountant)) as form:
            form.name = "Drawn"
            with form.season_ids.new() as season:
                season.name = "All <b>year</b>"
                with season.slot_ids.new() as slot:
                    slot.start, slot.band = 6, "t1"
                with season.slot_ids.new() as slot:
                    slot.start, slot.band = 18.5, "t3"
        preview = form.record.preview
        self.assertIn("18:30–24:00", preview)
        self.assertIn("width:52.083%", preview)
        self.assertNotIn("<b>", preview)

    def test_facts_of_the_calendar(self):
        calendar = self.create_calendar(("Year", 4, 1, slots(THREE)))
        self.env["actwin.holiday"].create([
            {"name": "In", "date": "2025-11-29"}, {"name": "Out", "date": "2026-01-01"}])
        period = Period(date(2025, 11, 1), date(2025, 11, 30), "Europe/Istanbul")
        facts = calendar._facts("Europe/Istanbul", period.date_from, period.date_to)
        self.assertEqual(facts["holidays"], ["2025-11-29"])
        self.assertEqual(facts["seasons"][0]["from"], "04-01")
        self.assertEqual(facts["seasons"][0]["days"]["workday"][0], ["00:00", "t3"])

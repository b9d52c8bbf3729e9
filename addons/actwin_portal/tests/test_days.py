from odoo.tests import tagged

from .common import PortalCase


@tagged("post_install", "-at_install")
class TestDays(PortalCase):
    """A tenant sees the days of its own tenancy, both ends included, and not one more."""

    def days(self, series):
        return {
            int(day[8:]): value
            for day, value in zip(series["days"], series["total"], strict=True)
        }  # fmt: skip

    def test_former_tenant_ends_on_its_last_day(self):
        self.login(self.former)
        self.assertEqual(self.days(self.series()), {day: day for day in range(1, 10)})

    def test_current_tenant_begins_on_its_first_day(self):
        self.login(self.current)
        expected = {day: day if day <= 20 else None for day in range(10, 30)}
        self.assertEqual(self.days(self.series()), expected)

    def test_bands_and_the_month_before_are_cut_too(self):
        self.login(self.current)
        february = self.series()
        self.assertEqual(february["bands"]["t1"][0], 5)
        self.assertEqual(len(february["bands"]["t1"]), 20)
        march = self.series(month="2024-03")
        self.assertEqual(march["previous"][8:10], [None, 10])
        self.assertEqual([v for v in march["previous"][:9] if v is not None], [])

    def test_figures_of_the_page_hold_own_days_only(self):
        self.login(self.former)
        page = self.page(f"/my/energy/{self.point.id}?month=2024-02").text
        self.assertIn("45.0", page)  # 1 + … + 9
        self.assertNotIn("210.0", page)  # the whole month
        self.assertNotIn("165.0", page)  # the next tenant's

    def test_a_day_moved_by_a_changed_tenancy_moves_in_both_views(self):
        occupancies = self.point.occupancy_ids.sorted("date_from")
        occupancies[0].date_to = "2024-02-08"
        occupancies[1].date_from = "2024-02-09"
        self.login(self.former)
        self.assertEqual(max(self.days(self.series())), 8)
        self.login(self.current)
        self.assertEqual(min(self.days(self.series())), 9)

    def test_two_tenancies_of_one_tenant_leave_the_days_between_out(self):
        self.occupy(self.former_sub, self.create_point("P2", "Store"), "2024-01-01", "2024-02-03")
        again = self.env["actwin.point"].search([("code", "=", "P2")])
        self.occupy(self.former_sub, again, "2024-02-06", "2024-02-07")
        self.login(self.former)
        self.assertEqual([int(day[8:]) for day in self.series(again)["days"]], [1, 2, 3, 6, 7])

    def test_months_outside_the_tenancy_fall_back_inside(self):
        self.login(self.former)
        self.assertEqual(self.series(month="2024-09")["days"][-1], "2024-02-09")
        self.assertEqual(self.series(month="2020-01")["days"][0], "2023-11-01")
        self.assertEqual(self.series(month="nonsense")["days"][-1], "2024-02-09")

    def test_former_tenant_does_not_see_the_register_move_on(self):
        self.login(self.former)
        page = self.page(f"/my/energy/{self.point.id}").text
        self.assertNotIn("Last reading", page)
        self.assertIn("Your time here", page)
        self.login(self.current)
        self.assertIn("Last reading", self.page(f"/my/energy/{self.point.id}").text)

    def test_a_tenancy_to_come_shows_nothing_yet(self):
        later = self.create_point("P3", "Later")
        self.occupy(self.stranger_sub, later, "2999-01-01")
        self.login(self.stranger)
        self.assertEqual(self.page(f"/my/energy/{later.id}").status_code, 404)
        self.assertNotIn("Later", self.page("/my/energy").text)

    def test_the_authorised_person_sees_what_the_subscriber_sees(self):
        self.former_sub.authorised_partner_id = self.stranger.partner_id
        self.login(self.stranger)
        self.assertEqual(max(self.days(self.series())), 9)

    def test_a_colleague_of_the_company_sees_the_same(self):
        self.stranger.partner_id.is_company = False
        self.stranger.partner_id.parent_id = self.current.partner_id
        self.login(self.stranger)
        self.assertEqual(min(self.days(self.series())), 10)

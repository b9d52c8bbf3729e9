from lxml import html

from odoo import Command
from odoo.tests import tagged

from .common import PortalCase


@tagged("post_install", "-at_install")
class TestPages(PortalCase):
    def tree(self, path):
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.text)

    def text(self, path):
        """Text of the energy area, blanks folded."""
        area = self.tree(path).find_class("o_actwin")[0]
        return " ".join(area.text_content().split())

    def point_path(self, month="2024-02"):
        return f"/my/energy/{self.point.id}?month={month}"

    def test_page_speaks_the_users_language(self):
        self.env["res.lang"]._activate_lang("tr_TR")
        self.login(self.current)
        self.assertEqual(self.tree("/my/energy").get("lang"), "en-US")
        self.current.lang = "tr_TR"
        self.opener.cookies.clear()
        self.login(self.current)
        self.assertEqual(self.tree("/my/energy").get("lang"), "tr-TR")

    def test_turkish_words_numbers_and_dates(self):
        self.env["res.lang"]._activate_lang("tr_TR")
        self.env["ir.module.module"]._load_module_terms(["actwin_portal"], ["tr_TR"])
        self.current.lang = "tr_TR"
        self.login(self.current)
        text = self.text(self.point_path())
        for words in ("Şubat 2024", "10.02.2024", "Günlük ortalama", "15,0", "%50,0", "Tablo"):
            self.assertIn(words, text)
        for words in ("Daily average", "Last reading", "Open invoices", "Show as table"):
            self.assertNotIn(words, text)

    def test_overview_shows_each_point_with_its_month(self):
        self.login(self.former)
        text = self.text("/my/energy")
        self.assertIn("Weaving hall", text)
        self.assertIn("11/01/2023 – 02/09/2024", text)
        self.assertIn("February 2024 45.0 kWh", text)

    def test_overview_without_points(self):
        self.login(self.stranger)
        self.assertIn("No metering point is registered to you yet", self.text("/my/energy"))

    def test_figures_of_the_month(self):
        self.login(self.current)
        text = self.text(self.point_path())
        self.assertIn("165.0 kWh", text)  # 10 + … + 20
        self.assertIn("Daily average 15.0 kWh", text)
        self.assertIn("Most on 20 Feb: 20.0 kWh", text)
        self.assertIn("T1 82.5 kWh 50.0%", text)

    def test_table_has_every_own_day_and_the_total(self):
        self.login(self.current)
        table = self.tree(self.point_path()).get_element_by_id("o_actwin_table")
        rows = [
            " ".join(" ".join(cell.text_content().split()) for cell in row).strip()
            for row in table.iter("tr")
        ]
        self.assertEqual(len(rows), 1 + 20 + 1)
        self.assertEqual(rows[1], "Sat 10 Feb 10.00 5.00 5.00")
        self.assertEqual(rows[12], "Wed 21 Feb – – –")
        self.assertEqual(rows[-1], "Total 165.0 82.5 82.5")

    def test_comparison_with_the_same_days_of_the_month_before(self):
        self.feed(self.total, 2024, 3, {day: 2 * day for day in range(10, 21)})
        former, current = self.point.occupancy_ids.sorted("date_from")
        current.date_to = "2024-03-20"
        self.login(self.current)
        # March begins with nine days the tenant had no part in: nothing to compare with
        self.assertIn("nothing to compare with", self.text(self.point_path("2024-03")))
        former.date_to = "2024-01-31"
        current.date_from = "2024-02-01"
        text = self.text(self.point_path("2024-03"))
        self.assertIn("more than the same days of the month before", text)

    def test_estimated_days_are_marked(self):
        self.total.validation_group_id = False  # the index begins anew in this month
        self.feed(self.total, 2024, 4, {3: 7, 4: 8}, status=2)
        self.login(self.current)
        text = self.text(self.point_path("2024-04"))
        self.assertIn("because the meter could not be read: 2", text)
        self.assertEqual(text.count(" estimated"), 3)  # the sentence and two rows
        series = self.series(month="2024-04")
        self.assertEqual(series["estimated"].count(True), 2)
        self.assertTrue(series["estimated"][2])

    def test_a_month_without_data_says_so_and_draws_no_axis(self):
        self.login(self.current)
        tree = self.tree(self.point_path("2024-06"))
        self.assertFalse(tree.xpath("//owl-component"))
        text = self.text(self.point_path("2024-06"))
        self.assertIn("No measurement in June 2024", text)
        self.assertIn("The meter sent its last reading on", text)
        self.assertNotIn(" 0.0 kWh", text)

    def test_month_picker_stops_at_the_tenancy(self):
        self.login(self.former)
        tree = self.tree(self.point_path())
        previous = tree.xpath("//a[@rel='prev']")[0]
        following = tree.xpath("//a[@rel='next']")[0]
        self.assertEqual(previous.get("href"), "?month=2024-01")
        self.assertIsNone(following.get("href"))
        self.assertIn("disabled", following.get("class"))
        first = self.tree(self.point_path("2023-11"))
        self.assertIsNone(first.xpath("//a[@rel='prev']")[0].get("href"))
        options = tree.xpath("//select[@name='month']/option")
        self.assertEqual(
            [(each.get("value"), each.text, each.get("selected")) for each in options],
            [
                ("2024-02", "February 2024", "selected"),
                ("2024-01", "January 2024", None),
                ("2023-12", "December 2023", None),
                ("2023-11", "November 2023", None),
            ],
        )

    def test_water_counts_volume(self):
        water = self.create_point("W1", "Water", commodity="water")
        channel = self.create_channel(water, "volume", quantity="volume", unit="m3")
        self.occupy(self.current_sub, water, "2024-01-01")
        self.feed(channel, 2024, 2, {1: 3, 2: 4})
        self.login(self.current)
        self.assertIn("7.0 m³", self.text(f"/my/energy/{water.id}?month=2024-02"))

    def test_bands_alone_make_the_total(self):
        self.total.active = False
        self.login(self.current)
        self.assertIn("165.0 kWh", self.text(self.point_path()))

    def test_a_point_without_registers_has_an_empty_page(self):
        bare = self.create_point("B1", "Bare")
        self.occupy(self.current_sub, bare, "2024-01-01")
        self.login(self.current)
        self.assertIn("has not sent any reading yet", self.text(f"/my/energy/{bare.id}"))

    def test_open_invoices_are_the_users_own(self):
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": user.partner_id.id,
                    "invoice_date": "2024-03-01",
                    "invoice_line_ids": [
                        Command.create({"name": "kWh", "price_unit": price, "tax_ids": False})
                    ],
                }
                for user, price in ((self.current, 100), (self.current, 20.5), (self.stranger, 7))
            ]
        )
        moves.action_post()
        self.login(self.current)
        text = self.text("/my/energy")
        self.assertIn("120.50", text)
        self.assertIn("See 2 open", text)

    def test_names_are_escaped(self):
        self.point.name = "<script>alert(1)</script>"
        self.login(self.current)
        for path in ("/my/energy", self.point_path()):
            page = self.page(path).text
            self.assertNotIn("<script>alert(1)", page)
            self.assertIn("&lt;script&gt;alert(1)", page)

    def test_icons_are_hidden_from_screen_readers(self):
        self.login(self.current)
        for path in ("/my/energy", self.point_path()):
            area = self.tree(path).find_class("o_actwin")[0]
            self.assertFalse(area.xpath(".//i[not(@aria-hidden='true')]"))
            for button in area.xpath(".//a[.//i] | .//button[.//i]"):
                self.assertTrue(button.text_content().strip() or button.get("aria-label"))

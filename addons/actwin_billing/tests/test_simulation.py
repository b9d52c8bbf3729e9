"""Previews of versions and comparisons of tariffs: what bills would say, and nothing written."""

from datetime import date, datetime

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BillingCommon

MONTHS = [datetime(2025, month, 1) for month in range(1, 13)] + [datetime(2026, 1, 1)]


@tagged("post_install", "-at_install")
class TestSimulation(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.create_subscription("S1", {"": None}, cls.flat("NOW", 2))
        index, rows = 0, []
        for number, first in enumerate(MONTHS):
            local = first.replace(hour=0)
            rows.append((datetime.fromtimestamp(local.timestamp() - 3 * 3600), index))
            index += 100 * (number + 1)
        cls.add_readings(cls.subscription.point_id.channel_ids, rows)

    @classmethod
    def flat(cls, code, price, **values):
        tariff = cls.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": price},
             {"kind": "distribution", "name": "Network", "price": 1}], code=code, name=code,
            **values)
        tariff.version_ids.valid_from = "2024-12-31 21:00:00"
        return tariff

    def preview(self, version, **values):
        return self.env["actwin.tariff.preview"].with_user(self.accountant).create({
            "tariff_id": version.tariff_id.id, "version_id": version.id,
            "subscription_id": self.subscription.id, "date_to": "2025-12-31", **values})

    def compare(self, **values):
        return self.env["actwin.tariff.comparison"].with_user(self.accountant).create({
            "subscription_id": self.subscription.id, "date_to": "2025-12-31", **values})

    def counts(self):
        return [self.env[name].search_count([]) for name in
                ("actwin.bill", "actwin.billing.run", "account.move", "actwin.adjustment")]

    def test_a_draft_is_priced_beside_the_present_tariff(self):
        draft = self.flat("NEW", 3).version_ids
        draft.write({"draft": True, "valid_from": "2027-01-01"})
        before = self.counts()
        preview = self.preview(draft)
        self.assertEqual(self.counts(), before)
        self.assertEqual(len(preview.line_ids), 12)
        first = preview.line_ids[0]
        # 100 kWh at 3 + 1: levy 5 % of 300, VAT 20 % of 415
        self.assertEqual((first.consumption, first.amount, first.present_amount),
                         (100, 498.0, 372.0))
        self.assertEqual(preview.amount_total, 498.0 * 78)
        self.assertEqual((preview.present_total, preview.difference),
                         (372.0 * 78, 126.0 * 78))
        self.assertEqual(preview.part_ids.mapped("name"), ["Energy", "Network"])
        self.assertEqual(preview.part_ids[0].amount, 7800 * 3)

    def test_the_preview_says_what_the_bill_says(self):
        version = self.subscription.tariff_id.version_ids
        month = self.preview(version, date_to="2025-11-30", month_count=1).line_ids
        bill = self.compute(self.create_run())
        self.assertEqual((month.amount, month.consumption), (bill.amount_total, 1100))

    def test_editing_shows_at_once(self):
        version = self.flat("NEW", 3).version_ids
        preview = self.preview(version)
        version.component_ids[0].price = 4
        preview.action_compute()
        self.assertEqual(preview.line_ids[0].amount, 624.0)

    def test_a_month_that_cannot_be_priced_says_why(self):
        version = self.flat("NEW", 3).version_ids
        preview = self.preview(version, date_to="2026-02-28")
        self.assertEqual(len(preview.line_ids.filtered("priced")), 10)
        last = preview.line_ids[-1]
        self.assertFalse(last.priced)
        self.assertIn("No reading at the period's boundary", last.note)
        self.assertEqual(preview.difference, 126.0 * sum(range(3, 13)))

    def test_a_parameter_counts_as_it_is_now(self):
        parameter = self.env["actwin.tariff.parameter"].create({
            "code": "P", "name": "P", "company_id": self.company.id, "value_ids": [
                Command.create({"date_from": date(2026, 1, 1), "value": 5})]})
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Energy", "parameter_id": parameter.id}], code="PAR",
            levy_tax_id=False, vat_tax_id=False)
        preview = self.preview(tariff.version_ids)
        self.assertEqual(preview.line_ids[0].amount, 500)

    def test_the_months_begin_with_the_subscription(self):
        self.subscription.date_from = "2025-10-11"
        preview = self.preview(self.subscription.tariff_id.version_ids)
        self.assertEqual(preview.line_ids.mapped("date_from"),
                         [date(2025, 10, 11), date(2025, 11, 1), date(2025, 12, 1)])

    def test_all_fitting_tariffs_are_ranked(self):
        kind = self.env["actwin.subscriber.kind"].create({"name": "Shop", "code": "shop"})
        other = self.env["actwin.subscriber.kind"].create({"name": "Farm", "code": "farm"})
        self.subscription.subscriber_id.kind_id = kind
        dear, cheap = self.flat("DEAR", 9), self.flat("CHEAP", 1, kind_ids=kind.ids)
        self.flat("FARM", 0.5, kind_ids=other.ids)
        self.flat("WATER", 0.5, commodity="water")
        late = self.flat("LATE", 0.1)
        late.version_ids.valid_from = "2025-06-30 21:00:00"
        before = self.counts()
        lines = self.compare().line_ids
        self.assertEqual(self.counts(), before)
        offered = lines.filtered(lambda line: line.tariff_id != self.tariff)
        self.assertEqual(offered.tariff_id, cheap | self.subscription.tariff_id | dear | late)
        best = lines[0]
        self.assertEqual((best.rank, best.cheapest, best.tariff_id), (1, True, cheap))
        self.assertEqual(best.difference, (246.0 - 372.0) * 78)
        present = lines.filtered("present")
        self.assertEqual((present.rank, present.difference), (2, 0))
        unfinished = lines.filtered(lambda line: line.tariff_id == late)
        self.assertEqual((unfinished.rank, unfinished.month_count), (0, 6))
        self.assertIn("no tariff version", unfinished.note)

    def test_at_prices_of_today_every_tariff_is_complete(self):
        late = self.flat("LATE", 0.1)
        late.version_ids.valid_from = "2025-06-30 21:00:00"
        lines = self.compare(basis="now").line_ids
        self.assertEqual((lines[0].tariff_id, lines[0].month_count), (late, 12))
        action = lines[0].action_open_months()
        months = self.env["actwin.tariff.preview"].browse(action["res_id"]).line_ids
        self.assertAlmostEqual(sum(months.mapped("amount")), lines[0].amount)

    def test_the_comparison_equals_real_billing(self):
        """S013: the ranked amount is what a bill under that tariff says."""
        other = self.flat("OTHER", 3.21)
        line = self.compare(date_to="2025-11-30", month_count=1).line_ids.filtered(
            lambda item: item.tariff_id == other)
        self.subscription.tariff_id = other
        self.assertEqual(self.compute(self.create_run()).amount_total, line.amount)

    def test_without_a_subscription_there_is_nothing_to_preview(self):
        version = self.flat("WATER", 1, commodity="water").version_ids
        with self.assertRaises(UserError):
            version.action_preview()
        action = self.subscription.tariff_id.version_ids.action_preview()
        self.assertEqual(action["res_model"], "actwin.tariff.preview")
        self.assertEqual(self.subscription.action_compare_tariffs()["target"], "new")

from decimal import Decimal

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import START, BillingCommon


@tagged("post_install", "-at_install")
class TestReview(BillingCommon):

    def two_months(self, before="5000", now="5500", **values):
        """Bill of November beside an approved one of October."""
        tariff = self.create_tariff([{"kind": "energy", "name": "Energy", "price": 2}], code="1T")
        subscription = self.create_subscription("T01", {"": now}, tariff, **values)
        self.add_readings(subscription.point_id.channel_ids, [
            (START.replace(month=9, day=30), Decimal("1000.125") - Decimal(before))])
        only = {"subscription_ids": subscription.ids}
        self.compute(self.create_run(
            date_from="2025-10-01", date_to="2025-10-31", **only)).action_approve()
        return self.compute(self.create_run(**only))

    def test_this_period_stands_beside_the_last(self):
        bill = self.two_months()
        comparison = bill.review["comparison"]
        self.assertEqual(comparison["lines"], [{
            "key": "energy", "label": "Energy", "unit": "kWh", "quantity": "5500.000",
            "price": "2", "amount": "11000.00", "before_quantity": "5000.000",
            "before_amount": "10000.00", "change": "10.0"}])
        self.assertEqual([row["key"] for row in comparison["totals"]],
                         ["untaxed", "levy", "vat", "total"])
        self.assertEqual(comparison["totals"][-1]["amount"], f"{bill.amount_total:.2f}")
        self.assertEqual(bill.previous_bill_id.state, "approved")

    def test_the_first_bill_has_nothing_beside_it(self):
        self.create_subscription("T01")
        bill = self.compute(self.create_run())
        self.assertEqual({row["before_amount"] for row in bill.review["comparison"]["totals"]},
                         {None})

    def test_a_bill_that_could_not_be_priced_shows_why(self):
        self.create_subscription("T01", {"t1": "10"})
        review = self.compute(self.create_run()).review
        self.assertIsNone(review["comparison"])
        self.assertIn("V12", [finding["code"] for finding in review["findings"]])
        self.assertNotIn("V12", [rule["code"] for rule in review["passed"]])
        self.assertNotIn("K13", [rule["code"] for rule in review["passed"]])

    def test_months_end_with_the_bill_and_hold_the_rollups(self):
        bill = self.two_months()
        self.assertEqual(len(bill.history), 13)
        self.assertEqual((bill.history[0][0], bill.history[-1]),
                         ("2024-11-01", ["2025-11-01", 5500.0]))
        self.assertEqual(bill.history[-2], ["2025-10-01", 5000.0])

    def test_bands_add_up_in_the_months_when_there_is_no_total_register(self):
        self.create_subscription("T01")
        self.assertEqual(self.compute(self.create_run()).history[-1], ["2025-11-01", 5500.0])

    def test_indices_name_meter_time_and_completeness(self):
        row = self.two_months().review["indices"][0]
        self.assertEqual((row["name"], row["meter"], row["first"], row["last"], row["multiplier"]),
                         ("Active import", "ST01", 1000.125, 6500.125, 1.0))
        self.assertEqual((row["count"], row["expected"]), (1, 2880))
        self.assertIn("12:00", row["first_ts"])  # midnight of the site, not of UTC

    def test_only_rules_that_were_applied_are_said_to_have_passed(self):
        def passed(bill):
            return {rule["code"] for rule in bill.review["passed"]}

        self.create_subscription("T02", contract_kw=100)
        bill = self.compute(self.create_run())
        self.assertLessEqual({"K01", "K10", "K13", "V12"}, passed(bill))
        self.assertFalse({"K03", "K05", "K07", "K12", "K22"} & passed(bill))
        bill.action_approve()
        self.assertLessEqual({"K03", "K05", "K12"}, passed(self.two_months()))

    def test_findings_are_accepted_with_one_reason(self):
        bill = self.two_months("2000").with_user(self.accountant)
        self.assertEqual(bill.state, "blocked")
        action = bill.action_accept_findings()
        wizard = Form(self.env[action["res_model"]].with_user(self.accountant).with_context(
            **action["context"]))
        wizard.reason = "a third shift"
        wizard.save().action_accept()
        self.assertEqual((bill.state, set(bill.check_ids.filtered("accepted").mapped("reason"))),
                         ("checked", {"a third shift"}))

    def test_others_cannot_accept(self):
        bill = self.two_months("2000")
        self.accountant.group_ids = self.env.ref("actwin_metering.group_manager")
        with self.assertRaises(AccessError):
            self.env["actwin.bill.accept"].with_user(self.accountant).create(
                {"check_ids": bill.check_ids.ids, "reason": "no"})

    def test_the_review_of_many_bills_costs_few_queries(self):
        for number in range(6):
            self.create_subscription(f"B{number}")
        bills = self.env["actwin.bill"].browse(self.compute(self.create_run()).ids)

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(len(some.mapped("history")), len(some))
            return self.cr.sql_log_count - before

        queries(bills)  # warms the caches of rights
        self.assertLessEqual(queries(bills), queries(bills[:2]))

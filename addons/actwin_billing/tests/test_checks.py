from decimal import Decimal
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import END, START, BillingCommon


@tagged("post_install", "-at_install")
class TestChecks(BillingCommon):

    def bill_with(self, code="T01", **info):
        """The bill of one subscription whose only register answers ``info``."""
        subscription = self.create_subscription(code, {"": "5500"}, self.single)
        answer = {
            "consumption": Decimal(5500), "first_index": Decimal(0), "first_ts": START,
            "last_index": Decimal(5500), "last_ts": END, "count": 2, "estimated": Decimal(0),
            "suspect": 0, "faults": 0, "rollovers": 0, "segments": [], **info,
        }
        with patch.object(type(subscription.point_id.channel_ids), "_consumption_between",
                          lambda records, start, end: {record.id: answer for record in records}):
            return self.compute(self.create_run(subscription_ids=subscription.ids))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.single = cls.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": 2}], code="1T")

    def test_bad_readings_block_with_the_list(self):
        for info, code in (({"consumption": None}, "V12"), ({"suspect": 3}, "R01"),
                           ({"faults": 1}, "V06"), ({"estimated": Decimal("0.6")}, "K11")):
            with self.subTest(code):
                bill = self.bill_with(code, **info)
                self.assertEqual(bill.state, "blocked")
                check = bill.check_ids.filtered(lambda check, code=code: check.code == code)
                self.assertEqual(check.severity, "block")
                if code != "K11":
                    self.assertIn(f"ZB1/{code}:active_import.0", check.message)

    def test_estimates_and_replacements_warn(self):
        bill = self.bill_with(estimated=Decimal("0.2"), rollovers=1)
        self.assertEqual(bill.state, "checked")
        self.assertEqual(bill.findings, "K11, K17")

    def test_missing_register_is_not_zero(self):
        subscription = self.create_subscription("T01", {"t1": "10"})
        bill = self.compute(self.create_run())
        self.assertEqual((bill.state, bill.amount_total), ("blocked", 0.0))
        self.assertIn("V12", self.codes(bill))
        self.assertEqual(subscription.bill_count, 1)

    def test_a_hole_in_the_tariff_blocks_and_is_repaired_by_backdated_prices(self):
        self.create_subscription("T01", {"": "5500"}, self.single)
        self.single.version_ids.valid_to = "2025-11-10 21:00:00"
        late = self.single.version_ids.copy(
            {"valid_from": "2025-11-13 21:00:00", "valid_to": False})
        run = self.create_run()
        bill = self.compute(run)
        self.assertEqual(bill.state, "blocked")
        self.assertIn("K16", self.codes(bill))
        self.assertIn("2025-11-11T00:00:00+03:00", bill.check_ids.filtered(
            lambda check: check.code == "K16").message)
        late.unlink()
        self.single.version_ids.valid_to = False
        bill = self.compute(run)
        self.assertEqual((bill.state, bill.amount_untaxed), ("checked", 11000.0))

    def test_duplicate_overlap_and_gap_block(self):
        self.create_subscription("T01", {"": "5500"}, self.single)
        first = self.compute(self.create_run())
        first.action_approve()
        self.assertIn("K01", self.codes(self.compute(self.create_run())))
        overlap = self.compute(self.create_run(date_from="2025-11-30", date_to="2025-12-10"))
        self.assertIn("K02", self.codes(overlap))
        self.assertEqual(overlap.state, "blocked")
        gap = self.compute(self.create_run(date_from="2025-12-15", date_to="2025-12-31"))
        message = gap.check_ids.filtered(lambda check: check.code == "K02").mapped("message")
        self.assertTrue(any(first.name in text for text in message))

    @freeze_time("2025-11-20")
    def test_a_period_that_is_not_over_blocks(self):
        self.create_subscription("T01", {"": "5500"}, self.single)
        run = self.create_run()
        with patch.object(type(self.env.cr), "now", lambda cursor: START):
            bill = self.compute(run)
        self.assertIn("K04", self.codes(bill))

    def history(self, consumption, before=5500):
        """Bill of November after an approved one of October."""
        subscription = self.create_subscription("T01", {"": str(consumption)}, self.single)
        channel = subscription.point_id.channel_ids
        self.add_readings(channel, [(START.replace(month=9, day=30),
                                     Decimal("1000.125") - before)])
        october = self.compute(self.create_run(date_from="2025-10-01", date_to="2025-10-31"))
        self.assertEqual(october.consumption, before)
        october.action_approve()
        return self.compute(self.create_run())

    def test_use_far_above_the_last_bills_blocks_until_accepted(self):
        bill = self.history(15000, before=5000)
        check = bill.check_ids.filtered(lambda check: check.code == "K05")
        self.assertEqual((check.severity, bill.state), ("block", "blocked"))
        self.assertEqual(bill.previous_consumption, 5000.0)
        self.assertAlmostEqual(bill.delta_percent, 200.0)
        with self.assertRaises(UserError):
            check.action_accept()
        check.with_user(self.accountant).action_accept("a third shift since November")
        self.assertEqual((bill.state, check.accepted_by_id), ("checked", self.accountant))

    def test_use_far_below_the_last_bills_warns(self):
        bill = self.history(1000, before=5000)
        self.assertIn("K06", bill.findings)
        self.assertEqual(bill.state, "checked")

    def test_more_than_the_contract_power_allows_blocks(self):
        subscription = self.create_subscription(
            "T01", {"": "5500"}, self.single, contract_kw=7.63)
        bill = self.compute(self.create_run())
        self.assertIn("K10", self.codes(bill))
        subscription.contract_kw = 7.64
        bill.action_recompute()
        self.assertNotIn("K10", self.codes(subscription.bill_ids))

    def test_zero_bill_warns_and_hard_blockers_cannot_be_accepted(self):
        self.create_subscription("T01", {"": "0"}, self.single)
        bill = self.compute(self.create_run())
        self.assertEqual((bill.state, bill.findings), ("checked", "K20"))
        bill.action_approve()
        twin = self.compute(self.create_run())
        with self.assertRaises(UserError):
            twin.check_ids.filtered(lambda check: check.code == "K01").action_accept("no")

    def test_the_independent_recomputation_is_compared(self):
        self.create_subscription("T01", {"": "5500"}, self.single)
        path = "odoo.addons.actwin_billing.models.facts.pricing.bill_to"

        def tampered(bill, currency):
            from ..core.answer import bill_to
            answer = bill_to(bill, currency)
            answer["lines"][0]["amount"] = "11000.01"
            return answer

        with patch(path, tampered):
            bill = self.compute(self.create_run())
        self.assertIn("K13", self.codes(bill))
        self.assertEqual(bill.state, "blocked")

    def test_a_rule_that_is_switched_off_is_silent(self):
        self.env.ref("actwin_billing.rule_k20").active = False
        self.create_subscription("T01", {"": "0"}, self.single)
        self.assertFalse(self.compute(self.create_run()).findings)

    def test_reactive_over_its_limit_is_charged_and_said(self):
        tariff = self.create_tariff([
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "reactive_inductive", "name": "Inductive", "price": 2.645474,
             "ratio_below": 0.33, "ratio_above": 0.20},
        ], code="R")
        subscription = self.create_subscription(
            "T01", {"": "33324"}, tariff, connection_kva=100)
        self.create_channel(subscription.point_id, 9, "", "7410.40", "reactive_inductive")
        bill = self.compute(self.create_run())
        line = bill.line_ids.filtered(lambda line: line.kind == "reactive_inductive")
        self.assertEqual((line.quantity, line.amount, line.unit), (7410.4, 19604.02, "kVArh"))
        self.assertIn("K18", bill.findings)

    def test_own_components_keep_working_after_a_copy_of_the_tariff(self):
        copy = self.single.copy({"code": "1T2"})
        self.assertEqual(copy.version_ids.component_ids.price, 2.0)
        copy.version_ids.component_ids = [Command.create({
            "kind": "fixed_month", "name": "Standing", "price": 10})]
        self.assertEqual(copy.version_ids.component_ids.mapped("key"), ["energy", "fixed_month"])

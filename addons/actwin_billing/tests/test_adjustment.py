from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestAdjustment(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.create_subscription("T01")

    def adjust(self, amount=-100.25, **values):
        return self.env["actwin.adjustment"].with_user(self.accountant).create({
            "subscription_id": self.subscription.id, "name": "Credit for May", "amount": amount,
            "reason": "misread index", **values})

    def line(self, bill):
        return bill.line_ids.filtered(lambda line: line.kind == "adjustment")

    def test_the_next_bill_carries_it_with_its_reason(self):
        adjustment = self.adjust()
        bill = self.compute(self.create_run())
        line = self.line(bill)
        self.assertEqual(
            (line.name, line.amount, line.tax_keys), ("Credit for May", -100.25, "vat"))
        self.assertEqual(line.trace["inputs"], {"reason": "misread index"})
        self.assertEqual((bill.amount_untaxed, bill.amount_levy), (25337.76 - 100.25, 750.60))
        self.assertEqual((adjustment.bill_id, bill.state), (bill, "checked"))

    def test_flags_say_which_taxes_are_due(self):
        for levy, vat, keys in ((True, True, "levy,vat"), (False, False, "")):
            adjustment = self.adjust(levy=levy, vat=vat)
            bill = self.compute(self.create_run())
            self.assertEqual(self.line(bill).tax_keys, keys)
            bill.action_cancel()
            adjustment.unlink()

    def test_it_is_posted_as_its_own_line(self):
        self.adjust(50, kind="late_fee", name="Late fee")
        run = self.create_run()
        self.compute(run)
        move = self.post(run).move_id
        fee = move.invoice_line_ids[-1]
        self.assertEqual((fee.name, fee.price_subtotal, fee.tax_ids), ("Late fee", 50.0, self.vat))
        self.assertEqual(move.amount_total, 31306.03 + 60)

    def test_one_bill_carries_it_and_a_recompute_keeps_it(self):
        adjustment = self.adjust()
        bill = self.compute(self.create_run())
        adjustment.amount = -200
        run = bill.run_id
        bill.action_recompute()
        bill = run.bill_ids
        self.assertEqual((self.line(bill).amount, adjustment.bill_id), (-200.0, bill))
        december = self.compute(self.create_run(date_from="2025-12-01", date_to="2025-12-31"))
        self.assertFalse(self.line(december))

    def test_an_approved_bill_holds_it_and_a_cancelled_one_gives_it_back(self):
        adjustment = self.adjust()
        bill = self.compute(self.create_run())
        bill.action_approve()
        for action in (lambda: adjustment.write({"amount": 1}), adjustment.unlink):
            with self.assertRaises(UserError):
                action()
        bill.action_cancel()
        self.assertFalse(adjustment.bill_id)
        self.assertTrue(self.line(self.compute(self.create_run())))

    def test_a_credited_bill_gives_it_back(self):
        adjustment = self.adjust()
        run = self.create_run()
        self.compute(run)
        self.post(run).action_credit()
        self.assertFalse(adjustment.bill_id)

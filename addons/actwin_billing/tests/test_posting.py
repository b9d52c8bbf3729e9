from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon

POST = "odoo.addons.actwin_billing.models.bill_post"


@tagged("post_install", "-at_install")
class TestPosting(BillingCommon):

    def posted(self, *codes, **values):
        for code in codes:
            self.create_subscription(code, **values)
        run = self.create_run()
        self.compute(run)
        return self.post(run)

    def single(self, energy, distribution, code, levy=None):
        return self.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": energy},
             {"kind": "distribution", "name": "Distribution", "price": distribution}],
            code=code, **({"levy_tax_id": levy.id} if levy else {}))

    def test_w15_is_posted_to_the_kurus(self):
        bill = self.posted("T01")
        move = bill.move_id
        self.assertEqual((bill.state, move.state, move.move_type), ("posted", "posted",
                                                                   "out_invoice"))
        self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total),
                         (25337.76, 5968.27, 31306.03))
        self.assertEqual(str(move.invoice_date), "2025-12-05")
        by_tax = {line.tax_line_id: -line.balance for line in move.line_ids if line.tax_line_id}
        self.assertEqual(by_tax, {self.levy: 750.60, self.vat: 5217.67})
        self.assertEqual(bill.run_id.state, "posted")

    def test_one_invoice_line_for_each_product_and_tax_combination(self):
        bill = self.posted("T01")
        energy, distribution = bill.move_id.invoice_line_ids
        self.assertEqual((energy.quantity, energy.price_subtotal), (5500.0, 15012.0))
        self.assertEqual(energy.price_unit, 2.72945455)
        self.assertEqual(energy.product_id, self.env.ref("actwin_billing.product_energy"))
        self.assertEqual(energy.tax_ids, self.levy | self.vat)
        self.assertEqual((distribution.price_unit, distribution.price_subtotal),
                         (1.87741, 10325.76))
        self.assertEqual(bill.line_ids.mapped("move_line_id"), energy | distribution)

    def test_vat_is_computed_once_on_the_whole_base_as_in_w2(self):
        """Line by line Odoo would post 222,031.13; the real bill's tax parts are kept."""
        one = self.levy.copy({"name": "Levy 1 %", "amount": 1})
        tariff = self.single(3.347564, 1.385324, "W2", one)
        bill = self.posted("T01", bands={"": "38819.10"}, tariff=tariff)
        self.assertEqual(bill.amount_untaxed, 129949.42 + 53777.03)
        move = bill.move_id
        self.assertEqual((move.amount_total, move.amount_tax),
                         (bill.amount_total, bill.amount_levy + bill.amount_vat))
        self.assertEqual(bill.amount_levy, 1299.49)
        self.assertEqual(bill.amount_base, 185025.94)
        self.assertEqual(bill.amount_vat, 37005.19)

    def test_odd_kurus_go_through_many_line_bills(self):
        """Amounts for which per-line rounding differs from rounding once."""
        tariff = self.create_tariff([
            {"kind": "energy", "name": f"E{number}", "price": 0.013, "band": band}
            for number, band in enumerate(("t1", "t2", "t3"))
        ] + [{"kind": kind, "name": kind, "price": 0.12} for kind in
             ("distribution", "fixed_month", "fixed_day")], code="ODD")
        bill = self.posted("T01", bands={"t1": "1", "t2": "2", "t3": "3.333"}, tariff=tariff)
        self.assertEqual(bill.move_id.amount_total, bill.amount_total)
        self.assertEqual(bill.move_id.amount_tax, bill.amount_levy + bill.amount_vat)

    def test_a_tariff_without_taxes_is_posted_too(self):
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": 1.23456789}], code="0",
            levy_tax_id=False, vat_tax_id=False)
        bill = self.posted("T01", bands={"": "1234.567"}, tariff=tariff)
        self.assertEqual((bill.amount_total, bill.move_id.amount_total), (1524.16, 1524.16))

    def test_a_posted_bill_cannot_be_changed_or_deleted(self):
        bill = self.posted("T01")
        for action in (
            lambda: bill.write({"amount_total": 1}),
            lambda: bill.write({"state": "draft"}),
            lambda: bill.line_ids[0].sudo().write({"amount": 1}),
            lambda: bill.reading_ids[0].sudo().unlink(),
            lambda: bill.tax_ids[0].sudo().write({"base": 1}),
            lambda: bill.check_ids.write({"reason": "later"}),
            lambda: bill.line_ids.sudo().create({"bill_id": bill.id, "key": "x", "kind": "x",
                                                 "name": "x"}),
            bill.sudo().unlink, bill.action_cancel, bill.action_recompute, bill.action_approve,
            bill.move_id.button_draft, bill.run_id.unlink, bill.run_id.action_cancel,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                action()
        self.assertTrue(bill.snapshot_intact)

    def test_prices_changed_later_do_not_touch_a_posted_bill(self):
        bill = self.posted("T01")
        self.tariff.version_ids.component_ids.price = 99
        bill.run_id.action_recompute()
        bill.run_id.run_now()
        bill.invalidate_recordset()
        self.assertEqual((bill.amount_total, bill.line_ids[0].unit_price), (31306.03, 2.75))

    def test_posting_again_posts_nothing_twice(self):
        bills = self.posted("T01", "T02")
        run = bills.run_id
        with self.assertRaises(UserError):
            run.action_post()
        run.chunk_ids.write({"state": "todo"})
        run.run_now()
        self.assertEqual(self.env["account.move"].search_count(
            [("actwin_run_id", "=", run.id)]), 2)

    def test_a_crash_in_the_middle_leaves_no_half_and_a_rerun_completes(self):
        for code in ("T01", "T02", "T03"):
            self.create_subscription(code)
        run = self.create_run()
        bills = self.compute(run)
        run.action_approve()
        run.action_post()
        original, calls = type(bills)._check_move, []

        def dies(bill, move):
            calls.append(bill)
            if len(calls) == 2:
                raise SystemError("power cut")
            return original(bill, move)

        class Crash(Exception):
            pass

        with self.assertRaises(Crash), self.env.cr.savepoint(), \
                patch.object(type(bills), "_check_move", dies), \
                patch.object(type(bills), "_post_moves", type(bills)._post_batch), \
                patch.object(type(run.chunk_ids), "_process",
                             lambda chunk: chunk._work(chunk.run_id)):
            try:
                run.run_now()
            except SystemError as error:
                raise Crash from error
        self.assertFalse(self.env["account.move"].search([("actwin_run_id", "=", run.id)]))
        self.assertEqual(set(bills.mapped("state")), {"approved"})
        run.run_now()
        moves = self.env["account.move"].search([("actwin_run_id", "=", run.id)])
        self.assertEqual((len(moves), set(moves.mapped("state"))), (3, {"posted"}))
        numbers = sorted(int(name.rsplit("/", 1)[1]) for name in moves.mapped("name"))
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))

    def test_one_bill_that_cannot_be_posted_does_not_stop_the_others(self):
        self.create_subscription("T01")
        self.create_subscription("T02")
        run = self.create_run()
        bills = self.compute(run)
        bad = bills[0]
        original = type(bills)._check_move

        def refuses(bill, move):
            if bill == bad:
                raise ValueError("does not fit")
            return original(bill, move)

        with patch.object(type(bills), "_check_move", refuses), mute_logger(POST):
            self.post(run)
        self.assertEqual((bad.state, (bills - bad).state, run.state),
                         ("approved", "posted", "approved"))
        self.assertFalse(bad.move_id)
        self.assertIn("does not fit", bad.message_ids[0].body)
        run.action_post()
        run.run_now()
        self.assertEqual((bad.state, run.state), ("posted", "posted"))

    def test_a_damaged_snapshot_is_not_posted(self):
        self.create_subscription("T01")
        run = self.create_run()
        bill = self.compute(run)
        run.action_approve()
        bill._update({"snapshot": bill.snapshot.replace("31306.03", "1.00")})
        run.action_post()
        with mute_logger(POST):
            run.run_now()
        self.assertEqual((bill.state, bill.move_id.id), ("approved", False))

    def test_one_period_of_a_point_is_posted_once(self):
        bill = self.posted("T01")
        twin = self.compute(self.create_run())
        self.assertEqual(twin.state, "blocked")
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), \
                self.env.cr.savepoint():
            twin._update({"state": "posted"})
            twin.flush_recordset()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), \
                self.env.cr.savepoint():
            bill.move_id.copy({"actwin_bill_id": bill.id}).flush_recordset()

    def test_a_credit_note_frees_the_period(self):
        bill = self.posted("T01")
        run = bill.run_id
        bill.action_credit()
        self.assertEqual((bill.state, bill.credit_move_id.state), ("credited", "posted"))
        self.assertEqual(bill.credit_move_id.amount_total, 31306.03)
        self.tariff.version_ids.component_ids.filtered(lambda c: c.band == "t1").price = 2
        self.compute(run)
        again = self.post(run) - bill
        self.assertEqual((again.state, again.amount_untaxed), ("posted", 22937.76))

    def test_a_negative_bill_becomes_a_credit_note(self):
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": -2}], code="NEG")
        bill = self.posted("T01", bands={"": "100.555"}, tariff=tariff)
        self.assertEqual(bill.move_id.move_type, "out_refund")
        self.assertEqual(bill.move_id.amount_total, -bill.amount_total)

    def test_bulk_posting_costs_few_queries(self):
        for number in range(10):
            self.create_subscription(f"B{number:02d}")
        run = self.create_run()
        bills = self.compute(run)
        run.action_approve()
        self.env.flush_all()
        before = self.cr.sql_log_count
        bills._post_moves()
        self.env.flush_all()
        self.assertLess((self.cr.sql_log_count - before) / len(bills), 40)

    def test_printed_control_invoice_names_what_it_bills(self):
        bill = self.posted("T01")
        html = self.env["ir.actions.report"]._render_qweb_html(
            "actwin_billing.report_bill", bill.ids)[0].decode()
        for text in ("Tenant T01", "ST01", "31,306.03", bill.snapshot_hash):
            self.assertIn(text, html)

"""Real bills through Odoo: the posted invoice says what the printed one says."""

import csv
import os
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from ..tests_core.billing_cases import case, energy, statement, w2, w9
from .common import BillingCommon

ROOT = Path(__file__).resolve().parents[3]


@tagged("post_install", "-at_install")
class TestRealBills(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levies = {
            "0.05": cls.levy,
            "0.01": cls.levy.copy({"name": "Levy 1 %", "amount": 1}),
        }

    def posted(self, code, data):
        """Posted bill of a case of the core; only the gathering of facts is replaced."""
        rate = next(tax["rate"] for tax in data["taxes"] if tax["key"] == "levy")
        tariff = self.create_tariff(
            [{"kind": item["kind"], "name": item["key"], "price": float(item["price"]),
              "key": item["key"]} for item in data["tariff"]["versions"][0]["components"]],
            code=code, levy_tax_id=self.levies[rate].id)
        data["tariff"]["versions"][0]["key"] = str(tariff.version_ids.id)
        subscription = self.create_subscription(code, {"": "1"}, tariff)
        model = type(self.env["actwin.bill.facts"])
        original = model._gather

        def gather(records, run, subscriptions, history):
            facts = original(records, run, subscriptions, history)
            facts[subscription]["case"] = data
            facts[subscription]["problems"] = []
            return facts

        with patch.object(model, "_gather", gather):
            run = self.create_run(subscription_ids=subscription.ids)
            bill = self.compute(run)
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))
        return self.post(run)

    def taxes(self, move):
        lines = move.line_ids.filtered("tax_line_id")
        return {line.tax_line_id: -line.balance for line in lines}

    def test_w2_is_posted_as_printed(self):
        move = self.posted("W2", w2()).move_id
        self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total),
                         (183726.43, 38304.67, 222031.10))
        self.assertEqual(self.taxes(move), {self.levies["0.01"]: 1299.49, self.vat: 37005.18})
        self.assertEqual(move.invoice_line_ids.mapped("price_unit"), [3.347564, 1.385324])

    def test_w9_is_posted_as_printed(self):
        move = self.posted("W9", w9()).move_id
        self.assertEqual(self.taxes(move), {self.levies["0.01"]: 5550.88, self.vat: 145713.57})
        self.assertEqual(move.amount_total, 874281.42)

    def test_late_fee_is_taxed_by_vat_only(self):
        data = case([energy("2")], {"active_import": "100"}, adjustments=[
            {"key": "late_fee", "amount": "10.00", "label": "Late fee", "taxes": ["vat"]}])
        move = self.posted("LF", data).move_id
        fee = move.invoice_line_ids[1]
        self.assertEqual((fee.name, fee.price_subtotal, fee.tax_ids), ("Late fee", 10.0, self.vat))
        self.assertEqual(move.amount_total, 264.0)

    def test_statement_rows_are_posted_as_the_core_says(self):
        folder = Path(os.environ.get("ACTWIN_TEST_DATA") or ROOT.parent / "shared" / "data")
        path = folder / "invoices" / "icmal_2025_11.csv"
        if not path.exists():
            self.skipTest("ACTWIN_TEST_DATA has no invoices")
        with open(path, encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        self.assertEqual(len(rows), 15)
        for row in rows:
            with self.subTest(row["id"]):
                bill = self.posted(row["id"], statement(row))
                move = bill.move_id
                self.assertEqual(move.amount_total, bill.amount_total)
                taxes = self.taxes(move)
                levy = taxes[bill.tariff_id.levy_tax_id]
                self.assertEqual(levy, float(row["btv_tl"]))
                tolerance = 0.011 if row["id"] in ("r09", "s33") else (
                    0.021 if float(row["reactive_tl"]) else 0)
                self.assertAlmostEqual(taxes[self.vat], float(row["kdv_tl"]), delta=tolerance)
                self.assertAlmostEqual(
                    move.amount_untaxed + levy, float(row["matrah_tl"]), delta=tolerance + 1e-6)

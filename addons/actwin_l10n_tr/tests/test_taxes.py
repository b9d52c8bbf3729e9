from odoo.tests import tagged

from ..const import LEVY_TAXES
from ..hooks import post_init_hook
from .common import UblCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestTaxes(UblCase):
    def test_new_company_gets_the_levy_with_its_chart(self):
        for xmlid, rate in LEVY_TAXES.items():
            tax = self.chart.ref(xmlid)
            self.assertEqual((tax.amount, tax.actwin_tr_tax_code), (rate, "4071"))
            self.assertTrue(tax.include_base_amount)
            self.assertFalse(tax.is_base_affected)
            self.assertLess(tax.sequence, self.vat20.sequence)
            accounts = tax.repartition_line_ids.account_id
            self.assertEqual(accounts.account_type, "liability_current")
            self.assertEqual(accounts.with_company(self.env.company).code, "360100")
            self.assertNotEqual(tax.tax_group_id, self.vat20.tax_group_id)

    def test_levy_is_part_of_the_vat_base(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "invoice_date": "2026-01-05",
                "invoice_line_ids": [
                    (0, 0, {
                        "name": "energy", "quantity": 1, "price_unit": 1000,
                        "tax_ids": [(6, 0, (self.levy5 | self.vat20).ids)],
                    })
                ],
            }
        )  # fmt: skip
        move.action_post()
        levy = move.line_ids.filtered(lambda line: line.tax_line_id == self.levy5)
        vat = move.line_ids.filtered(lambda line: line.tax_line_id == self.vat20)
        self.assertEqual((-levy.balance, -vat.balance, move.amount_total), (50.0, 210.0, 1260.0))
        self.assertEqual(levy.account_id.with_company(self.env.company).code, "360100")

    def test_existing_chart_gets_what_is_missing_and_nothing_twice(self):
        company = self.env.company
        (self.levy5 | self.levy1).unlink()
        post_init_hook(self.env(su=True))
        levies = self.env["account.tax"].search(
            [("actwin_tr_tax_code", "=", "4071"), ("company_id", "=", company.id)]
        )
        self.assertEqual(sorted(levies.mapped("amount")), [1.0, 5.0])
        post_init_hook(self.env(su=True))
        self.assertEqual(
            self.env["account.tax"].search_count(
                [("actwin_tr_tax_code", "=", "4071"), ("company_id", "=", company.id)]
            ),
            2,
        )

    def test_levy_that_outlived_an_uninstallation_gets_its_code_back(self):
        self.levy5.actwin_tr_tax_code = False
        post_init_hook(self.env(su=True))
        self.assertEqual(self.levy5.actwin_tr_tax_code, "4071")

    def test_account_code_in_use_is_left_to_its_owner(self):
        owner = self.levy5.repartition_line_ids.account_id
        (self.levy5 | self.levy1).unlink()
        self.env["ir.model.data"].search(
            [("model", "=", "account.account"), ("res_id", "=", owner.id)]
        ).unlink()
        post_init_hook(self.env(su=True))
        account = self.chart.ref("actwin_tr_s_btv_5").repartition_line_ids.account_id
        self.assertNotEqual(account, owner)
        self.assertEqual(account.with_company(self.env.company).code, "360101")

    def test_precision_keeps_prices_and_quantities(self):
        digits = self.env["decimal.precision"].precision_get
        self.assertGreaterEqual(digits("Product Price"), 8)
        self.assertGreaterEqual(digits("Product Unit"), 3)

    def test_units_have_their_codes(self):
        codes = {
            "uom.product_uom_kwh": "KWH",
            "actwin_billing.uom_kvarh": "K3",
            "actwin_billing.uom_kw_month": "KWT",
            "actwin_l10n_tr.uom_kvar": "KVR",
            "actwin_l10n_tr.uom_kva": "KVA",
            "actwin_l10n_tr.uom_gj": "GJ",
            "l10n_tr_nilvera.product_uom_mwh": "MWH",
            "l10n_tr_nilvera.product_uom_kwh": "KWH",
            "l10n_tr_nilvera.product_uom_standard_cubic_meter": "SM3",
            "uom.product_uom_cubic_meter": "MTQ",
            "uom.product_uom_unit": "C62",
        }
        builder = self.env["account.edi.xml.ubl.tr"]
        for xmlid, code in codes.items():
            self.assertEqual(builder._get_uom_unece_code(self.env.ref(xmlid)), code, xmlid)

from datetime import date

from lxml import etree

from odoo.tests import tagged

from ..core.gib_check import check
from .common import UblCase

REFERENCE = "cac:BillingReference/cac:InvoiceDocumentReference/cbc:"


@tagged("post_install_l10n", "post_install", "-at_install")
class TestUblRefund(UblCase):
    """A credit note is an invoice of type IADE that names the invoice it corrects."""

    def refund(self, move, **values):
        refund = move._reverse_moves([{"invoice_date": date(2026, 1, 6), **values}], cancel=False)
        refund.action_post()
        return refund

    def test_refund_of_an_einvoice(self):
        move = self.invoice(self.w2_lines())
        refund = self.refund(move)
        self.assertEqual(refund.amount_total, 222031.10)
        xml = self.export(refund)
        self.assertEqual(etree.QName(xml).localname, "Invoice")
        self.assertEqual(self.text(xml, "cbc:InvoiceTypeCode"), "IADE")
        self.assertEqual(self.text(xml, REFERENCE + "ID"), move._actwin_tr_document_number())
        self.assertEqual(self.text(xml, REFERENCE + "IssueDate"), "2026-01-05")
        self.assertEqual(self.text(xml, REFERENCE + "DocumentTypeCode"), "IADE")
        self.assertEqual(self.text(xml, "cac:PaymentMeans/cbc:PaymentMeansCode"), "ZZZ")
        self.assertEqual(self.text(xml, "cac:TaxTotal/cbc:TaxAmount"), "38304.67")
        self.assertEqual(self.text(xml, "cac:InvoicePeriod/cbc:StartDate"), "2025-12-01")
        self.assertEqual(check(etree.tostring(xml)), [])
        self.assert_valid(xml)

    def test_words_of_a_reconciled_refund_are_not_zero(self):
        move = self.invoice(self.w2_lines())
        refund = move._reverse_moves([{"invoice_date": date(2026, 1, 6)}], cancel=True)
        self.assertFalse(refund.amount_residual)
        self.assertIn(
            "YALNIZ: #İKİYÜZYİRMİİKİBİNOTUZBİR TL ON KR#",
            self.texts(self.export(refund), "cbc:Note"),
        )

    def test_refund_is_never_commercial(self):
        move = self.invoice(self.w2_lines(), l10n_tr_gib_invoice_scenario="TICARIFATURA")
        xml = self.export(self.refund(move))
        self.assertEqual(self.text(xml, "cbc:ProfileID"), "TEMELFATURA")
        self.assert_valid(xml)

    def test_refund_to_an_archive_customer(self):
        xml = self.export(self.refund(self.invoice(self.w2_lines(), partner=self.archive_buyer)))
        self.assertEqual(self.text(xml, "cbc:ProfileID"), "EARSIVFATURA")
        self.assert_valid(xml)

    def test_refund_of_nothing_is_refused_with_its_reason(self):
        move = self.invoice(self.w2_lines(), move_type="out_refund")
        move.action_actwin_generate_ubl()
        self.assertEqual(move.actwin_ubl_status, "error")
        self.assertIn("must name the invoice it corrects", move.actwin_ubl_message)

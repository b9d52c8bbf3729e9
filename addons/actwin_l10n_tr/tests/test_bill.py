from odoo.tests import tagged

from odoo.addons.actwin_billing.tests.common import BillingCommon

from . import validator
from .common import UblCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestBill(UblCase, BillingCommon):
    """W15 from readings to the lawful file, through a billing run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tariff.write({"levy_tax_id": cls.levy5.id, "vat_tax_id": cls.vat20.id})
        cls.subscription = cls.create_subscription("T01")
        cls.point = cls.subscription.point_id
        cls.point.write({"actwin_tr_eic": "40Z000000000001X", "actwin_tr_installation_no": "4001"})
        tenant = cls.subscription.subscriber_id.partner_id
        tenant.write({**cls.address, "vat": "4444444403", "is_company": True})
        cls.run_record = cls.create_run()

    def posted_move(self):
        self.compute(self.run_record)
        self.post(self.run_record)
        return self.run_record.bill_ids.move_id

    def test_posted_bill_becomes_a_valid_file(self):
        move = self.posted_move()
        self.assertEqual((move.amount_untaxed, move.amount_total), (25337.76, 31306.03))
        self.assertEqual(move.actwin_ubl_status, "queued")
        self.assertEqual(self.run_record.result_table()[0]["ubl"], "")
        answer = self.run_record.with_user(self.accountant).action_actwin_generate_ubl()
        self.assertEqual(answer, {"ready": 1, "error": 0})
        number = move._actwin_tr_document_number()
        self.assertEqual(self.run_record.result_table()[0]["ubl"], f"{number}.xml")
        xml = self.export(move)
        self.assertEqual(self.text(xml, "cac:InvoicePeriod/cbc:StartDate"), "2025-11-01")
        self.assertEqual(self.text(xml, "cac:InvoicePeriod/cbc:EndDate"), "2025-11-30")
        self.assertEqual(self.text(xml, "cac:LegalMonetaryTotal/cbc:PayableAmount"), "31306.03")
        self.assertIsNone(self.text(xml, "cac:OrderReference/cbc:ID"))
        self.assert_valid(move.ubl_cii_xml_id.raw)

    def test_numbers_of_the_bill_reach_the_file(self):
        move = self.posted_move()
        self.assertEqual(move.actwin_tr_installation_no, "4001")
        self.assertEqual(move.actwin_tr_subscriber_no, self.subscription.subscriber_id.number)
        self.assertEqual(move.actwin_tr_meter_no, "ST01")
        self.assertEqual(move.actwin_tr_point_code, "40Z000000000001X")

    def test_bands_of_one_line_each_have_their_indices(self):
        move = self.posted_move()
        xml = self.export(move)
        line = xml.find("cac:InvoiceLine", validator.NS)
        instances = line.findall("cac:Item/cac:ItemInstance", validator.NS)
        last = [
            self.texts(node, "cac:AdditionalItemProperty/cbc:Value")[1] for node in instances
        ]
        self.assertEqual(last, ["4200.125", "1900.125", "2400.125"])
        self.assertEqual({self.text(node, "cbc:SerialID") for node in instances}, {"ST01"})

    def test_credited_bill_becomes_a_valid_refund(self):
        move = self.posted_move()
        self.run_record.bill_ids.action_credit()
        refund = self.run_record.bill_ids.credit_move_id
        self.assertEqual(refund.actwin_ubl_status, "queued")
        refund.action_actwin_generate_ubl()
        self.assertEqual(refund.actwin_ubl_message and refund.actwin_ubl_status, "ready")
        xml = self.export(refund)
        self.assertEqual(
            self.text(xml, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"),
            move._actwin_tr_document_number(),
        )
        self.assertEqual(self.text(xml, "cac:TaxTotal/cbc:TaxAmount"), "5968.27")
        self.assert_valid(refund.ubl_cii_xml_id.raw)

    def test_company_elsewhere_is_left_alone(self):
        self.company.account_fiscal_country_id = self.env.ref("base.de")
        self.compute(self.run_record)
        vals = self.run_record.bill_ids._prepare_move_vals([])
        self.assertNotIn("actwin_tr_period_start", vals)

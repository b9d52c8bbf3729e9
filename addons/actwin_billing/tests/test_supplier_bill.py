import base64

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .sharing_common import SharingCommon

UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>DAG2025000000007</cbc:ID><cbc:IssueDate>2025-12-02</cbc:IssueDate>
<cac:InvoicePeriod><cbc:StartDate>2025-11-01</cbc:StartDate><cbc:EndDate>2025-11-30</cbc:EndDate>
</cac:InvoicePeriod>
<cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification>
<cbc:ID schemeID="SAYACNO">SM1</cbc:ID></cac:PartyIdentification></cac:Party>
</cac:AccountingCustomerParty>
<cac:TaxTotal><cac:TaxSubtotal><cbc:TaxableAmount>3000.00</cbc:TaxableAmount>
<cbc:TaxAmount>600.00</cbc:TaxAmount><cbc:Percent>20</cbc:Percent><cac:TaxCategory>
<cac:TaxScheme><cbc:TaxTypeCode>0015</cbc:TaxTypeCode></cac:TaxScheme></cac:TaxCategory>
</cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount>3600.00</cbc:TaxInclusiveAmount>
<cbc:PayableAmount>3600.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:InvoicedQuantity unitCode="KWH">1000</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount>3000.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Aktif Enerji Bedeli</cbc:Name></cac:Item>
<cac:Price><cbc:PriceAmount>3.000000</cbc:PriceAmount></cac:Price></cac:InvoiceLine></Invoice>"""


@tagged("post_install", "-at_install")
class TestSupplierBill(SharingCommon):
    """1,000 kWh at the main meter, 900 of them at tenants, 60 at a common meter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.price = cls.create_tariff(
            [{"kind": "energy", "name": "Active", "price": 3, "levy": False}],
            code="SUP", name="Supplier", levy_tax_id=False)
        cls.supply = cls.create_subscription("M1", {"": "1000"}, tariff=cls.price, supply=True)
        cls.main = cls.supply.point_id
        cls.main.role = "main"
        cls.tenants = [
            cls.create_unit(code, 50, used, tariff=cls.price)
            for code, used in (("A1", "600"), ("A2", "300"))
        ]
        common = cls.create_subscription("C1", {"": "60"}, tariff=cls.price)
        cls.common = common.point_id
        common.unlink()
        cls.common.role = "common"
        for point in (*(unit.point_id for unit in cls.tenants), cls.common):
            point.parent_id = cls.main

    def bill(self, **values):
        return self.env["actwin.supplier.bill"].create({
            "name": "S-1", "subscription_id": self.supply.id, "date_from": "2025-11-01",
            "date_to": "2025-11-30", "base": 3000, "vat": 600, "vat_percent": 20,
            "total": 3600, "payable": 3600,
            "line_ids": [Command.create({
                "name": "Active energy", "quantity": 1000, "price": 3, "amount": 3000})],
            "index_ids": [Command.create({
                "register": "active_import", "first": 1000.125, "last": 2000.125})],
            **values,
        })

    def failed(self, bill):
        return bill.finding_ids.filtered(lambda item: not item.ok).mapped("code")

    def test_a_right_bill_holds_and_equals_our_own(self):
        bill = self.bill()
        bill.action_check()
        self.assertEqual(self.failed(bill), [])
        self.assertEqual((bill.difference, bill.failed_count, bill.state), (0, 0, "checked"))
        self.assertEqual(
            {row.group: (row.theirs, row.ours) for row in bill.compare_ids},
            {"energy": (3000, 3000), "vat": (600, 600), "total": (3600, 3600)})
        self.assertEqual(bill.index_ids.our_used, 1000)

    def test_a_wrong_price_index_and_sum_are_named(self):
        bill = self.bill()
        bill.line_ids.price = 3.1
        bill.index_ids.last = 2100.125
        bill.total = 3601
        bill.action_check()
        self.assertEqual(self.failed(bill), ["S03", "S08", "S09", "S11", "S12"])
        self.assertEqual(bill.difference, 1)

    def test_the_chain_of_bills(self):
        self.bill(name="S-0", date_from="2025-10-01", date_to="2025-10-30", index_ids=[
            Command.create({"register": "active_import", "first": 0, "last": 1000})])
        bill = self.bill()
        bill.action_check()
        self.assertEqual(self.failed(bill), ["S10", "S15"])

    def test_the_money_goes_to_tenants_common_areas_and_losses(self):
        run = self.create_run()
        bills = self.compute(run)
        self.assertEqual(sorted(bills.mapped("point_id.code")), ["A1", "A2"])
        bill = self.bill()
        bill.action_check()
        self.assertEqual(
            {row.place: (row.quantity, row.amount) for row in bill.place_ids},
            {"tenants": (900, 2700), "shared": (0, 0), "vacant": (0, 0), "common": (60, 180),
             "loss": (40, 120), "remainder": (0, 0)})
        bill.action_accept()
        self.assertEqual(bill.state, "accepted")
        with self.assertRaises(UserError):
            bill.action_check()

    def test_what_is_not_explained_needs_an_account(self):
        bill = self.bill()
        bill.line_ids.write({"price": 4, "amount": 4000})
        self.compute(self.create_run())
        bill.action_check()
        self.assertEqual(bill.remainder, 4000 - 2700 - 240 - 160)
        with self.assertRaisesRegex(UserError, "is not explained"):
            bill.action_accept()
        bill.remainder_account_id = self.company_data["default_account_expense"]
        bill.action_accept()

    def test_a_missing_reading_of_our_own_is_said(self):
        self.env.cr.execute("DELETE FROM actwin_reading WHERE channel_id = ANY(%s)",
                            [self.main.channel_ids.ids])
        self.env["actwin.rollup"]._mark(self.main.channel_ids.ids)
        bill = self.bill()
        bill.action_check()
        self.assertIn("No reading at the period's boundary", bill.problem)
        self.assertFalse(bill.compare_ids)
        self.assertNotIn("S11", bill.finding_ids.mapped("code"))

    def test_an_e_invoice_is_read_and_its_meter_found(self):
        wizard = self.env["actwin.supplier.bill.import"].with_user(self.accountant).create({
            "file": base64.b64encode(UBL.encode()), "file_name": "e-fatura.xml"})
        bill = self.env["actwin.supplier.bill"].browse(wizard.action_import()["res_id"])
        self.assertEqual(
            (bill.name, bill.subscription_id, bill.total, bill.line_ids.group),
            ("DAG2025000000007", self.supply, 3600, "energy"))
        self.assertEqual(bill.message_ids.attachment_ids.name, "e-fatura.xml")
        bill.action_check()
        self.assertEqual(self.failed(bill), [])
        broken = self.env["actwin.supplier.bill.import"].create({
            "file": base64.b64encode(b"PK junk"), "file_name": "x.xml"})
        with self.assertRaisesRegex(UserError, "The file cannot be taken"):
            broken.action_import()

    def test_the_form_begins_where_the_last_bill_ended(self):
        self.bill()
        form = Form(self.env["actwin.supplier.bill"].with_user(self.accountant))
        form.name = "S-2"
        form.subscription_id = self.supply
        self.assertEqual(str(form.date_from), "2025-12-01")
        self.assertEqual(str(form.date_to), "2025-12-31")
        with form.index_ids.edit(0) as index:
            self.assertEqual(index.first, 2000.125)
            index.last = 2500.125
        self.assertEqual(form.save().index_ids.billed, 500)

    def test_a_supply_subscription_is_never_billed(self):
        self.assertNotIn(self.supply, self.compute(self.create_run()).subscription_id)

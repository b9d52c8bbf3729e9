from odoo.tests import tagged

from . import validator
from .common import W2_METER, UblCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestUblContent(UblCase):
    """What an energy invoice must say; each test names a defect of the stock exporter."""

    def setUp(self):
        super().setUp()
        self.move = self.invoice(self.w2_lines())

    def test_header(self):
        xml = self.export(self.move)
        number = self.text(xml, "cbc:ID")
        self.assertRegex(number, r"^INV2026\d{9}$")
        self.assertEqual(self.text(xml, "cbc:ProfileID"), "TEMELFATURA")
        self.assertEqual(self.text(xml, "cbc:InvoiceTypeCode"), "SATIS")
        self.assertEqual(self.text(xml, "cac:InvoicePeriod/cbc:StartDate"), "2025-12-01")
        self.assertEqual(self.text(xml, "cac:InvoicePeriod/cbc:EndDate"), "2025-12-31")
        self.assertEqual(self.text(xml, "cac:PaymentMeans/cbc:PaymentDueDate"), "2026-01-20")
        self.assertEqual(self.text(xml, "cac:PaymentTerms/cbc:PaymentDueDate"), "2026-01-20")

    def test_line_count_is_that_of_the_lines(self):
        self.assertGreater(len(self.move.line_ids), 2)
        self.assertEqual(self.text(self.export(self.move), "cbc:LineCountNumeric"), "2")

    def test_own_number_is_not_called_the_customers_order(self):
        self.assertIsNone(self.text(self.export(self.move), "cac:OrderReference/cbc:ID"))
        self.move.ref = "PO-77"
        self.assertEqual(self.text(self.export(self.move), "cac:OrderReference/cbc:ID"), "PO-77")

    def test_notes_are_turkish_for_a_user_of_any_language(self):
        self.move.write(
            {"actwin_tr_point_code": "40Z000000000001X", "actwin_tr_tariff_name": "Sanayi AG"}
        )
        notes = self.texts(self.export(self.move.with_context(lang="en_US")), "cbc:Note")
        self.assertEqual(
            notes,
            [
                "YALNIZ: #İKİYÜZYİRMİİKİBİNOTUZBİR TL ON KR#",
                "Dönem: 01.12.2025 - 31.12.2025",
                "Tekil kod (EIC): 40Z000000000001X",
                "Tarife: Sanayi AG",
                "Sayaç: 20117645",
            ],
        )

    def test_words_do_not_lose_a_kurus(self):
        """Binary floats made 157,530.40 end in thirty-nine."""
        line = self.line("Enerji", "1", "131275.33", "131275.33",
                         {self.vat20: ("131275.33", "26255.07")})  # fmt: skip
        notes = self.texts(self.export(self.invoice([line])), "cbc:Note")
        self.assertEqual(notes[0], "YALNIZ: #YÜZELLİYEDİBİNBEŞYÜZOTUZ TL KIRK KR#")

    def test_words_stay_when_the_invoice_is_paid(self):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        )
        wizard.create({"amount": 100000.0})._create_payments()
        self.assertLess(self.move.amount_residual, self.move.amount_total)
        xml = self.export(self.move)
        self.assertIn("YALNIZ: #İKİYÜZYİRMİİKİBİNOTUZBİR TL ON KR#", self.texts(xml, "cbc:Note"))
        self.assertEqual(self.text(xml, "cac:LegalMonetaryTotal/cbc:PayableAmount"), "222031.10")

    def test_tax_codes_and_names(self):
        xml = self.export(self.move)
        scheme = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cac:TaxScheme/"
        self.assertEqual(self.texts(xml, scheme + "cbc:TaxTypeCode"), ["4071", "0015"])
        self.assertEqual(
            self.texts(xml, scheme + "cbc:Name"),
            ["Elektrik ve Havagazı Tüketim Vergisi", "Gerçek Usulde KDV"],
        )
        percent = self.texts(xml, "cac:TaxTotal/cac:TaxSubtotal/cbc:Percent")
        self.assertEqual(percent, ["1", "20"])

    def test_meter_of_the_line(self):
        instance = self.export(self.move).find(
            "cac:InvoiceLine/cac:Item/cac:ItemInstance", validator.NS
        )
        self.assertEqual(self.text(instance, "cbc:SerialID"), W2_METER["serial"])
        properties = dict(
            zip(
                self.texts(instance, "cac:AdditionalItemProperty/cbc:Name"),
                self.texts(instance, "cac:AdditionalItemProperty/cbc:Value"),
                strict=True,
            )
        )
        self.assertEqual(
            properties, {"ILKENDEKS": "22943.090", "SONENDEKS": "23174.515", "CARPAN": "100"}
        )

    def test_two_meters_after_a_replacement(self):
        lines = [
            self.line("Enerji", "100", "2", "200", {self.vat20: ("200", "40")},
                      meters=[W2_METER, {**W2_METER, "serial": "999"}])
        ]  # fmt: skip
        xml = self.export(self.invoice(lines))
        serials = self.texts(xml, "cac:InvoiceLine/cac:Item/cac:ItemInstance/cbc:SerialID")
        self.assertEqual(serials, ["20117645", "999"])
        self.assert_valid(xml)

    def test_rounding_of_a_line_is_not_called_a_discount(self):
        """38,819.10 x 3.347564 is two kuruş more than the bill says."""
        xml = self.export(self.move)
        self.assertFalse(list(xml.iterfind("cac:InvoiceLine/cac:AllowanceCharge", validator.NS)))

    def test_eight_decimals_of_a_price(self):
        line = self.line("Enerji", "1000", "0.86092179", "860.92",
                         {self.vat20: ("860.92", "172.18")})  # fmt: skip
        xml = self.export(self.invoice([line]))
        price = self.text(xml, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")
        self.assertEqual(price, "0.86092179")

    def test_negative_line_is_no_error_without_the_integrator_that_forbids_it(self):
        lines = self.w2_lines() + [
            self.line("Mahsup", "1", "-43.70", "-43.70", {self.vat20: ("-43.70", "-8.74")},
                      uom=self.env.ref("uom.product_uom_unit"))
        ]  # fmt: skip
        move = self.invoice(lines)
        self.assert_valid(self.export(move))
        self.env.company.sudo().l10n_tr_nilvera_api_key = "key"
        self.assertTrue(move._l10n_tr_nilvera_einvoice_check_negative_lines())

    def test_stock_template_is_not_used(self):
        """With Odoo's own template the meter and the corrected invoice would vanish silently."""
        builder = self.env["account.edi.xml.ubl.tr"]
        node = {"cbc:CustomizationID": {"_text": "TR1.2"}}
        vals = {"document_node": node, "document_type": "invoice"}
        item = builder._get_document_template(vals)["cac:InvoiceLine"]["cac:Item"]
        self.assertIn("cbc:SerialID", item["cac:ItemInstance"])

    def test_missing_address_is_named(self):
        self.move.partner_id.city = False
        _xml, errors = self.env["account.edi.xml.ubl.tr"]._export_invoice(self.move)
        self.assertTrue([error for error in errors if self.buyer.name in error])

from decimal import Decimal as D

from lxml import etree

from odoo.tests import tagged

from ..core.gib_check import check
from . import validator
from .common import UblCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestUblAmounts(UblCase):
    """The billing engine's amounts, to the kuruş, in the posted move and in the file."""

    def check_amounts(self, move, untaxed, tax, total, subtotals):
        """``subtotals`` {tax code: (base, amount)}; the file must satisfy GİB as well."""
        self.assertEqual(
            [move.amount_untaxed, move.amount_tax, move.amount_total], [untaxed, tax, total]
        )
        xml = self.export(move)
        found = {
            self.text(node, "cac:TaxCategory/cac:TaxScheme/cbc:TaxTypeCode"): (
                self.decimal(node, "cbc:TaxableAmount"), self.decimal(node, "cbc:TaxAmount")
            )
            for node in xml.iterfind("cac:TaxTotal/cac:TaxSubtotal", validator.NS)
        }  # fmt: skip
        self.assertEqual(found, {key: (D(b), D(a)) for key, (b, a) in subtotals.items()})
        money = "cac:LegalMonetaryTotal/cbc:"
        self.assertEqual(self.decimal(xml, money + "LineExtensionAmount"), D(str(untaxed)))
        self.assertEqual(self.decimal(xml, money + "TaxInclusiveAmount"), D(str(total)))
        self.assertEqual(self.decimal(xml, money + "PayableAmount"), D(str(total)))
        self.assertEqual(self.decimal(xml, "cac:TaxTotal/cbc:TaxAmount"), D(str(tax)))
        self.assertEqual(check(etree.tostring(xml)), [])
        self.assert_valid(xml)
        return xml

    def test_w2_industry_bill(self):
        move = self.invoice(self.w2_lines())
        xml = self.check_amounts(
            move, 183726.43, 38304.67, 222031.10,
            {"4071": ("129949.40", "1299.49"), "0015": ("185025.92", "37005.18")},
        )  # fmt: skip
        prices = self.texts(xml, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")
        self.assertEqual(prices, ["3.347564", "1.385324"])
        levy = move.line_ids.filtered(lambda line: line.tax_line_id == self.levy1)
        self.assertEqual(-levy.balance, 1299.49)

    def test_w9_levy_as_a_line(self):
        unit = self.env.ref("uom.product_uom_unit")
        move = self.invoice(
            [
                self.line("Aktif Enerji", "187552.35", "2.959642", "555087.85",
                          {self.vat20: ("555087.85", "111017.57")}),
                self.line("Dağıtım", "187552.35", "0.895372", "167929.12",
                          {self.vat20: ("167929.12", "33585.82")}),
                self.line("Elektrik Tüketim Vergisi (%1)", "1", "5550.88", "5550.88",
                          {self.vat20: ("5550.88", "1110.18")}, uom=unit),
            ]
        )  # fmt: skip
        self.check_amounts(
            move, 728567.85, 145713.57, 874281.42, {"0015": ("728567.85", "145713.57")}
        )

    def test_w15_three_time_bands(self):
        bands = (
            ("T1", "3200", "2.75", "8800.00", "440.00", "9240.00", "1848.00"),
            ("T2", "900", "4.60", "4140.00", "207.00", "4347.00", "869.40"),
            ("T3", "1400", "1.48", "2072.00", "103.60", "2175.60", "435.12"),
        )
        lines = [
            self.line(f"Aktif Enerji {name}", kwh, price, amount,
                      {self.levy5: (amount, levy), self.vat20: (base, vat)})
            for name, kwh, price, amount, levy, base, vat in bands
        ]  # fmt: skip
        lines.append(
            self.line("Dağıtım", "5500", "1.87741", "10325.76",
                      {self.vat20: ("10325.76", "2065.15")})
        )  # fmt: skip
        move = self.invoice(lines, partner=self.archive_buyer)
        self.check_amounts(
            move, 25337.76, 5968.27, 31306.03,
            {"4071": ("15012.00", "750.60"), "0015": ("26088.36", "5217.67")},
        )  # fmt: skip

    def test_reactive_line_has_the_unit_k3(self):
        """A wrong unit code is the mistake suppliers' files show most often."""
        lines = self.w2_lines() + [
            self.line("Reaktif (E)", "1542.07", "2.645474", "4079.51",
                      {self.vat20: ("4079.51", "815.90")}, uom=self.kvarh)
        ]  # fmt: skip
        xml = self.export(self.invoice(lines))
        quantities = list(xml.iterfind("cac:InvoiceLine/cbc:InvoicedQuantity", validator.NS))
        units = [node.get("unitCode") for node in quantities]
        self.assertEqual(units, ["KWH", "KWH", "K3"])
        self.assert_valid(xml)

    def test_wrong_unit_code_is_refused_by_our_check_and_by_the_schematron(self):
        self.kvarh.actwin_unece_code = "KVARH"
        lines = [
            self.line("Reaktif (E)", "10", "2.645474", "26.45",
                      {self.vat20: ("26.45", "5.29")}, uom=self.kvarh)
        ]  # fmt: skip
        move = self.invoice(lines)
        move.action_actwin_generate_ubl()
        self.assertEqual(move.actwin_ubl_status, "error")
        self.assertIn("KVARH", move.actwin_ubl_message)
        if validator.reason_to_skip():
            self.skipTest(validator.reason_to_skip())
        found = validator.findings(etree.tostring(self.export(move)))
        self.assertTrue([text for text in found if text.startswith("GeneralUnitCodeCheck-1")])

    def test_payable_rounding(self):
        move = self.invoice(self.w2_lines(), actwin_tr_rounding=-0.10)
        xml = self.export(move)
        money = "cac:LegalMonetaryTotal/cbc:"
        self.assertEqual(self.text(xml, money + "PayableRoundingAmount"), "-0.10")
        self.assertEqual(self.text(xml, money + "PayableAmount"), "222031.00")
        self.assertEqual(self.text(xml, money + "TaxInclusiveAmount"), "222031.10")
        self.assertIn("YALNIZ: #İKİYÜZYİRMİİKİBİNOTUZBİR TL SIFIR KR#", self.texts(xml, "cbc:Note"))
        self.assertEqual(check(etree.tostring(xml)), [])
        self.assert_valid(xml)

    def test_file_reads_back_as_the_invoice(self):
        """Round trip: what a reader of the file gets is what the move says, line by line."""
        move = self.invoice(self.w2_lines())
        xml = self.export(move)
        read = [
            (
                self.text(node, "cac:Item/cbc:Name"),
                self.decimal(node, "cbc:InvoicedQuantity"),
                self.decimal(node, "cac:Price/cbc:PriceAmount"),
                self.decimal(node, "cbc:LineExtensionAmount"),
                self.decimal(node, "cac:TaxTotal/cbc:TaxAmount"),
            )
            for node in xml.iterfind("cac:InvoiceLine", validator.NS)
        ]
        written = [
            (
                line.name,
                D(str(line.quantity)),
                D(str(line.price_unit)),
                D(str(line.price_subtotal)),
                D(str(round(line.price_total - line.price_subtotal, 2))),
            )
            for line in move.invoice_line_ids
        ]
        self.assertEqual(read, written)
        again = self.export(move)
        self.assertEqual(
            etree.tostring(xml, method="c14n"), etree.tostring(again, method="c14n")
        )

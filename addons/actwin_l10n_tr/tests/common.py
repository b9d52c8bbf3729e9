from datetime import date
from decimal import Decimal
from unittest.mock import patch

from lxml import etree

from odoo import Command

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.l10n_tr_nilvera.lib.nilvera_client import NilveraClient

from . import validator

W2_METER = {
    "serial": "20117645",
    "first": "22943.090",
    "last": "23174.515",
    "multiplier": "100",
}


class UblCase(AccountTestInvoicingCommon):
    """A Turkish seller, an e-invoice buyer, an e-archive buyer and a person; no network."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("tr")
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(validator.Schematron.stop)
        cls.chart = cls.env["account.chart.template"].with_company(cls.env.company)
        cls.levy5 = cls.chart.ref("actwin_tr_s_btv_5")
        cls.levy1 = cls.chart.ref("actwin_tr_s_btv_1")
        cls.vat20 = cls.chart.ref("tr_s_20")
        cls.kwh = cls.env.ref("uom.product_uom_kwh")
        cls.kvarh = cls.env.ref("actwin_billing.uom_kvarh")
        cls.state = cls.env.ref("base.state_tr_06")
        cls.office = cls.env["l10n_tr_nilvera_einvoice_extended.tax.office"].search([], limit=1)
        cls.address = address = {
            "street": "Örnek Cad. 1",
            "city": "Çankaya",
            "zip": "06000",
            "state_id": cls.state.id,
            "country_id": cls.env.ref("base.tr").id,
            "l10n_tr_tax_office_id": cls.office.id,
        }
        cls.seller = cls.env.company.partner_id
        cls.seller.write({**address, "name": "Örnek Site İşletme A.Ş.", "vat": "1111111104"})
        mersis = cls.env.ref("l10n_tr_nilvera_einvoice.res_partner_category_mersisno")
        cls.seller.category_id = cls.env["res.partner.category"].create(
            {"name": "0111111110400001", "parent_id": mersis.id}
        )
        cls.buyer = cls.env["res.partner"].create(
            {
                **address,
                "name": "Örnek Kiracı Ltd. Şti.",
                "vat": "2222222208",
                "is_company": True,
                "actwin_tr_registration": "einvoice",
            }
        )
        cls.archive_buyer = cls.buyer.copy(
            {"vat": "3333333302", "actwin_tr_registration": "earchive"}
        )
        cls.person = cls.env["res.partner"].create(
            {**address, "name": "Ayşe Nur Yılmaz", "vat": "12345678950", "is_company": False}
        )

    def setUp(self):
        super().setUp()
        network = patch.object(NilveraClient, "request", side_effect=AssertionError("network used"))
        self.network = network.start()
        self.addCleanup(network.stop)

    # -- builders -----------------------------------------------------------------------------

    def line(self, name, quantity, price, amount, taxes, uom=None, meters=None):
        """Values of one invoice line with exact figures: taxes = {tax: (base, amount)}."""
        manual = {
            str(tax.id): {
                "base_amount": float(base),
                "base_amount_currency": float(base),
                "tax_amount": float(tax_amount),
                "tax_amount_currency": float(tax_amount),
            }
            for tax, (base, tax_amount) in taxes.items()
        }
        return Command.create(
            {
                "name": name,
                "quantity": float(quantity),
                "price_unit": float(price),
                "product_uom_id": (uom or self.kwh).id,
                "tax_ids": [Command.set([tax.id for tax in taxes])],
                "actwin_tr_meters": meters or False,
                "extra_tax_data": {
                    "currency_id": self.env.company.currency_id.id,
                    "price_unit": float(price),
                    "discount": 0.0,
                    "quantity": float(quantity),
                    "rate": 1.0,
                    "manual_total_excluded": float(amount),
                    "manual_total_excluded_currency": float(amount),
                    "manual_tax_amounts": manual,
                },
            }
        )

    def invoice(self, lines, partner=None, post=True, **values):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or self.buyer).id,
                "invoice_date": date(2026, 1, 5),
                "invoice_date_due": date(2026, 1, 20),
                "actwin_tr_period_start": date(2025, 12, 1),
                "actwin_tr_period_end": date(2025, 12, 31),
                "actwin_tr_installation_no": "4000001",
                "actwin_tr_subscriber_no": "900001",
                "actwin_tr_meter_no": "20117645",
                "invoice_line_ids": lines,
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    def w2_lines(self):
        """Real industrial bill: 129,949.40 + 53,777.03, levy 1 %, VAT 20 % on the total base."""
        return [
            self.line(
                "Aktif Enerji", "38819.10", "3.347564", "129949.40",
                {self.levy1: ("129949.40", "1299.49"), self.vat20: ("131248.89", "26249.77")},
                meters=[W2_METER],
            ),
            self.line(
                "Dağıtım", "38819.10", "1.385324", "53777.03",
                {self.vat20: ("53777.03", "10755.41")},
            ),
        ]  # fmt: skip

    # -- results ------------------------------------------------------------------------------

    def export(self, move):
        """Root element of the file of ``move``; fails on the exporter's own objections."""
        xml, errors = self.env["account.edi.xml.ubl.tr"]._export_invoice(move)
        self.assertFalse(errors)
        return etree.fromstring(xml)

    def text(self, node, path):
        return node.findtext(path, namespaces=validator.NS)

    def texts(self, node, path):
        return [found.text for found in node.iterfind(path, validator.NS)]

    def decimal(self, node, path):
        return Decimal(self.text(node, path))

    def assert_valid(self, xml):
        if reason := validator.reason_to_skip():
            self.skipTest(reason)
        if not isinstance(xml, bytes):
            xml = etree.tostring(xml)
        self.assertEqual(validator.findings(xml), [])

from odoo.tests import tagged

from . import validator
from .common import UblCase

CUSTOMER = "cac:AccountingCustomerParty/cac:Party/"


@tagged("post_install_l10n", "post_install", "-at_install")
class TestUblParty(UblCase):
    """Who sells and buys, and over which channel, without asking anybody on the network."""

    def identities(self, xml):
        nodes = xml.iterfind(CUSTOMER + "cac:PartyIdentification/cbc:ID", validator.NS)
        return {node.get("schemeID"): node.text for node in nodes}

    def profile(self, partner, **values):
        xml = self.export(self.invoice(self.w2_lines(), partner=partner, **values))
        self.assert_valid(xml)
        return self.text(xml, "cbc:ProfileID")

    def test_numbers_of_the_bill_identify_the_buyer(self):
        xml = self.export(self.invoice(self.w2_lines()))
        self.assertEqual(
            self.identities(xml),
            {
                "VKN": "2222222208",
                "ABONENO": "900001",
                "TESISATNO": "4000001",
                "SAYACNO": "20117645",
            },
        )
        office = CUSTOMER + "cac:PartyTaxScheme/cac:TaxScheme/cbc:Name"
        self.assertEqual(self.text(xml, office), self.office.name)

    def test_number_of_the_bill_wins_over_the_partners_tag(self):
        parent = self.env.ref("l10n_tr_nilvera_einvoice.res_partner_category_tesisatno")
        self.buyer.category_id = self.env["res.partner.category"].create(
            {"name": "1", "parent_id": parent.id}
        )
        xml = self.export(self.invoice(self.w2_lines()))
        self.assertEqual(self.identities(xml)["TESISATNO"], "4000001")
        self.assert_valid(xml)

    def test_reference_is_no_tax_office(self):
        self.buyer.write({"l10n_tr_tax_office_id": False, "ref": "customer 7"})
        xml = self.export(self.invoice(self.w2_lines()))
        self.assertIsNone(self.text(xml, CUSTOMER + "cac:PartyTaxScheme/cac:TaxScheme/cbc:Name"))

    def test_einvoice_user(self):
        self.assertEqual(self.profile(self.buyer), "TEMELFATURA")

    def test_commercial_scenario(self):
        values = {"l10n_tr_gib_invoice_scenario": "TICARIFATURA"}
        self.assertEqual(self.profile(self.buyer, **values), "TICARIFATURA")

    def test_changed_scenario_does_not_lose_the_invoice_type(self):
        move = self.invoice(self.w2_lines(), post=False)
        move.l10n_tr_gib_invoice_scenario = "TICARIFATURA"
        move.action_post()
        self.assertFalse(move.l10n_tr_gib_invoice_type)
        self.assertEqual(self.text(self.export(move), "cbc:InvoiceTypeCode"), "SATIS")

    def test_archive_buyer(self):
        xml = self.export(self.invoice(self.w2_lines(), partner=self.archive_buyer))
        self.assertEqual(self.text(xml, "cbc:ProfileID"), "EARSIVFATURA")
        reference = "cac:AdditionalDocumentReference/cbc:"
        self.assertEqual(self.text(xml, reference + "DocumentTypeCode"), "SEND_TYPE")
        self.assertEqual(self.text(xml, reference + "ID"), "ELEKTRONIK")
        self.assert_valid(xml)

    def test_integrators_answer_counts_when_nothing_is_recorded(self):
        self.buyer.write(
            {"actwin_tr_registration": False, "l10n_tr_nilvera_customer_status": "einvoice"}
        )
        self.assertEqual(self.profile(self.buyer), "TEMELFATURA")

    def test_person_has_two_names_and_an_identity_number(self):
        xml = self.export(self.invoice(self.w2_lines(), partner=self.person))
        self.assertEqual(self.identities(xml)["TCKN"], "12345678950")
        self.assertEqual(self.text(xml, CUSTOMER + "cac:Person/cbc:FirstName"), "Ayşe Nur")
        self.assertEqual(self.text(xml, CUSTOMER + "cac:Person/cbc:FamilyName"), "Yılmaz")
        self.assert_valid(xml)

    def test_sole_trader_marked_as_company_is_a_person(self):
        self.person.is_company = True
        xml = self.export(self.invoice(self.w2_lines(), partner=self.person))
        self.assertIn("TCKN", self.identities(xml))
        self.assert_valid(xml)

    def test_contact_of_a_company_has_the_companys_number(self):
        contact = self.buyer.copy(
            {"name": "Muhasebe", "parent_id": self.buyer.id, "is_company": False, "type": "invoice"}
        )
        xml = self.export(self.invoice(self.w2_lines(), partner=contact))
        self.assertEqual(self.identities(xml)["VKN"], "2222222208")
        self.assertIsNone(xml.find(CUSTOMER + "cac:Person", validator.NS))
        self.assertEqual(self.text(xml, "cbc:ProfileID"), "TEMELFATURA")
        self.assert_valid(xml)

    def test_unchecked_customer_is_never_looked_up(self):
        self.env.company.sudo().l10n_tr_nilvera_api_key = "key"
        self.assertEqual(self.person.l10n_tr_nilvera_customer_status, "not_checked")
        move = self.invoice(self.w2_lines(), partner=self.person)
        self.assertEqual(self.text(self.export(move), "cbc:ProfileID"), "EARSIVFATURA")
        self.assertEqual(self.person.l10n_tr_nilvera_customer_status, "not_checked")
        self.network.assert_not_called()

    def test_company_without_key_sends_nothing_and_asks_nothing(self):
        move = self.invoice(self.w2_lines())
        send = self.env["account.move.send"]
        self.assertNotIn("tr_nilvera", send._get_default_extra_edis(move))
        self.assertFalse(self.person._check_nilvera_customer())
        self.network.assert_not_called()
        self.env.company.sudo().l10n_tr_nilvera_api_key = "key"
        self.assertIn("tr_nilvera", send._get_default_extra_edis(move))

from lxml import etree

from odoo.tests import TransactionCase, tagged

from odoo.addons.l10n_tr_nilvera_einvoice_extended.tools import ubl_tr_invoice

from ..tools.ubl_tr_template import MISPRINTS, TEMPLATE, build_template
from . import validator

XS = "{http://www.w3.org/2001/XMLSchema}"


def names(node):
    for key, child in node.items():
        yield key
        if isinstance(child, dict):
            yield from names(child)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestTemplate(TransactionCase):
    """Odoo's template of node names is corrected in a copy, never in place."""

    def test_original_is_left_alone(self):
        self.assertIsNot(TEMPLATE, ubl_tr_invoice.TrInvoice)
        self.assertIn("cbc:ProductaceID", set(names(ubl_tr_invoice.TrInvoice)) | set(MISPRINTS))
        build_template()["cac:InvoiceLine"].clear()
        self.assertTrue(TEMPLATE["cac:InvoiceLine"])
        self.assertTrue(ubl_tr_invoice.TrInvoice["cac:InvoiceLine"])

    def test_no_misprint_is_left(self):
        self.assertFalse(set(names(TEMPLATE)) & set(MISPRINTS))

    def test_missing_nodes_are_there(self):
        item = TEMPLATE["cac:InvoiceLine"]["cac:Item"]["cac:ItemInstance"]
        self.assertIn("cbc:Value", item["cac:AdditionalItemProperty"])
        reference = TEMPLATE["cac:BillingReference"]["cac:InvoiceDocumentReference"]
        self.assertLessEqual({"cbc:ID", "cbc:IssueDate", "cbc:DocumentTypeCode"}, set(reference))
        wanted = {"cbc:AccountingCost", "cac:ContractDocumentReference", "cbc:PaymentCurrencyCode"}
        self.assertLessEqual(wanted, set(TEMPLATE))

    def test_order_is_that_of_the_schema(self):
        if validator.data_folder() is None:
            self.skipTest("ACTWIN_TEST_DATA has no ubltr")
        folder = validator.data_folder() / "xsd"
        trees = [
            etree.parse(folder / name)
            for name in (
                "common/UBL-CommonAggregateComponents-2.1.xsd",
                "maindoc/UBL-Invoice-2.1.xsd",
            )
        ]
        order = {
            node.get("name"): [e.get("ref") for e in node.iter(XS + "element") if e.get("ref")]
            for tree in trees
            for node in tree.iter(XS + "complexType")
        }
        item = TEMPLATE["cac:InvoiceLine"]["cac:Item"]
        for node, schema_type in (
            (TEMPLATE, "InvoiceType"),
            (TEMPLATE["cac:InvoiceLine"], "InvoiceLineType"),
            (item, "ItemType"),
            (item["cac:ItemInstance"], "ItemInstanceType"),
            (TEMPLATE["cac:PaymentMeans"], "PaymentMeansType"),
            (TEMPLATE["cac:PaymentTerms"], "PaymentTermsType"),
            (TEMPLATE["cac:LegalMonetaryTotal"], "MonetaryTotalType"),
            (TEMPLATE["cac:AccountingCustomerParty"]["cac:Party"], "PartyType"),
        ):
            known = [key for key in node if key in order[schema_type]]
            self.assertEqual(known, sorted(known, key=order[schema_type].index), schema_type)

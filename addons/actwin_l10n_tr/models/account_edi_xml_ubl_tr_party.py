from odoo import models

SUBSCRIBER_SCHEMES = {
    "ABONENO": "actwin_tr_subscriber_no",
    "TESISATNO": "actwin_tr_installation_no",
    "SAYACNO": "actwin_tr_meter_no",
}
IDENTITY_LENGTH = 11


class AccountEdiXmlUblTr(models.AbstractModel):
    """Seller and buyer of the UBL-TR file."""

    _inherit = "account.edi.xml.ubl.tr"

    def _get_party_identification_node_list(self, partner):
        # EXTENDS l10n_tr_nilvera_einvoice: Odoo takes every non-company for a person with a TCKN,
        # also a company's contact and the self-employed with a VKN
        nodes = super()._get_party_identification_node_list(partner)
        number = partner._actwin_tr_tax_number()
        scheme = "TCKN" if len(number) == IDENTITY_LENGTH else "VKN"
        return [{"cbc:ID": {"_text": number, "schemeID": scheme}}, *nodes[1:]]

    def _get_party_node(self, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended
        node = super()._get_party_node(vals)
        partner = vals["partner"]
        company = partner.commercial_partner_id
        office = partner.l10n_tr_tax_office_id or company.l10n_tr_tax_office_id
        # Odoo falls back on the partner's reference, which is anything but a tax office
        node["cac:PartyTaxScheme"]["cac:TaxScheme"]["cbc:Name"] = {"_text": office.name or None}
        number = partner._actwin_tr_tax_number()
        node["cac:PartyLegalEntity"]["cbc:CompanyID"] = {"_text": number}
        if len(number) == IDENTITY_LENGTH:
            first, _space, family = (partner.name or "").strip().rpartition(" ")
            node["cac:Person"] = {
                "cbc:FirstName": {"_text": first or family},
                "cbc:FamilyName": {"_text": family if first else None},
            }
        else:
            node.pop("cac:Person", None)
        return node

    def _add_invoice_accounting_customer_party_nodes(self, document_node, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended: numbers of the bill win over partner tags,
        # which would be the same on the invoices of all meters of one customer
        super()._add_invoice_accounting_customer_party_nodes(document_node, vals)
        invoice = vals["invoice"]
        party = document_node["cac:AccountingCustomerParty"]["cac:Party"]
        if invoice.l10n_tr_is_export_invoice:
            return
        numbers = {
            scheme: invoice[name]
            for scheme, name in SUBSCRIBER_SCHEMES.items()
            if invoice[name]
        }
        party["cac:PartyIdentification"] = [
            node
            for node in party["cac:PartyIdentification"]
            if node["cbc:ID"]["schemeID"] not in numbers
        ] + [
            {"cbc:ID": {"_text": number, "schemeID": scheme}} for scheme, number in numbers.items()
        ]

"""Node order of a UBL-TR invoice: Odoo's own template with its misprints corrected.

Odoo drops every node its template does not name. That template lost the letters "tr" in several
names, holds dummies where sub-trees belong and puts two parties in the wrong order; a corrected
deep copy leaves the shared original alone. Order and names follow GİB's UBL-Invoice-2.1.xsd.
"""

import copy

from odoo.addons.l10n_tr_nilvera_einvoice_extended.tools import ubl_tr_common as cac
from odoo.addons.l10n_tr_nilvera_einvoice_extended.tools.ubl_tr_invoice import TrInvoice

MISPRINTS = {
    "cbc:ProductaceID": "cbc:ProductTraceID",
    "cbc:RegisationID": "cbc:RegistrationID",
    "cbc:InsuctionNote": "cbc:InstructionNote",
    "cbc:Insuctions": "cbc:Instructions",
    "cbc:ansactionCurrencyTaxAmount": "cbc:TransactionCurrencyTaxAmount",
    "cbc:ackingID": "cbc:TrackingID",
    "cbc:ManufacturedDate": "cbc:ManufactureDate",
    "cbc:ManufacturedTime": "cbc:ManufactureTime",
    "cac:ReceipitReference": "cac:ReceiptLineReference",
    "cac:JuridictionRegionAddress": "cac:JurisdictionRegionAddress",
}
HEADER_BEFORE_PERIOD = (
    "cbc:PaymentCurrencyCode",
    "cbc:PaymentAlternativeCurrencyCode",
    "cbc:AccountingCost",
)
REFERENCES = (
    "cac:DespatchDocumentReference",
    "cac:ReceiptDocumentReference",
    "cac:OriginatorDocumentReference",
    "cac:ContractDocumentReference",
)
ITEM_INSTANCE = {
    "cbc:ProductTraceID": {},
    "cbc:ManufactureDate": {},
    "cbc:ManufactureTime": {},
    "cbc:BestBeforeDate": {},
    "cbc:RegistrationID": {},
    "cbc:SerialID": {},
    "cac:AdditionalItemProperty": {"cbc:Name": {}, "cbc:Value": {}},
    "cac:LotIdentification": {"cbc:LotNumberID": {}, "cbc:ExpiryDate": {}},
}


def _corrected_names(node):
    if not isinstance(node, dict):
        return node
    return {MISPRINTS.get(key, key): _corrected_names(child) for key, child in node.items()}


def _with_inserted(node, additions):
    """Copy of ``node`` with ``additions`` {existing key: {new key: template}} put before it."""
    result = {}
    for key, child in node.items():
        result.update({k: v for k, v in additions.get(key, {}).items() if k not in node})
        result[key] = child
    return result


def build_template():
    """The corrected template; every call returns an independent tree."""
    template = _corrected_names(copy.deepcopy(TrInvoice))
    template["cac:BillingReference"] = {
        "cac:InvoiceDocumentReference": copy.deepcopy(cac.DocumentReference)
    }
    references = {name: copy.deepcopy(cac.DocumentReference) for name in REFERENCES}
    buyer = {"cac:BuyerCustomerParty": template.pop("cac:BuyerCustomerParty")}
    template = _with_inserted(
        template,
        {
            "cbc:LineCountNumeric": {name: {} for name in HEADER_BEFORE_PERIOD},
            "cac:AdditionalDocumentReference": references,
            "cac:SellerSupplierParty": buyer,
        },
    )
    template["cac:InvoiceLine"]["cac:Item"]["cac:ItemInstance"] = copy.deepcopy(ITEM_INSTANCE)
    return template


TEMPLATE = build_template()

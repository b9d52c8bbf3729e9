from odoo import models

from ..const import PRICE_DIGITS, QUANTITY_DIGITS
from ..core.figures import plain
from ..core.gib_codes import TAX_NAMES, VAT

METER_PROPERTIES = (
    ("ILKENDEKS", "first"),
    ("SONENDEKS", "last"),
    ("CARPAN", "multiplier"),
    ("OBIS", "register"),
)


class AccountEdiXmlUblTr(models.AbstractModel):
    """Lines and taxes of the UBL-TR file: codes, exact prices, meter indices."""

    _inherit = "account.edi.xml.ubl.tr"

    def _get_uom_unece_code(self, uom):
        # OVERRIDES account_edi_ubl_cii, which knows none of the Turkish localisation's units
        return uom._get_unece_code()

    def _get_tax_category_code(self, customer, supplier, tax):
        # EXTENDS l10n_tr_nilvera_einvoice, which calls every tax VAT
        return (tax and tax.actwin_tr_tax_code) or super()._get_tax_category_code(
            customer, supplier, tax
        )

    def _get_tax_category_node(self, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended
        node = super()._get_tax_category_node(vals)
        code = vals["grouping_key"]["tax_category_code"]
        if code != VAT and code in TAX_NAMES:
            node["cac:TaxScheme"]["cbc:Name"] = {"_text": TAX_NAMES[code]}
        return node

    def _get_tax_subtotal_node(self, vals):
        # EXTENDS l10n_tr_nilvera_einvoice
        node = super()._get_tax_subtotal_node(vals)
        if percent := node.get("cbc:Percent"):
            percent["_text"] = plain(percent["_text"], 4)
        return node

    def _add_document_line_amount_nodes(self, line_node, vals):
        # EXTENDS account_edi_ubl_cii: a float's own text may carry an exponent
        super()._add_document_line_amount_nodes(line_node, vals)
        quantity = line_node["cbc:InvoicedQuantity"]
        quantity["_text"] = plain(quantity["_text"], QUANTITY_DIGITS)

    def _add_document_line_price_nodes(self, line_node, vals):
        # EXTENDS account_edi_ubl_cii, which writes amount / quantity rounded to a few digits
        super()._add_document_line_price_nodes(line_node, vals)
        line = vals["base_line"].get("_invoice_line")
        if line:
            price = plain(line.price_unit, PRICE_DIGITS)
            line_node["cac:Price"]["cbc:PriceAmount"]["_text"] = price

    def _get_line_discount_allowance_charge_node(self, vals):
        # EXTENDS account_edi_ubl_cii: the cent between quantity x price and the amount billed is
        # no discount
        if not vals["base_line"]["discount"]:
            return None
        return super()._get_line_discount_allowance_charge_node(vals)

    def _add_document_line_item_nodes(self, line_node, vals):
        # EXTENDS l10n_tr_nilvera_einvoice
        super()._add_document_line_item_nodes(line_node, vals)
        line = vals["base_line"].get("_invoice_line")
        if line and line.name and line.move_id.actwin_tr_period_start:
            # the bill's own wording ("Active energy T1"), not the product's
            line_node["cac:Item"]["cbc:Name"] = {"_text": line.name.replace("\n", " ")}
        if line and line.actwin_tr_meters:
            line_node["cac:Item"]["cac:ItemInstance"] = [
                self._actwin_tr_meter_node(meter) for meter in line.actwin_tr_meters
            ]

    def _actwin_tr_meter_node(self, meter):
        return {
            "cbc:SerialID": {"_text": meter.get("serial")},
            "cac:AdditionalItemProperty": [
                {"cbc:Name": {"_text": name}, "cbc:Value": {"_text": meter[key]}}
                for name, key in METER_PROPERTIES
                if meter.get(key)
            ],
        }

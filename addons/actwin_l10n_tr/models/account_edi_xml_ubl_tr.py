from decimal import Decimal

from odoo import models
from odoo.tools import html2plaintext

from odoo.addons.l10n_tr_nilvera_einvoice_extended.tools.ubl_tr_invoice import TrInvoice

from ..const import NO_NETWORK
from ..core.figures import money
from ..core.words import amount_in_words, turkish_upper
from ..tools.ubl_tr_template import TEMPLATE

DATE_FORMAT = "%d.%m.%Y"


class AccountEdiXmlUblTr(models.AbstractModel):
    """Document level of the UBL-TR file: header, notes, references, payment, totals."""

    _inherit = "account.edi.xml.ubl.tr"

    def _export_invoice_filename(self, invoice):
        # OVERRIDES l10n_tr_nilvera_einvoice
        return f"{invoice._actwin_tr_document_number()}.xml"

    def _export_invoice(self, invoice):
        # EXTENDS l10n_tr_nilvera_einvoice_extended: writing a file never uses the network
        return super()._export_invoice(invoice.with_context(**{NO_NETWORK: True}))

    def _export_invoice_constraints(self, invoice, vals):
        # EXTENDS account_edi_ubl_cii
        constraints = super()._export_invoice_constraints(invoice, vals)
        for role in ("supplier", "customer"):
            partner = vals[role]
            missing = [
                partner._fields[name]._description_string(self.env)
                for name in ("vat", "city", "state_id", "country_id")
                if not partner[name]
            ]
            constraints[f"actwin_tr_{role}_address"] = missing and self.env._(
                "%(partner)s: missing %(fields)s.",
                partner=partner.display_name,
                fields=", ".join(missing),
            )
        return constraints

    def _get_document_template(self, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended
        template = super()._get_document_template(vals)
        return TEMPLATE if template is TrInvoice else template

    def _add_invoice_config_vals(self, vals):
        # EXTENDS account_edi_ubl_cii: GİB knows neither CreditNote nor DebitNote for sales
        super()._add_invoice_config_vals(vals)
        if vals["invoice"].is_sale_document():
            vals["document_type"] = "invoice"

    def _get_tr_profile_id(self, invoice):
        # OVERRIDES l10n_tr_nilvera_einvoice_extended
        channel, _known = invoice.partner_id._actwin_tr_channel()
        if invoice.l10n_tr_is_export_invoice:
            return "IHRACAT"
        if channel == "earchive":
            return "EARSIVFATURA"
        scenario = invoice.l10n_tr_gib_invoice_scenario or "TEMELFATURA"
        if invoice.move_type == "out_refund" and scenario == "TICARIFATURA":
            return "TEMELFATURA"  # a refund is never commercial
        return scenario

    def _add_invoice_header_nodes(self, document_node, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended
        super()._add_invoice_header_nodes(document_node, vals)
        invoice = vals["invoice"]
        lines = [b for b in vals["base_lines"] if not self._is_document_allowance_charge(b)]
        document_node.update(
            {
                "cbc:ID": {"_text": invoice._actwin_tr_document_number()},
                "cbc:InvoiceTypeCode": {"_text": self._actwin_tr_type(invoice)},
                "cbc:CreditNoteTypeCode": None,
                "cbc:LineCountNumeric": {"_text": len(lines)},
                "cbc:Note": [{"_text": note} for note in self._actwin_tr_notes(invoice)],
            }
        )
        if invoice.actwin_tr_period_start:
            document_node["cac:InvoicePeriod"] = {
                "cbc:StartDate": {"_text": invoice.actwin_tr_period_start},
                "cbc:EndDate": {"_text": invoice.actwin_tr_period_end},
            }
        self._actwin_tr_add_references(document_node, invoice)

    def _actwin_tr_type(self, invoice):
        if invoice.move_type == "out_refund":
            return "IADE"
        if invoice.l10n_tr_is_export_invoice:
            return "ISTISNA"
        return invoice.l10n_tr_gib_invoice_type or "SATIS"

    def _actwin_tr_add_references(self, document_node, invoice):
        """Order, sending channel of an e-archive file, and the invoice a refund corrects."""
        if invoice.move_type == "out_refund" or invoice.actwin_bill_id or not invoice.ref:
            # the reference is not the customer's order; without one Odoo repeats its own number
            document_node["cac:OrderReference"] = None
        channel, _known = invoice.partner_id._actwin_tr_channel()
        document_node["cac:AdditionalDocumentReference"] = channel == "earchive" and {
            "cbc:ID": {"_text": "ELEKTRONIK"},
            "cbc:IssueDate": {"_text": invoice.invoice_date},
            "cbc:DocumentTypeCode": {"_text": "SEND_TYPE"},
        }
        origin = invoice.reversed_entry_id
        if invoice.move_type == "out_refund" and origin:
            document_node["cac:BillingReference"] = {
                "cac:InvoiceDocumentReference": {
                    "cbc:ID": {"_text": origin._actwin_tr_document_number()},
                    "cbc:IssueDate": {"_text": origin.invoice_date},
                    "cbc:DocumentTypeCode": {"_text": "IADE"},
                }
            }

    def _actwin_tr_notes(self, invoice):
        """Texts of the invoice in Turkish, whatever language the user or the customer has."""
        env = self.with_context(lang="tr_TR").env
        notes = []
        if invoice.narration:
            notes.append(html2plaintext(invoice.narration, include_references=False))
        notes += self._actwin_tr_amount_notes(invoice)
        if start := invoice.actwin_tr_period_start:
            notes.append(
                env._(
                    "Period: %(start)s - %(end)s",
                    start=start.strftime(DATE_FORMAT),
                    end=invoice.actwin_tr_period_end.strftime(DATE_FORMAT),
                )
            )
        if invoice.actwin_tr_point_code:
            notes.append(env._("Point code (EIC): %s", invoice.actwin_tr_point_code))
        if invoice.actwin_tr_tariff_name:
            notes.append(env._("Tariff: %s", invoice.actwin_tr_tariff_name))
        if invoice.actwin_tr_meter_no:
            notes.append(env._("Meter: %s", invoice.actwin_tr_meter_no))
        return [note for note in notes if note]

    def _actwin_tr_amount_notes(self, invoice):
        payable = money(invoice._actwin_tr_payable())
        currency = invoice.currency_id
        if currency.name == "TRY":
            return [amount_in_words(payable)]
        subunit = turkish_upper(currency.currency_subunit_label or "")
        return [
            amount_in_words(payable, currency.name, subunit),
            amount_in_words(money(abs(invoice.amount_total_signed))),
            self._l10n_tr_get_invoice_currency_exchange_rate(invoice),
        ]

    def _add_invoice_payment_means_nodes(self, document_node, vals):
        # EXTENDS l10n_tr_nilvera_einvoice: Odoo's code 57 of refunds is not in GİB's list
        super()._add_invoice_payment_means_nodes(document_node, vals)
        code = document_node["cac:PaymentMeans"]["cbc:PaymentMeansCode"]
        if str(code["_text"]) == "57":
            code.update({"_text": "ZZZ", "name": "mutually defined"})

    def _add_invoice_payment_terms_nodes(self, document_node, vals):
        # EXTENDS account_edi_ubl_cii
        super()._add_invoice_payment_terms_nodes(document_node, vals)
        invoice = vals["invoice"]
        terms = document_node.get("cac:PaymentTerms") or {}
        terms["cbc:PaymentDueDate"] = {"_text": invoice.invoice_date_due or invoice.invoice_date}
        document_node["cac:PaymentTerms"] = terms

    def _add_invoice_monetary_total_nodes(self, document_node, vals):
        # EXTENDS l10n_tr_nilvera_einvoice_extended
        super()._add_invoice_monetary_total_nodes(document_node, vals)
        invoice = vals["invoice"]
        if not invoice.actwin_tr_rounding:
            return
        total = document_node["cac:LegalMonetaryTotal"]
        odoo_rounding = money(vals["cash_rounding_base_amount_currency"])
        rounding = odoo_rounding + money(invoice.actwin_tr_rounding)
        payable = money(invoice.amount_total) + money(invoice.actwin_tr_rounding)
        for tag, amount in (("PayableRounding", rounding), ("Payable", payable)):
            total[f"cbc:{tag}Amount"] = {
                "_text": str(Decimal(amount)),
                "currencyID": vals["currency_name"],
            }

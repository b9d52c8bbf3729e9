from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _is_tr_nilvera_applicable(self, move):
        # EXTENDS l10n_tr_nilvera_einvoice: without an API key there is nobody to send to, and
        # the default would still be a network call for every Turkish invoice.
        return move.company_id._actwin_tr_uses_nilvera() and super()._is_tr_nilvera_applicable(move)

    @api.model
    def _link_invoice_documents(self, invoices_data):
        # EXTENDS l10n_tr_nilvera_einvoice, which calls an invoice sent only when that integrator
        # has it; a company without the integrator has sent what it e-mailed.
        own = {
            invoice: invoice.is_move_sent or bool(data.get("pdf_attachment_values"))
            for invoice, data in invoices_data.items()
            if invoice.company_id.country_code == "TR"
            and not invoice.company_id._actwin_tr_uses_nilvera()
        }
        super()._link_invoice_documents(invoices_data)
        for invoice, sent in own.items():
            invoice.is_move_sent = sent

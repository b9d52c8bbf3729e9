from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _is_tr_nilvera_applicable(self, move):
        # EXTENDS l10n_tr_nilvera_einvoice: without an API key there is nobody to send to, and
        # the default would still be a network call for every Turkish invoice.
        return move.company_id._actwin_tr_uses_nilvera() and super()._is_tr_nilvera_applicable(move)

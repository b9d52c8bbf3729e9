from odoo import fields, models


class UomUom(models.Model):
    _inherit = "uom.uom"

    actwin_unece_code = fields.Char(
        string="UN/ECE Unit Code",
        help="Unit code printed in electronic invoices, e.g. K3 for kVArh. Empty: Odoo's own.",
    )

    def _get_unece_code(self):
        # EXTENDS l10n_tr_nilvera
        return self.actwin_unece_code or super()._get_unece_code()

from odoo import fields, models


class AccountTax(models.Model):
    _inherit = "account.tax"

    actwin_tr_tax_code = fields.Char(
        string="GİB Tax Code",
        help="Tax type code of the Turkish e-invoice, e.g. 4071 for the electricity and gas "
        "consumption tax. Empty: VAT (0015).",
    )

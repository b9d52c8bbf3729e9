from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    actwin_tr_meters = fields.Json(
        string="Meter Indices",
        help="Registers behind the quantity, printed per line in the e-invoice: a list of "
        '{"serial", "first", "last", "multiplier", "register"}, all decimal strings.',
    )

from odoo import fields, models


class ActwinPoint(models.Model):
    _inherit = "actwin.point"

    actwin_tr_eic = fields.Char(
        string="EIC", help="Energy identification code of the point (16 characters, 40Z…)."
    )
    actwin_tr_installation_no = fields.Char(
        string="Installation Number",
        help="Number the network operator gave the installation. Empty: the point's code.",
    )

from odoo import fields, models

from ..const import NO_NETWORK


class ResCompany(models.Model):
    _inherit = "res.company"

    def _actwin_tr_uses_nilvera(self):
        # sudo: the key is readable by the system administrator only, its presence is no secret
        return bool(self.sudo().l10n_tr_nilvera_api_key)


class ResPartner(models.Model):
    _inherit = "res.partner"

    actwin_tr_registration = fields.Selection(
        [("einvoice", "Registered e-invoice user"), ("earchive", "Not registered (e-archive)")],
        string="e-Invoice Registration",
        help="Whether the tax number is on the revenue administration's list of e-invoice users. "
        "Empty: the integrator's answer counts, if there is one.",
    )

    def _actwin_tr_channel(self):
        """(channel, known): "einvoice" or "earchive" from what is recorded here, never by asking
        anybody. Not known means e-archive for want of a registration record."""
        self.ensure_one()
        for partner in (self, self.commercial_partner_id):
            if partner.actwin_tr_registration:
                return partner.actwin_tr_registration, True
        for partner in (self, self.commercial_partner_id):
            if partner.l10n_tr_nilvera_customer_status in ("einvoice", "earchive"):
                return partner.l10n_tr_nilvera_customer_status, True
            if partner.l10n_tr_nilvera_customer_alias_ids:
                return "einvoice", True
        return "earchive", False

    def _actwin_tr_tax_number(self):
        """Digits of the tax or identity number: 10 for a VKN, 11 for a TCKN."""
        number = self.vat or self.commercial_partner_id.vat or ""
        return "".join(char for char in number if char.isdigit())

    def _check_nilvera_customer(self):
        # EXTENDS l10n_tr_nilvera: Odoo asks the integrator in the middle of writing an XML file
        if self.env.context.get(NO_NETWORK) or not self.env.company._actwin_tr_uses_nilvera():
            return False
        return super()._check_nilvera_customer()

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.sms_api import SmsApiTr


class ResCompany(models.Model):
    _inherit = "res.company"

    actwin_sms_gateway_id = fields.Many2one(
        "actwin.sms.gateway",
        "SMS Gateway",
        domain="[('company_id', '=', id)]",
        ondelete="restrict",
        help="Empty: SMS go through Odoo's own service.",
    )

    @api.constrains("actwin_sms_gateway_id")
    def _check_sms_gateway(self):
        for company in self:
            # sudo: whoever changes a company need not be allowed to see the gateway
            gateway = company.sudo().actwin_sms_gateway_id
            if gateway and gateway.company_id != company:
                raise ValidationError(
                    self.env._("%s is another company's SMS gateway.", gateway.name)
                )

    # EXTENDS sms
    def _get_sms_api_class(self):
        self.ensure_one()
        # sudo: whoever sends need not be allowed to see the gateway
        return SmsApiTr if self.sudo().actwin_sms_gateway_id else super()._get_sms_api_class()

    # EXTENDS actwin_metering
    def _sms_turkish_shift(self):
        # sudo: as above
        gateway = self.sudo().actwin_sms_gateway_id
        return gateway._turkish_alphabet() if gateway else super()._sms_turkish_shift()

    # EXTENDS actwin_metering
    def _sms_letters(self, text):
        # sudo: as above
        gateway = self.sudo().actwin_sms_gateway_id
        return gateway._letters(text) if gateway else super()._sms_letters(text)

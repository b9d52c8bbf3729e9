from odoo import fields, models

from ..core.numbers import canonical


class SmsSms(models.Model):
    _inherit = "sms.sms"

    actwin_gateway_id = fields.Many2one(related="sms_tracker_id.actwin_gateway_id")
    actwin_job = fields.Char(related="sms_tracker_id.actwin_job")

    # EXTENDS sms
    def _split_by_api(self):
        rest = self.browse()
        for company, texts in self.grouped(lambda sms: sms._get_sms_company()).items():
            # sudo: whoever sends need not be allowed to see the gateway
            if company.sudo().actwin_sms_gateway_id:
                sms_api = company._get_sms_api_class()(self.env)
                sms_api._set_company(company)
                yield sms_api, texts
            else:
                rest |= texts
        if rest:
            yield from super(SmsSms, rest)._split_by_api()

    # EXTENDS sms
    def _handle_call_result_hook(self, results):
        """Remember under which package a gateway knows the texts it took."""
        super()._handle_call_result_hook(results)
        taken = {result["uuid"]: result for result in results if result.get("actwin_job")}
        for sms in self.filtered(lambda sms: sms.uuid in taken):
            result = taken[sms.uuid]
            sms.sms_tracker_id._actwin_follow(
                result["actwin_gateway_id"], result["actwin_job"], canonical(sms.number)
            )

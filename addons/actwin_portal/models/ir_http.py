from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        # EXTENDS http_routing: the chart's own words are translated in the browser
        return [*super()._get_translation_frontend_modules_name(), "actwin_portal"]

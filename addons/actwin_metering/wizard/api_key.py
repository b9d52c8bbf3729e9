from odoo import fields, models


class ActwinApiKey(models.TransientModel):
    """Shows a collector's new access key, once."""

    _name = "actwin.api.key"
    _description = "Collector Access Key"

    collector_id = fields.Many2one("actwin.collector", readonly=True)
    login = fields.Char(readonly=True)
    key = fields.Char(readonly=True)

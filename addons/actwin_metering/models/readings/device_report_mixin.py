from odoo import fields, models


class ActwinDeviceReport(models.AbstractModel):
    """Something a collector told of one of its devices; filled by set-based SQL only."""

    _name = "actwin.device.report.mixin"
    _description = "Device Report"
    _rec_name = "device_key"

    collector_id = fields.Many2one(
        "actwin.collector", required=True, readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    device_key = fields.Char(required=True, readonly=True)
    device_id = fields.Many2one("actwin.device", readonly=True, index=True, ondelete="set null")

from odoo import api, fields, models

_KEEP_DAYS = 180


class ActwinDeviceComm(models.Model):
    """One attempt to talk to a device: how long it took and whether it answered."""

    _name = "actwin.device.comm"
    _description = "Device Communication"
    _order = "started desc, id desc"
    _rec_name = "device_key"
    _log_access = False

    collector_id = fields.Many2one(
        "actwin.collector", required=True, readonly=True, index=True, ondelete="cascade"
    )
    site_id = fields.Many2one("actwin.site", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    device_key = fields.Char(required=True, readonly=True)
    device_id = fields.Many2one("actwin.device", readonly=True, index=True, ondelete="set null")
    started = fields.Datetime(required=True, readonly=True, index=True)
    ended = fields.Datetime(readonly=True)
    duration = fields.Float("Duration (s)", readonly=True, aggregator="avg")
    ok = fields.Boolean("Answered", readonly=True)
    attempts = fields.Integer(readonly=True)
    error = fields.Char(readonly=True)

    _comm_uniq = models.Constraint(
        "UNIQUE (collector_id, device_key, started)", "The attempt is known already."
    )

    @api.autovacuum
    def _gc_communication(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=_KEEP_DAYS)
        self.env.cr.execute("DELETE FROM actwin_device_comm WHERE started < %s", [limit])

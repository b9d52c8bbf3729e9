from odoo import fields, models


class ActwinSchedule(models.Model):
    """How often a device is polled and how often, and as which figure, a value is stored."""

    _name = "actwin.schedule"
    _description = "Reading Schedule"
    _inherit = ["actwin.config.mixin"]
    _order = "poll_seconds, name"

    name = fields.Char(required=True, translate=True)
    key = fields.Char(required=True)
    poll_seconds = fields.Integer(required=True, default=60, aggregator=None)
    store_seconds = fields.Integer(required=True, default=900, aggregator=None)
    mode = fields.Selection(
        [("last", "Last"), ("mean", "Mean"), ("max", "Highest"), ("min", "Lowest")],
        required=True,
        default="last",
    )
    device_ids = fields.One2many("actwin.device", "schedule_id")
    active = fields.Boolean(default=True)

    _key_uniq = models.Constraint("UNIQUE (key)", "Another schedule has this key.")
    _seconds_check = models.Constraint(
        "CHECK (poll_seconds > 0 AND store_seconds >= poll_seconds)",
        "A value is stored at most as often as the device is polled.",
    )

    def _config_collectors(self):
        return self.sudo().device_ids.collector_id  # a schedule serves collectors of every site

    def _prepare_config(self):
        """What the collector is told of the schedule."""
        return {
            "key": self.key,
            "poll_seconds": self.poll_seconds,
            "store_seconds": self.store_seconds,
            "mode": self.mode,
        }

from odoo import fields, models
from odoo.tools import SQL

_DAYS = 7


class ActwinDevice(models.Model):
    """How well a device could be reached lately."""

    _inherit = "actwin.device"

    comm_count = fields.Integer("Dialogues", compute="_compute_communication", aggregator=None)
    comm_share = fields.Float(
        "Answered",
        compute="_compute_communication",
        aggregator=None,
        help="Share of the recorded dialogues of the last seven days that were answered.",
    )
    comm_failed = fields.Integer("Failed", compute="_compute_communication", aggregator=None)
    comm_duration = fields.Float(
        "Duration (s)", compute="_compute_communication", digits=(8, 2), aggregator=None
    )

    def _compute_communication(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT device_id, count(*), count(*) FILTER (WHERE ok),
                       avg(duration) FILTER (WHERE ok)
                  FROM actwin_device_comm
                 WHERE device_id = ANY(%s)
                   AND started > now() AT TIME ZONE 'UTC' - %s * '1 day'::interval
                 GROUP BY device_id
                """,
                self.ids,
                _DAYS,
            )
        )
        found = {row[0]: row[1:] for row in rows}
        for device in self:
            total, answered, duration = found.get(device._origin.id, (0, 0, 0))
            device.comm_count = total
            device.comm_share = answered / total if total else 0.0
            device.comm_failed = total - answered
            device.comm_duration = duration or 0.0

from odoo import api, fields, models

from ...const import SEVERITIES


class ActwinEventKind(models.Model):
    """What an event means, whichever protocol told it: the cover opened, the power failed.

    A kind that tells of a state (a cover that is open) names the kind that ends it.
    """

    _name = "actwin.event.kind"
    _description = "Kind of Event"
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, help="Short name that never changes, e.g. cover_open.")
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=50)
    category = fields.Selection(
        [
            ("tamper", "Tampering"),
            ("electrical", "Electrical"),
            ("supply", "Supply"),
            ("clock", "Clock"),
            ("battery", "Battery"),
            ("device", "Device fault"),
            ("setting", "Settings"),
            ("valve", "Valve and relay"),
            ("flow", "Flow"),
            ("communication", "Communication"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    severity = fields.Selection(SEVERITIES, required=True, default="info")
    opens_alarm = fields.Boolean(help="An event of this kind raises an alarm by itself.")
    closed_by_id = fields.Many2one(
        "actwin.event.kind",
        "Ended By",
        ondelete="restrict",
        help="Its alarm is cleared when this kind of event follows.",
    )
    loss_points = fields.Integer(
        help="How much an event of this kind speaks for theft, from 0 to 40.", aggregator=None
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another kind has this code.")

    @api.depends("name")
    def _compute_display_name(self):
        for kind in self:
            kind.display_name = kind.name

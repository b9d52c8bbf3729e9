from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.fields import LooseMany2one

METHODS = [
    ("check", "Check meter"),
    ("balance", "Balance of the node"),
    ("linear", "Line between the neighbours"),
    ("like_day", "Days alike"),
    ("profile", "Profile chosen for the channel"),
    ("similar", "Similar meters"),
    ("former", "Former periods"),
    ("even", "Spread evenly"),
]
"""In the order in which they are tried when a group says nothing else: by measured error."""


class ActwinEstimate(models.Model):
    """A gap that was estimated: how, from what, and whether the register confirms the sum.

    Written by SQL; its single values are versions of readings, where the first value that stood
    there, if any, is kept as well. ``superseded`` once real readings took the place.
    """

    _name = "actwin.estimate"
    _description = "Estimate"
    _order = "ts desc, id desc"
    _rec_name = "method"
    _log_access = False

    channel_id = LooseMany2one("actwin.channel", readonly=True, required=True, index=True)
    point_id = LooseMany2one("actwin.point", readonly=True, index=True)
    site_id = LooseMany2one("actwin.site", readonly=True, index=True)
    company_id = LooseMany2one("res.company", readonly=True)
    ts = fields.Datetime("From", readonly=True, required=True)
    ts_end = fields.Datetime("To", readonly=True, required=True)
    method = fields.Selection(METHODS, readonly=True, required=True)
    sources = fields.Char("Based On", readonly=True)
    readings = fields.Integer(readonly=True, aggregator="sum")
    consumption = fields.Float(digits=(20, 3), readonly=True, help="Multiplied out.")
    unit = fields.Char(related="channel_id.unit")
    exact = fields.Boolean(
        "Sum of the Register",
        readonly=True,
        help="The register shows what the gap amounts to; only its course is estimated.",
    )
    beyond = fields.Boolean(
        "Beyond the Last Reading",
        readonly=True,
        help="Taken back and estimated anew as soon as a reading arrives.",
    )
    state = fields.Selection(
        [("taken", "In Use"), ("superseded", "Superseded")],
        readonly=True,
        required=True,
        default="taken",
    )
    date = fields.Datetime("Estimated", readonly=True)
    version_ids = fields.One2many("actwin.reading.version", "estimate_id", "Values")

    _open_idx = models.Index("(channel_id, ts) WHERE state = 'taken' AND NOT exact")

    @api.depends("method", "ts")
    def _compute_display_name(self):
        names = dict(self._fields["method"]._description_selection(self.env))
        for estimate in self:
            estimate.display_name = names.get(estimate.method, "")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Estimates give way to readings; they are not deleted."))

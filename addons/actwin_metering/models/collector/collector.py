from datetime import timedelta

from odoo import api, fields, models

from ...core.text import as_moment

_LATE = timedelta(minutes=5)
_SILENT = timedelta(hours=1)
_CONFIG_FIELDS = {"code", "site_id"}


class ActwinCollector(models.Model):
    """A program at a site that reads devices and delivers their values; it has its own user."""

    _name = "actwin.collector"
    _description = "Collector"
    _inherit = ["mail.thread"]
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="What the collector calls itself when it connects.")
    site_id = fields.Many2one(
        "actwin.site", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", copy=False, readonly=True, help="Made with the first access key."
    )
    config_version = fields.Integer(default=1, readonly=True, copy=False, aggregator=None)
    last_seen = fields.Datetime(readonly=True, copy=False)
    last_status = fields.Json(readonly=True, copy=False)
    running_version = fields.Integer(
        "Version in Use", compute="_compute_status", help="Configuration the collector runs with."
    )
    software_version = fields.Char("Version", compute="_compute_status")
    started_at = fields.Datetime("Running Since", compute="_compute_status")
    outbox_pending = fields.Integer("Waiting to Be Sent", compute="_compute_status")
    outbox_dead = fields.Integer("Refused", compute="_compute_status")
    outbox_oldest = fields.Datetime("Oldest Waiting", compute="_compute_status")
    problems = fields.Text(compute="_compute_status")
    state = fields.Selection(
        [("never", "Never seen"), ("ok", "Connected"), ("late", "Late"), ("silent", "Silent")],
        compute="_compute_state",
    )
    line_ids = fields.One2many("actwin.line", "collector_id", string="Lines")
    device_ids = fields.One2many("actwin.device", "collector_id", string="Devices")
    device_count = fields.Integer(compute="_compute_device_count")
    stopped_line_count = fields.Integer("Stopped Lines", compute="_compute_stopped_line_count")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another collector has this code.")

    @api.depends("last_seen")
    def _compute_state(self):
        now = fields.Datetime.now()
        for collector in self:
            if not collector.last_seen:
                collector.state = "never"
                continue
            age = now - collector.last_seen
            collector.state = "ok" if age < _LATE else "late" if age < _SILENT else "silent"

    @api.depends("last_status")
    def _compute_status(self):
        for collector in self:
            status = collector.last_status or {}
            outbox = status.get("outbox")
            outbox = outbox if isinstance(outbox, dict) else {}
            version, problems = status.get("version"), status.get("problems")
            collector.running_version = _count(status.get("config_version") or version)
            collector.software_version = version if isinstance(version, str) else False
            collector.started_at = as_moment(status.get("started_at")) or False
            collector.outbox_pending = _count(outbox.get("pending"))
            collector.outbox_dead = _count(outbox.get("dead"))
            collector.outbox_oldest = as_moment(outbox.get("oldest")) or False
            texts = problems if isinstance(problems, list) else []
            collector.problems = "\n".join(map(str, texts)) or False

    @api.depends("line_ids.enabled")
    def _compute_stopped_line_count(self):
        for collector in self:
            collector.stopped_line_count = len(
                collector.line_ids.filtered(lambda line: not line.enabled)
            )

    @api.depends("device_ids")
    def _compute_device_count(self):
        for collector in self:
            collector.device_count = len(collector.device_ids)

    def write(self, vals):
        result = super().write(vals)
        if _CONFIG_FIELDS & vals.keys():
            self._bump()
        return result

    def _bump(self):
        """Tell the collector, at its next report, to fetch its configuration again."""
        if not self:
            return
        self.flush_recordset(["config_version"])
        self.env.cr.execute(
            "UPDATE actwin_collector SET config_version = config_version + 1 WHERE id = ANY(%s)",
            [self.ids],
        )
        self.invalidate_recordset(["config_version"])

    def action_open_devices(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "actwin_metering.actwin_device_action"
        )
        return action | {
            "domain": [("collector_id", "=", self.id)],
            "context": {"default_collector_id": self.id},
        }


def _count(value):
    """A reported number that fits a database integer; anything else is 0."""
    return value if type(value) is int and 0 <= value < 2**31 else 0

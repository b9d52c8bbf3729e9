import json

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import SEVERITIES
from ...tools.decimals import array_literal

_RANKS = {code: rank for rank, (code, _name) in enumerate(SEVERITIES)}


class ActwinMessageNotice(models.Model):
    """Something that happened and may have to be told: one row a record, written in the
    transaction of whoever caused it, so that it is neither lost nor told of something undone.

    Who is told, and how, is found out afterwards by the job that sends.
    """

    _name = "actwin.message.notice"
    _description = "Notice"
    _order = "id desc"
    _rec_name = "kind_id"

    kind_id = fields.Many2one(
        "actwin.message.kind", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", required=True)
    site_id = fields.Many2one("actwin.site", readonly=True, index=True, ondelete="cascade")
    point_id = fields.Many2one("actwin.point", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    severity_rank = fields.Integer(readonly=True)
    level = fields.Integer("Escalation Level", readonly=True)
    details = fields.Json(readonly=True, help="What the texts may name besides the record.")
    state = fields.Selection(
        [("new", "New"), ("told", "Told"), ("nobody", "Nobody to tell"), ("repeated", "Repeated")],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    message_ids = fields.One2many("actwin.message", "notice_id", "Messages", readonly=True)

    _record_idx = models.Index("(res_model, res_id, kind_id)")

    @api.model
    def _store(self, kind, records, values):
        """Write one notice a record in one statement; returns their number."""
        rows = self._columns(kind, records, values)
        level = int(values.get("level") or 0)
        details = {key: item for key, item in values.items() if key not in ("severity", "level")}
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
INSERT INTO actwin_message_notice (kind_id, res_model, level, details, state, res_id, site_id,
    point_id, company_id, severity, severity_rank, create_date, create_uid)
SELECT %s, %s, %s, %s::jsonb, 'new', new.res_id, site.id, point.id,
       coalesce(site.company_id, %s), new.severity, array_position(%s::text[], new.severity) - 1,
       %s, %s
  FROM unnest(%s::int[], %s::int[], %s::int[], %s::text[])
       AS new(res_id, site_id, point_id, severity)
  LEFT JOIN actwin_point point ON point.id = new.point_id
  LEFT JOIN actwin_site site ON site.id = coalesce(new.site_id, point.site_id)
                """,
                kind.id,
                records._name,
                level,
                json.dumps(details, default=str) if details else None,
                self.env.company.id,
                list(_RANKS),
                fields.Datetime.now(),
                self.env.uid,
                *map(array_literal, zip(*rows, strict=True)),
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _columns(self, kind, records, values):
        """[(record, site, point, severity)] with 0 for what a record does not have."""
        given = values.get("severity")
        sites, points, severities = (
            _column(records, name) for name in ("site_id", "point_id", "severity")
        )
        if records._name == "actwin.site":
            sites = records.ids
        elif records._name == "actwin.point":
            points = records.ids
        return [
            (
                record_id,
                site or 0,
                point or 0,
                given or (severity if severity in _RANKS else kind.severity),
            )
            for record_id, site, point, severity in zip(
                records.ids, sites, points, severities, strict=True
            )
        ]


def _column(records, name):
    """Values of a field by record, relations as ids; nothing where the model has no such field."""
    if name not in records._fields:
        return [None] * len(records)
    values = [record[name] for record in records]
    return [value.id if isinstance(value, models.BaseModel) else value for value in values]

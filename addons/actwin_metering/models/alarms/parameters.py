from datetime import timedelta

from odoo import api, fields, models

from ..readings.rollup_sql import NO_JIT
from . import parameters_sql, watch_sql

_POINTS = 200
"""Points a transaction."""

_DAYS = 14
"""A week that is judged, and the one before to compare with."""

_RULES = f"""
SELECT r.id, r.code, array_agg(p.id ORDER BY p.id)
  FROM actwin_alarm_rule r
  JOIN actwin_point p ON p.id = ANY(%(points)s) AND {watch_sql.SCOPE}
 GROUP BY 1, 2
"""
_MEASURED = """
SELECT DISTINCT c.point_id FROM actwin_channel c
 WHERE c.active AND c.obis = ANY(%s) AND c.last_ts > %s AND c.point_id > %s
 ORDER BY 1 LIMIT %s
"""
_OPEN = """
SELECT rule_id, point_id FROM actwin_alarm
 WHERE rule_id = ANY(%s) AND point_id = ANY(%s) AND (open OR still_on)
"""


class ActwinAlarmParameters(models.AbstractModel):
    """Rules E01–E17 on voltages, currents, powers and angles of the last seven days.

    They tell what is wired wrongly, bypassed or out of range. A fault shows in a share of many
    readings, so that they are judged once a day, for many points in one statement a rule.
    """

    _name = "actwin.alarm.parameters"
    _description = "Electrical Parameters"

    @api.model
    def _cron_judge(self):
        """Judge every measured point, some hundreds a transaction."""
        cron = self.env["ir.cron"]
        since, last = self.env.cr.now() - timedelta(days=7), 0
        codes = [code for codes in parameters_sql.SIGNALS.values() for code in codes]
        while True:
            self.env.cr.execute(_MEASURED, [codes, since, last, _POINTS])
            points = [row[0] for row in self.env.cr.fetchall()]
            if not points:
                return
            self._judge(points, self.env.cr.now())
            last = points[-1]
            if not cron._commit_progress(len(points)):
                return

    @api.model
    def _judge(self, point_ids, end):
        """Raise and clear alarms of points by what was measured until ``end`` (UTC)."""
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(NO_JIT)
        cr.execute(_RULES, {"points": point_ids, "types": ["parameter"], "rules": None})
        rules = [row for row in cr.fetchall() if row[1] in parameters_sql.RULES]
        if not rules:
            return
        self._measure(point_ids, end)
        hits, over = [], []
        for rule, code, points in rules:
            cr.execute(parameters_sql.judged(code), {"rule": rule, "points": points})
            self._sort(rule, cr.dictfetchall(), hits, over)
        alarms = self.env["actwin.alarm"]
        alarms._clear(self._lasting(over, point_ids))
        alarms._raise(hits)

    def _measure(self, point_ids, end):
        """Note the quarter hours of points in ``actwin_alarm_slot``, and what is usual there."""
        signals = [
            (name, code, rank)
            for name, codes in parameters_sql.SIGNALS.items()
            for rank, code in enumerate(codes)
        ]
        names, codes, ranks = map(list, zip(*signals, strict=True))
        parameters = {
            "names": names,
            "codes": codes,
            "ranks": ranks,
            "points": point_ids,
            "start": end - timedelta(days=_DAYS),
            "end": end,
        }
        self.env.cr.execute(parameters_sql.TABLES)
        self.env.cr.execute(parameters_sql.FILL_SLOTS, parameters)
        self.env.cr.execute("ANALYZE actwin_alarm_slot")
        self.env.cr.execute(parameters_sql.FILL_POINTS)

    def _sort(self, rule_id, verdicts, hits, over):
        rule = self.env["actwin.alarm.rule"].browse(rule_id)
        single = set()
        if rule.code == "E02":
            points = self.env["actwin.point"].browse([item["point_id"] for item in verdicts])
            single = set(points.filtered("single_phase").ids)
        for item in verdicts:
            point = item["point_id"]
            if item["is_on"]:
                hits.append(self._hit(rule, item, "info" if point in single else None))
            elif not item["unsure"] and item["good"]:
                over.append({"rule_id": rule_id, "point_id": point, "ts": item["good"]})

    def _hit(self, rule, item, severity):
        own = rule.code in parameters_sql.SINGLE
        evidence = {key: item[key] for key in ("part", "share", "n", "value") if item[key]}
        value = float(item["value"] or 0)
        limit = rule.lower if value < rule.lower else rule.limit
        return {
            "rule_id": rule.id,
            "point_id": item["point_id"],
            "ts": item["ts"],
            "ts_last": item["ts_last"],
            "value": item["value"] if own else item["share"],
            "limit": limit if own else rule.limit,
            "unit": {"E12": "V", "E13": "Hz"}.get(rule.code, "%"),
            "severity": severity,
            "evidence": evidence,
        }

    def _lasting(self, over, point_ids):
        """Of what is over, that of which an alarm lasts."""
        rules = list({item["rule_id"] for item in over})
        self.env.cr.execute(_OPEN, [rules, point_ids])
        lasting = set(self.env.cr.fetchall())
        return [item for item in over if (item["rule_id"], item["point_id"]) in lasting]


class ActwinAlarm(models.Model):
    _inherit = "actwin.alarm"

    def _message(self):
        evidence = self.evidence or {}
        if self.rule_type != "parameter" or not evidence.get("share"):
            return super()._message()
        share = self._shown(float(evidence["share"]))
        text = self.env._("in %(share)s %% of %(count)s readings", share=share, count=evidence["n"])
        if self.unit != "%":
            text = f"{self._shown(self.peak)} {self.unit}, {text}"
        return ": ".join(filter(None, (evidence.get("part"), text)))


class ActwinPoint(models.Model):
    """What else explains odd currents and powers."""

    _inherit = "actwin.point"

    feeds_in = fields.Boolean(
        "Own Production",
        tracking=True,
        help="Solar panels or a generator behind the meter: power may flow back here.",
    )
    single_phase = fields.Boolean(
        "Loads on One Phase",
        tracking=True,
        help="It is known that not every phase of the meter is used.",
    )

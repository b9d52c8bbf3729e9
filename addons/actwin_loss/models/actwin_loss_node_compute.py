from collections import defaultdict, namedtuple
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL, split_every

from ..const import ALARM_WINDOW_DAYS, OUT_OF_BAND
from ..core.balance import Metered, compute_balance
from ..core.technical import Interval, Nameplate, technical_loss

DAYS_PER_SLICE = 200
"""Node-days computed in one go: bounds memory, some 10,000 meter rows at fifty meters a node."""

NAMEPLATE_COLUMNS = (
    "rated_kva", "no_load_w", "load_w", "cable_k", "power_factor",
    "main_class_percent", "child_class_percent", "tolerance_percent",
)  # fmt: skip

Meter = namedtuple("Meter", "point_id part kwh complete hours")


class ActwinLossNode(models.Model):
    """Gather, compute in the plain core, store: the only way a daily balance comes to be."""

    _inherit = "actwin.loss.node"

    @api.model
    def _cron_update_balances(self):
        nodes = self.search([("active", "=", True)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(nodes))
        for node in nodes:
            node._update_balances()
            if not cron._commit_progress(1):
                break

    def _update_balances(self, date_from=None, date_to=None):
        """Compute the balances whose inputs changed; returns how many. Repeating it is free."""
        nodes = self.filtered("active").sudo()  # rollups of every point count, seen or not
        setups = nodes._setups()
        registers = nodes._registers()
        stale = nodes._stale_days(registers, nodes._fingerprints(registers, setups),
                                  date_from, date_to)
        for part in split_every(DAYS_PER_SLICE, stale, list):
            days = [(node_id, day) for node_id, day, _signature in part]
            metered = nodes._metered_by_day(registers, days)
            hours = nodes._hours_by_day(registers, days)
            rows = [
                (node_id, day, signature, metered[node_id, day],
                 nodes._balance(setups[node_id], metered[node_id, day], hours[node_id, day]))
                for node_id, day, signature in part
            ]  # fmt: skip
            nodes._store_balances(rows)
        if stale:
            nodes._store_last_state()
        return len(stale)

    def _setups(self):
        """{node_id: {column: Decimal}}, read as text because the cursor makes floats."""
        self.flush_recordset()
        columns = SQL(", ").join(SQL("%s::text", SQL.identifier(c)) for c in NAMEPLATE_COLUMNS)
        rows = self.env.execute_query(
            SQL("SELECT id, %s FROM actwin_loss_node WHERE id = ANY(%s)", columns, self.ids)
        )
        return {
            row[0]: {
                name: Decimal(text or 0)
                for name, text in zip(NAMEPLATE_COLUMNS, row[1:], strict=True)
            }
            for row in rows
        }

    def _fingerprints(self, registers, setups):
        by_node = defaultdict(list)
        for register in registers:
            by_node[register.node_id].append(register)
        return {
            node.id: f"{sorted(setups[node.id].items())}{node.site_id.tz}"
            f"{sorted(by_node[node.id], key=str)}"
            for node in self
        }

    def _metered_by_day(self, registers, days):
        result = defaultdict(list)
        for node_id, day, point_id, part, kwh, complete, hours in self._metered_days(
            registers, days
        ):
            kwh = None if kwh is None else Decimal(kwh)
            result[node_id, day].append(Meter(point_id, part, kwh, complete, Decimal(hours)))
        return result

    def _hours_by_day(self, registers, days):
        result = defaultdict(list)
        for node_id, day, active, reactive, hours in self._main_hours(registers, days):
            reactive = None if reactive is None else Decimal(reactive)
            result[node_id, day].append(Interval(Decimal(active), reactive, Decimal(hours)))
        return result

    @api.model
    def _balance(self, setup, meters, intervals):
        """The :class:`Balance` of one day, or None when a meter lacks data."""
        if not all(meter.complete for meter in meters):
            return None
        groups = defaultdict(list)
        for meter in meters:
            kind = "main" if meter.part == "main" else "child"
            groups[meter.part].append(Metered(meter.kwh, setup[f"{kind}_class_percent"]))
        nameplate = Nameplate(
            setup["rated_kva"], setup["no_load_w"], setup["load_w"], setup["cable_k"],
            setup["power_factor"],
        )  # fmt: skip
        return compute_balance(
            groups["main"] + groups["generator"],
            groups["child"],
            groups["common"],
            technical_loss(nameplate, intervals, meters[0].hours),
            setup["tolerance_percent"] or None,
        )

    def _store_balances(self, rows):
        """Write ``rows`` [(node_id, day, signature, meters, balance or None)] over the old ones."""
        names = self._point_names(rows)
        columns = list(zip(*(self._balance_values(row, names) for row in rows), strict=True))
        stored = self.env.execute_query(
            SQL(UPSERT, self.env.uid, self.env.uid, *(list(column) for column in columns))
        )
        ids = {(node_id, day): balance_id for balance_id, node_id, day in stored}
        lines = [
            (ids[node_id, day], meter.point_id, meter.part,
             None if meter.kwh is None else str(meter.kwh), not meter.complete)
            for node_id, day, _signature, meters, _balance in rows
            for meter in meters
        ]  # fmt: skip
        self.env.cr.execute(
            SQL("DELETE FROM actwin_loss_balance_line WHERE balance_id = ANY(%s)",
                list(ids.values()))
        )
        self.env.cr.execute(SQL(INSERT_LINES, *(list(c) for c in zip(*lines, strict=True))))
        self.env["actwin.loss.balance"].invalidate_model()
        self.env["actwin.loss.balance.line"].invalidate_model()
        self.invalidate_recordset(["balance_ids", "balance_count", "balance_chart"])

    def _point_names(self, rows):
        missing = {m.point_id for row in rows for m in row[3] if not m.complete}
        return {p.id: p.display_name for p in self.env["actwin.point"].browse(missing)}

    @api.model
    def _balance_values(self, row, names):
        """One row of UPSERT's arrays; figures that do not exist are NULL, never zero."""
        node_id, day, signature, meters, balance = row
        if balance is None:
            lacking = sorted(names[m.point_id] for m in meters if not m.complete)
            return (node_id, str(day), signature, "incomplete", ", ".join(lacking), *[None] * 8)
        figures = (
            balance.main_kwh, balance.children_kwh, balance.common_kwh, balance.technical_kwh,
            balance.unexplained_kwh, balance.unexplained_percent, balance.uncertainty_kwh,
            balance.band_kwh,
        )  # fmt: skip
        figures = (None if each is None else str(each) for each in figures)
        return (node_id, str(day), signature, balance.state, None, *figures)

    def _store_last_state(self):
        """Copy each node's newest complete day and its days out of band onto the node."""
        self.env.cr.execute(SQL(LAST_STATE, list(OUT_OF_BAND), ALARM_WINDOW_DAYS, self.ids))
        self.invalidate_recordset()


UPSERT = """
INSERT INTO actwin_loss_balance (
    create_uid, write_uid, create_date, write_date, node_id, site_id, company_id, day, signature,
    state, missing, main_kwh, children_kwh, common_kwh, technical_kwh, unexplained_kwh,
    unexplained_pct, uncertainty_kwh, band_kwh)
SELECT %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', r.node_id, n.site_id,
       n.company_id, r.day, r.signature, r.state, r.missing, r.main, r.children, r.common,
       r.technical, r.unexplained, r.percent, r.uncertainty, r.band
  FROM unnest(%s::int[], %s::date[], %s::text[], %s::text[], %s::text[], %s::numeric[],
              %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
              %s::numeric[], %s::numeric[])
       AS r(node_id, day, signature, state, missing, main, children, common, technical,
            unexplained, percent, uncertainty, band)
  JOIN actwin_loss_node n ON n.id = r.node_id
ON CONFLICT (node_id, day) DO UPDATE SET
    write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date,
    site_id = EXCLUDED.site_id, company_id = EXCLUDED.company_id,
    signature = EXCLUDED.signature, state = EXCLUDED.state, missing = EXCLUDED.missing,
    main_kwh = EXCLUDED.main_kwh, children_kwh = EXCLUDED.children_kwh,
    common_kwh = EXCLUDED.common_kwh, technical_kwh = EXCLUDED.technical_kwh,
    unexplained_kwh = EXCLUDED.unexplained_kwh, unexplained_pct = EXCLUDED.unexplained_pct,
    uncertainty_kwh = EXCLUDED.uncertainty_kwh, band_kwh = EXCLUDED.band_kwh
RETURNING id, node_id, day
"""

INSERT_LINES = """
INSERT INTO actwin_loss_balance_line (
    balance_id, site_id, company_id, point_id, part, consumption_kwh, missing)
SELECT b.id, b.site_id, b.company_id, r.point_id, r.part, r.kwh, r.missing
  FROM unnest(%s::int[], %s::int[], %s::text[], %s::numeric[], %s::bool[])
       AS r(balance_id, point_id, part, kwh, missing)
  JOIN actwin_loss_balance b ON b.id = r.balance_id
"""

LAST_STATE = """
UPDATE actwin_loss_node n
   SET last_day = l.day, last_state = l.state, last_unexplained_percent = l.unexplained_pct,
       alarm_days = (SELECT count(*) FROM actwin_loss_balance a
                      WHERE a.node_id = n.id AND a.state = ANY(%s)
                        AND a.day > l.day - %s::int AND a.day <= l.day)
  FROM (SELECT DISTINCT ON (node_id) node_id, day, state, unexplained_pct
          FROM actwin_loss_balance ORDER BY node_id, day DESC) l
 WHERE l.node_id = n.id AND n.id = ANY(%s)
"""

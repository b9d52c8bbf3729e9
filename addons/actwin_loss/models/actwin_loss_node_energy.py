from collections import namedtuple

from odoo import fields, models
from odoo.tools import SQL

from ..const import KILO_FACTOR, PART_OF_ROLE, REACTIVE

Register = namedtuple("Register", "node_id point_id part channel_id factor every_hour")
"""One register of a node. channel_id None: the point has no energy register at all.

factor turns the register's unit into kWh or kvarh and is negative for energy fed back.
every_hour: the register gives interval values, so a missing hour is missing energy.
"""

ACTIVE = {"active_import": 1, "active_export": -1}
REACTIVE_QUANTITIES = {"reactive_inductive": 1, "reactive_capacitive": 1}
COUNTED_KINDS = ("index", "interval", "virtual")


class ActwinLossEnergyMixin(models.AbstractModel):
    """What a node's balance is made from: registers, and their energies by SQL from rollups."""

    _name = "actwin.loss.energy.mixin"
    _description = "Energies of a balance node"

    def _registers(self):
        """Registers of every point of these nodes, as a list of :class:`Register`."""
        registers = []
        for node in self:
            main = node.point_id
            registers += node._point_registers(main, "main", ACTIVE)
            registers += [
                each
                for each in node._point_registers(main, REACTIVE, REACTIVE_QUANTITIES)
                if each.channel_id
            ]
            for point in node.child_point_ids:
                registers += node._point_registers(point, PART_OF_ROLE[point.role], ACTIVE)
        return registers

    def _point_registers(self, point, part, signs):
        """Registers of one point; a generator that has an export register gives only that."""
        self.ensure_one()
        if part == "generator":
            fed = self._total_channels(point, "active_export")
            signs = {"active_export": 1} if fed else {"active_import": 1}
        found = [
            Register(
                self.id,
                point.id,
                part,
                channel.id,
                f"{'-' if sign < 0 else ''}{KILO_FACTOR[channel.unit]}",
                channel.kind == "interval",
            )
            for quantity, sign in signs.items()
            for channel in self._total_channels(point, quantity)
        ]
        return found or [Register(self.id, point.id, part, None, "1", False)]

    def _total_channels(self, point, quantity):
        """The channels that add up to the whole quantity, each kWh counted once.

        A point often offers the same energy several times: as a total, by band and by phase,
        as an index and as a load profile. The total index is best, then the total of the
        profile, then the bands together.
        """
        channels = point.channel_ids.filtered(
            lambda c: c.active
            and c.quantity == quantity
            and c.kind in COUNTED_KINDS
            and c.unit in KILO_FACTOR
        )
        totals = channels.filtered(lambda c: not c.band)
        if totals:
            return totals.sorted(lambda c: (c.kind, c.obis or "", c.id))[:1]
        return channels.filtered(lambda c: c.kind == channels[:1].kind)

    def _stale_days(self, registers, fingerprints, date_from=None, date_to=None):
        """Days whose stored balance differs from what its inputs now are.

        fingerprints: {node_id: str} of all that is not a rollup (nameplate, tree, registers).
        Returns [(node_id, day, signature)], oldest first. The current site-local day is left
        out: it is not over. The day before counts as an input too, because an index register
        needs the value at midnight.
        """
        known = [each for each in registers if each.channel_id]
        if not known:
            return []
        today = {node.id: self._today(node.site_id) for node in self}
        return self.env.execute_query(
            SQL(
                STALE,
                [each.node_id for each in known],
                [each.channel_id for each in known],
                list(today),
                [fields.Date.to_string(day) for day in today.values()],
                [fingerprints[node_id] for node_id in today],
                date_from or "1900-01-01",
                date_to or "9999-01-01",
            )
        )

    def _today(self, site):
        return fields.Date.context_today(self.with_context(tz=site.tz))

    def _metered_days(self, registers, days):
        """[(node_id, day, point_id, part, kWh as text or None, complete, hours of the day)].

        complete is False when a register has no consumption that day, a fault, or no value
        in the hour that closes it (for an index also the hour before it opens).
        """
        rows = [each for each in registers if each.part != REACTIVE]
        return self.env.execute_query(SQL(DAYS, *self._query_arguments(rows, days)))

    def _main_hours(self, registers, days):
        """[(node_id, day, kWh as text, kvarh as text or None, hours since the value before)]."""
        rows = [each for each in registers if each.part in ("main", REACTIVE) and each.channel_id]
        if not rows:
            return []
        return self.env.execute_query(SQL(HOURS, *self._query_arguments(rows, days)))

    def _query_arguments(self, registers, days):
        zones = {node.id: node.site_id.tz for node in self}
        return (
            [each.node_id for each in registers],
            [each.point_id for each in registers],
            [each.part for each in registers],
            [each.channel_id for each in registers],
            [each.factor for each in registers],
            [each.every_hour for each in registers],
            [zones[each.node_id] for each in registers],
            [node_id for node_id, _day in days],
            [fields.Date.to_string(day) for _node_id, day in days],
        )


STALE = """
WITH register AS (
    SELECT * FROM unnest(%s::int[], %s::int[]) AS r(node_id, channel_id)
), node AS (
    SELECT * FROM unnest(%s::int[], %s::date[], %s::text[]) AS n(node_id, today, fingerprint)
), span AS (
    SELECT n.node_id, n.fingerprint,
           GREATEST(min(c.day), %s::date) AS first,
           LEAST(max(c.day), n.today - 1, %s::date) AS last
      FROM node n JOIN register r USING (node_id)
      JOIN actwin_consumption_day c ON c.channel_id = r.channel_id
     GROUP BY n.node_id, n.fingerprint, n.today
), candidate AS (
    SELECT s.node_id, s.fingerprint, d::date AS day
      FROM span s, generate_series(s.first, s.last, interval '1 day') AS d
), signed AS (
    SELECT w.node_id, w.day,
           md5(w.fingerprint || COALESCE(string_agg(
               ROW(c.channel_id, c.day, c.consumption, c.value_min, c.value_max, c.count,
                   c.quality, c.rollovers, c.faults, c.index_first, c.index_last)::text,
               ';' ORDER BY c.channel_id, c.day) FILTER (WHERE c.channel_id IS NOT NULL), ''))
           AS signature
      FROM candidate w JOIN register r USING (node_id)
      LEFT JOIN actwin_consumption_day c
             ON c.channel_id = r.channel_id AND c.day IN (w.day, w.day - 1)
     GROUP BY w.node_id, w.day, w.fingerprint
)
SELECT s.node_id, s.day, s.signature
  FROM signed s LEFT JOIN actwin_loss_balance b USING (node_id, day)
 WHERE b.signature IS DISTINCT FROM s.signature
 ORDER BY s.day, s.node_id
"""

WANTED = """
WITH register AS (
    SELECT * FROM unnest(%s::int[], %s::int[], %s::text[], %s::int[], %s::numeric[], %s::bool[],
                         %s::text[])
           AS r(node_id, point_id, part, channel_id, factor, every_hour, tz)
), wanted AS (
    SELECT * FROM unnest(%s::int[], %s::date[]) AS w(node_id, day)
), hour AS (
    SELECT c.channel_id, z.tz, c.hour, c.consumption,
           (c.hour AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS day,
           ((c.hour + interval '1 hour') AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS end_day
      FROM (SELECT DISTINCT channel_id, tz FROM register) z
      JOIN actwin_consumption_hour c ON c.channel_id = z.channel_id AND c.count > 0
     WHERE c.hour >= (SELECT min(day) - 2 FROM wanted)
       AND c.hour < (SELECT max(day) + 2 FROM wanted)
)
"""

DAYS = WANTED + """
, mark AS (
    SELECT channel_id, day, count(*) AS hours, bool_or(end_day > day) AS closed
      FROM hour GROUP BY channel_id, day
), length AS (
    SELECT DISTINCT tz, day, EXTRACT(epoch FROM (day + 1)::timestamp AT TIME ZONE tz
                                              - day::timestamp AT TIME ZONE tz) / 3600 AS hours
      FROM wanted JOIN register USING (node_id)
)
SELECT w.node_id, w.day, r.point_id, r.part,
       SUM(c.consumption * r.factor)::text,
       bool_and(COALESCE(c.consumption IS NOT NULL AND c.faults = 0 AND m.closed AND CASE
           WHEN r.every_hour THEN m.hours >= l.hours ELSE p.closed END, FALSE)),
       max(l.hours)::text
  FROM wanted w
  JOIN register r USING (node_id)
  JOIN length l ON l.tz = r.tz AND l.day = w.day
  LEFT JOIN actwin_consumption_day c ON c.channel_id = r.channel_id AND c.day = w.day
  LEFT JOIN mark m ON m.channel_id = r.channel_id AND m.day = w.day
  LEFT JOIN mark p ON p.channel_id = r.channel_id AND p.day = w.day - 1
 GROUP BY w.node_id, w.day, r.point_id, r.part
 ORDER BY w.day, w.node_id, r.point_id
"""

HOURS = WANTED + """
, summed AS (
    SELECT r.node_id, h.hour, h.day,
           SUM(h.consumption * r.factor) FILTER (WHERE r.part = 'main') AS active,
           SUM(h.consumption * r.factor) FILTER (WHERE r.part = 'reactive') AS reactive
      FROM hour h JOIN register r ON r.channel_id = h.channel_id AND r.tz = h.tz
     GROUP BY r.node_id, h.hour, h.day
), spaced AS (
    SELECT *, COALESCE(EXTRACT(epoch FROM hour - lag(hour) OVER (
                  PARTITION BY node_id ORDER BY hour)) / 3600, 1) AS hours
      FROM summed WHERE active IS NOT NULL
)
SELECT s.node_id, s.day, s.active::text, s.reactive::text, s.hours::text
  FROM spaced s JOIN wanted w ON w.node_id = s.node_id AND w.day = s.day
 ORDER BY s.node_id, s.hour
"""

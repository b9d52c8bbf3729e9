from datetime import timedelta
from decimal import Decimal

from odoo import models

from ...tools.decimals import to_decimal
from ..readings.rollup_sql import NO_JIT
from ..readings.span_sql import BETWEEN, ROLLED

_REACH = timedelta(hours=24)
"""How far before a boundary its reading may lie."""


class ActwinChannel(models.Model):
    """What billing, losses and the portal read: exact figures, Decimals straight from SQL."""

    _inherit = "actwin.channel"

    def _consumption_between(self, start_utc, end_utc):
        """Consumption of ``(start_utc, end_utc]``: what the readings themselves add up to.

        Whole months and days come from the rollups, unless a mark says that these are out of
        date; only the rest is computed anew, so that a month of 1,000 channels is cheap.

        :param start_utc, end_utc: UTC datetimes without zone
        :return: ``{channel_id: {'consumption': Decimal | None, 'first_index', 'first_ts',
            'last_index', 'last_ts', 'count', 'estimated': Decimal share of usable readings,
            'suspect', 'faults', 'rollovers', 'segments': [{'meter_serial', 'first_index',
            'last_index', 'multiplier', 'consumption'}…]}}``. The index at a boundary is the last
            usable one at or before it; ``consumption`` and that index are None when there is
            none within 24 hours. For interval channels there is no index and the sum stands.
        """
        if not self:
            return {}
        self.env.flush_all()
        figures = self._figures_by(ROLLED, self.ids, start_utc, end_utc)
        rest = [id_ for id_ in self.ids if id_ not in figures]
        return figures | self._figures_by(BETWEEN, rest, start_utc, end_utc)

    def _figures_by(self, statement, channel_ids, start, end):
        """Figures of the channels among ``channel_ids`` that ``statement`` answers for."""
        if not channel_ids:
            return {}
        parameters = {"channels": list(channel_ids), "start": start, "end": end}
        self.env.cr.execute(NO_JIT)
        self.env.cr.execute(statement, parameters)
        return {row[0]: _figures(row, start, end) for row in self.env.cr.fetchall()}

    def _day_series(self, date_from, date_to):
        """``{channel_id: [(date, Decimal, quality)…]}`` of the site's days, both ends included."""
        self.env.cr.execute(
            """
            SELECT channel_id, day, consumption::text, quality::int FROM actwin_consumption_day
             WHERE channel_id = ANY(%s) AND day BETWEEN %s AND %s AND consumption IS NOT NULL
             ORDER BY channel_id, day
            """,
            [self.ids, date_from, date_to],
        )
        series = {channel.id: [] for channel in self}
        for channel_id, day, text, quality in self.env.cr.fetchall():
            series[channel_id].append((day, Decimal(text), quality))
        return series

    def _hour_series(self, start_utc, end_utc):
        """``{channel_id: [(start of the hour UTC, Decimal)…]}`` of hours in [start, end)."""
        self.env.cr.execute(
            """
            SELECT channel_id, hour, consumption::text FROM actwin_consumption_hour
             WHERE channel_id = ANY(%s) AND hour >= %s AND hour < %s AND consumption IS NOT NULL
             ORDER BY channel_id, hour
            """,
            [self.ids, start_utc, end_utc],
        )
        series = {channel.id: [] for channel in self}
        for channel_id, hour, text in self.env.cr.fetchall():
            series[channel_id].append((hour, Decimal(text)))
        return series

    def _readings_around(self, moment, held=False):
        """``{channel_id: (ts, Decimal, ts, Decimal)}``: the last usable reading at or before a UTC
        moment and the first one after it that is not rejected; None for what there is not.

        :param held: also take a reading before it that validation holds back
        """
        self.env.cr.execute(
            """
            SELECT c.id, b.ts, b.value::text, a.ts, a.value::text
              FROM unnest(%(channels)s) AS c (id)
              LEFT JOIN LATERAL (
                 SELECT ts, value FROM actwin_reading
                  WHERE channel_id = c.id AND ts <= %(moment)s
                    AND (quality IN (0, 2, 3) OR %(held)s AND quality = 1)
                  ORDER BY ts DESC LIMIT 1) b ON true
              LEFT JOIN LATERAL (
                 SELECT ts, value FROM actwin_reading
                  WHERE channel_id = c.id AND ts > %(moment)s AND quality <> 4
                  ORDER BY ts LIMIT 1) a ON true
            """,
            {"channels": self.ids, "moment": moment, "held": held},
        )
        return {
            channel: (since, to_decimal(before), until, to_decimal(after))
            for channel, since, before, until, after in self.env.cr.fetchall()
        }

    def _last_fall(self, days=400):
        """UTC moment of the reading before the register's last fall that no meter change explains,
        within ``days``; None when it did not fall.
        """
        self.ensure_one()
        self.env.cr.execute(
            """
            WITH neighbours AS (
                SELECT ts, value, lead(ts) OVER w AS until, lead(value) OVER w AS after
                  FROM actwin_reading
                 WHERE channel_id = %(channel)s AND quality <> 4
                   AND ts > now() at time zone 'utc' - make_interval(days => %(days)s)
                WINDOW w AS (ORDER BY ts)
            )
            SELECT ts FROM neighbours n
             WHERE after < value AND NOT EXISTS (
                   SELECT FROM actwin_meter_installation i
                    WHERE i.point_id = %(point)s AND i.date_from >= n.ts AND i.date_from <= n.until)
             ORDER BY ts DESC LIMIT 1
            """,
            {"channel": self.id, "days": days, "point": self.point_id.id},
        )
        row = self.env.cr.fetchone()
        return row and row[0]


def _figures(row, start, end):
    (
        _channel, kind, consumption, first_index, first_ts, last_index, last_ts,
        count, estimated, suspect, faults, rollovers, segments,
    ) = row  # fmt: skip
    has_first = first_ts is not None and first_ts >= start - _REACH
    has_last = last_ts is not None and last_ts >= end - _REACH
    if kind == "index":
        known = has_first and has_last
        total = Decimal(consumption or 0) if known else None
    else:
        total = to_decimal(consumption)
    return {
        "consumption": total,
        "first_index": to_decimal(first_index) if kind == "index" and has_first else None,
        "first_ts": first_ts if kind == "index" and has_first else None,
        "last_index": to_decimal(last_index) if kind == "index" and has_last else None,
        "last_ts": last_ts if has_last else None,
        "count": count,
        "estimated": Decimal(estimated) / count if count else Decimal(0),
        "suspect": suspect,
        "faults": int(faults),
        "rollovers": int(rollovers),
        "segments": [_segment(*item) for item in segments or []],
    }


def _segment(serial, first_index, last_index, multiplier, consumption):
    return {
        "meter_serial": serial or "",
        "first_index": to_decimal(first_index),
        "last_index": to_decimal(last_index),
        "multiplier": to_decimal(multiplier) or Decimal(1),
        "consumption": Decimal(consumption),
    }

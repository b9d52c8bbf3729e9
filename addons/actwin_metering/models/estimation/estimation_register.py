import json
from collections import defaultdict
from decimal import Decimal

from odoo import models

from ...core.vee.estimate import Estimate, Shape, settle, spread
from ...tools.decimals import array_literal, plain
from . import register_sql, store_sql
from .gap import seconds

_DECIMALS = 3


class ActwinEstimation(models.AbstractModel):
    """Interval profiles beside a register: their estimates add up to what the register moved."""

    _inherit = "actwin.estimation"

    def _settle_intervals(self, shapes):
        """[(gap, Estimate)] of gaps of interval channels.

        Gaps between the same two readings of the register share what it says is missing.
        """
        settled, together = [], defaultdict(list)
        windows = self._windows([(gap.channel_id, gap.since, gap.moments[-1]) for gap in shapes])
        for gap, window in zip(shapes, windows, strict=True):
            if window:
                together[gap.channel_id, window].append(gap)
            else:
                settled.append((gap, settle(shapes[gap], None, _DECIMALS)))
        for (_channel, window), gaps in together.items():
            settled += _share(gaps, [shapes[gap] for gap in gaps], window)
        return settled

    def _windows(self, stretches):
        """[(since, till, total, intervals) or None] of the register around (channel id, since,
        till)…: what is missing between its nearest readings, and how many intervals that is.
        """
        asked = [
            {"n": number, "channel_id": channel, "since": str(since), "till": str(till)}
            for number, (channel, since, till) in enumerate(stretches)
        ]
        found = [None] * len(asked)
        if asked:
            self.env.cr.execute(register_sql.WINDOWS, {"asked": json.dumps(asked)})
            for number, since, till, total, intervals in self.env.cr.fetchall():
                if Decimal(total) >= 0:
                    found[number] = (since, till, Decimal(total), intervals)
        return found

    def _rescale(self, channels):
        """Scale estimates of intervals to registers that were read only after them.

        :param channels: array literal of the channels that were just rolled up
        :return: number of readings that changed
        """
        self.env.cr.execute(register_sql.UNCONFIRMED, [channels])
        rows = self.env.cr.fetchall()
        windows = self._windows([row[1:] for row in rows])
        stretches = {(row[1], *window) for row, window in zip(rows, windows, strict=True) if window}
        scaled = []
        for channel, since, till, total, intervals in sorted(stretches):
            self.env.cr.execute(register_sql.ESTIMATED, [channel, since, till])
            readings = self.env.cr.fetchall()
            values = [Decimal(value) for _channel, _ts, value in readings]
            if len(values) == intervals and (sum(values) or not total):
                parts = spread(total, values, _DECIMALS) if total else [Decimal(0)] * len(values)
                scaled += [row[:2] + (part,) for row, part in zip(readings, parts, strict=True)]
        return self._put_scaled(scaled)

    def _put_scaled(self, rows):
        if not rows:
            return 0
        self.env.cr.execute(
            store_sql.RESCALE,
            {
                "channel": array_literal(row[0] for row in rows),
                "ts": array_literal(seconds(row[1]) for row in rows),
                "value": array_literal(plain(row[2]) for row in rows),
                "now": self.env.cr.now(),
            },
        )
        return self._mark(self.env.cr.fetchall())


def _share(gaps, shapes, window):
    """[(gap, Estimate)] of gaps between two readings of the register: exact, if they are all."""
    _since, _till, total, intervals = window
    if sum(len(gap.moments) for gap in gaps) != intervals:
        return [(gap, settle(shape, None)) for gap, shape in zip(gaps, shapes, strict=True)]
    parts = tuple(part for shape in shapes for part in shape.parts)
    # an amount and a mere proportion do not go together: then it is the register's mean all over
    if len({shape.level for shape in shapes}) > 1:
        parts = (Decimal(1),) * len(parts)
    whole = settle(Shape(parts, ""), total, _DECIMALS)
    if whole is None:
        return []
    settled, at = [], 0
    for gap, shape in zip(gaps, shapes, strict=True):
        upto = at + len(gap.moments)
        estimate = Estimate(whole.parts[at:upto], shape.method, True, shape.sources)
        settled.append((gap, estimate))
        at = upto
    return settled

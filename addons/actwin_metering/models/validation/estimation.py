import json
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from odoo import api, models

from ...core.vee.estimate import estimate
from ...tools.decimals import array_literal, plain, to_decimal
from . import estimation_sql

_EPOCH = datetime(1970, 1, 1)


class ActwinEstimation(models.AbstractModel):
    """Readings for intervals that were missed, once the register shows what they amount to.

    Invariant: over a gap the estimates add up to the difference of the readings around it, to the
    last decimal; only the shape is estimated. A real reading that arrives later takes its place
    back, and the rest of the gap is estimated anew.
    """

    _name = "actwin.estimation"
    _description = "Estimation of Readings"

    @api.model
    def _fill_gaps(self, parameters):
        """Estimate what is missing in a chunk of channel days; returns how many readings."""
        self.env.cr.execute(estimation_sql.GAPS, parameters)
        gaps = [_Gap(*row) for row in self.env.cr.fetchall()]
        gaps = [gap for gap in gaps if gap.slots and gap.moved is not None]
        if not gaps:
            return 0
        shapes = self._shapes(gaps)
        rows = defaultdict(list)
        for number, gap in enumerate(gaps):
            found = estimate(
                len(gap.slots) + 1,
                gap.moved,
                gap.shape(shapes[number]),
                gap.linear_minutes // gap.minutes,
                gap.decimals,
            )
            rows[found.method] += gap.readings(found.parts)
        return sum(self._store(method, found) for method, found in rows.items())

    def _shapes(self, gaps):
        """[{hour: mean consumption of like days or None}] of the gaps."""
        asked = [
            {
                "n": number,
                "channel_id": gap.channel_id,
                "since": str(gap.since),
                "till": str(gap.till),
                "like_days": gap.like_days,
                "tz": gap.tz,
            }
            for number, gap in enumerate(gaps)
            if len(gap.slots) + 1 > gap.linear_minutes // gap.minutes
        ]
        shapes = [{} for _gap in gaps]
        if asked:
            self.env.cr.execute(estimation_sql.SHAPE, [json.dumps(asked)])
            for number, hour, mean in self.env.cr.fetchall():
                shapes[number][hour] = to_decimal(mean)
        return shapes

    def _store(self, method, rows):
        """Put estimates where nothing valid stands: (channel, moment, value)…"""
        self.env["actwin.reading.store"]._ensure_months({ts for _channel, ts, _value in rows})
        epochs = [int((ts - _EPOCH).total_seconds()) for _channel, ts, _value in rows]
        self.env.cr.execute(
            estimation_sql.STORE,
            {
                "channel": array_literal(row[0] for row in rows),
                "ts": array_literal(epochs),
                "value": array_literal(plain(row[2]) for row in rows),
                "now": self.env.cr.now(),
                "method": method,
            },
        )
        return self._mark(self.env.cr.fetchall())

    @api.model
    def _withdraw(self, channel_ids, moments):
        """Take back the estimates around moments at which a real value now stands, pairwise."""
        self.env.cr.execute(
            estimation_sql.WITHDRAW, {"channel": list(channel_ids), "ts": list(moments)}
        )
        return self._mark(self.env.cr.fetchall())

    def _mark(self, rows):
        moments = defaultdict(list)
        for channel, ts in rows:
            moments[channel].append(ts)
        for channel, stamps in moments.items():
            self.env["actwin.rollup"]._mark_moments(channel, stamps)
        if rows:
            self.env["actwin.reading.version"].invalidate_model()
        return len(rows)


class _Gap:
    """Two readings of one meter and the moments between them at which others should stand."""

    def __init__(self, channel, minutes, tz, like_days, linear_minutes, since, till, before, after,
                 digits):  # fmt: skip
        self.channel_id, self.minutes, self.tz = channel, minutes, tz
        self.like_days, self.linear_minutes = like_days, linear_minutes
        self.since, self.till = since, till
        self.before, self.after = Decimal(before), Decimal(after)
        self.modulus = Decimal(10) ** digits if digits else None
        self.slots = self._slots()

    def _slots(self):
        """Moments of the grid strictly between the two readings."""
        step = timedelta(minutes=self.minutes)
        first = self.since - (self.since - _EPOCH) % step + step
        count = -((first - self.till) // step)
        return [moment for moment in (first + step * n for n in range(count)) if moment < self.till]

    @property
    def moved(self):
        """What the register moved, None when it fell without a roll-over."""
        moved = self.after - self.before
        if moved >= 0:
            return moved
        return None if self.modulus is None else moved + self.modulus

    @property
    def decimals(self):
        return max(3, -self.before.as_tuple().exponent, -self.after.as_tuple().exponent)

    def shape(self, hours):
        """Mean consumption of each slot on like days, None when an hour has none."""
        ends = [*self.slots, self.till]
        starts = [self.since, *self.slots]
        shape = []
        for start, end in zip(starts, ends, strict=True):
            hour = (end - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0)
            mean = hours.get(hour)
            if mean is None:
                return None
            shape.append(max(mean, Decimal(0)) * int((end - start).total_seconds()) / 3600)
        return shape

    def readings(self, parts):
        """(channel, moment, index) of the missing readings."""
        value, rows = self.before, []
        for moment, part in zip(self.slots, parts, strict=False):
            value += part
            if self.modulus is not None and value >= self.modulus:
                value -= self.modulus
            rows.append((self.channel_id, moment, value))
        return rows

import json
from collections import defaultdict

from odoo import api, models

from ...core.vee.estimate import settle
from ...tools.decimals import array_literal, plain
from . import gaps_sql, store_sql
from .gap import Gap, seconds


class ActwinEstimation(models.AbstractModel):
    """Readings for intervals that were missed.

    Each gap goes down its group's ladder of methods; the first one that can tell gives the course
    of the gap. Invariant: where the register shows what a gap amounts to, the estimates add up to
    it to the last decimal. A real reading that arrives later takes its place back, and the rest
    of the gap is estimated anew.
    """

    _name = "actwin.estimation"
    _description = "Estimation of Readings"

    @api.model
    def _fill_gaps(self, parameters):
        """Estimate what is missing in a chunk of channel days; returns how many readings."""
        self.env.cr.execute(gaps_sql.GAPS, parameters)
        gaps = [Gap(*row) for row in self.env.cr.fetchall()]
        stored = self._estimate([gap for gap in gaps if gap.possible])
        return stored + self._rescale(parameters["channels"])

    @api.model
    def _estimate(self, gaps):
        """Estimate gaps and store the outcome; returns how many readings."""
        if not gaps:
            return 0
        return self._store(self._settle(self._shapes(gaps)))

    def _shapes(self, gaps):
        """{gap: ``core.vee.estimate.Shape``} of those some method on their ladder can tell."""
        groups = self.env["actwin.validation.group"].browse({gap.group_id for gap in gaps})
        ladders = {group.id: group._ladder() for group in groups}
        methods, found = self._methods(), {}
        for rung in range(max(map(len, ladders.values()), default=0)):
            asked = defaultdict(list)
            for gap in gaps:
                if gap not in found and rung < len(ladders[gap.group_id]):
                    asked[ladders[gap.group_id][rung]].append(gap)
            for name, some in asked.items():
                found |= methods[name](some)
        return found

    @api.model
    def _methods(self):
        """{method: function of gaps that gives {gap: Shape} of those it can tell}"""
        return {}

    def _settle(self, shapes):
        """[(gap, Estimate)]: scaled to the register, of one channel's gaps together if need be."""
        settled = [
            (gap, settle(shape, gap.total, gap.decimals))
            for gap, shape in shapes.items()
            if gap.kind == "index"
        ]
        intervals = {gap: shape for gap, shape in shapes.items() if gap.kind == "interval"}
        settled += self._settle_intervals(intervals)
        return [(gap, estimate) for gap, estimate in settled if estimate]

    def _store(self, settled):
        """Put estimates where nothing valid stands."""
        if not settled:
            return 0
        rows, facts = [], []
        for number, (gap, estimate) in enumerate(settled):
            readings = gap.readings(estimate.parts)
            rows += [(gap.channel_id, ts, value, number) for ts, value in readings]
            facts.append(_facts(number, gap, estimate, len(readings)))
        self.env["actwin.reading.store"]._ensure_months({row[1] for row in rows})
        self.env.cr.execute(
            store_sql.STORE,
            {
                "channel": array_literal(row[0] for row in rows),
                "ts": array_literal(seconds(row[1]) for row in rows),
                "value": array_literal(plain(row[2]) for row in rows),
                "estimate": array_literal(row[3] for row in rows),
                "estimates": json.dumps(facts),
                "now": self.env.cr.now(),
            },
        )
        return self._mark(self.env.cr.fetchall())

    @api.model
    def _withdraw(self, channel_ids, moments):
        """Take back the estimates around moments at which a real value now stands, pairwise."""
        self.env.cr.execute(store_sql.WITHDRAW, {"channel": list(channel_ids), "ts": list(moments)})
        return self._mark(self.env.cr.fetchall())

    def _mark(self, rows):
        moments = defaultdict(list)
        for channel, ts in rows:
            moments[channel].append(ts)
        for channel, stamps in moments.items():
            self.env["actwin.rollup"]._mark_moments(channel, stamps)
        if rows:
            self.env["actwin.reading.version"].invalidate_model()
            self.env["actwin.estimate"].invalidate_model()
        return len(rows)


def _facts(number, gap, estimate, readings):
    return {
        "n": number,
        "channel_id": gap.channel_id,
        "ts": str(gap.since),
        "ts_end": str(gap.till if gap.kind == "index" else gap.moments[-1]),
        "method": estimate.method,
        "sources": ", ".join(estimate.sources),
        "readings": readings,
        "consumption": plain(sum(estimate.parts) * gap.multiplier),
        "exact": estimate.exact,
        "beyond": gap.beyond,
    }

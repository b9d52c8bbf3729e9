"""A gap as the statements give it, and its moments in the epoch seconds of the core."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ...tools.decimals import to_decimal

_EPOCH = datetime(1970, 1, 1)


def seconds(moment):
    return int((moment - _EPOCH).total_seconds())


class Gap:
    """Two readings of one meter and the moments between them at which others should stand.

    ``opens`` and ``closes`` tell whether a reading stands at either end; without one it is a
    change of the meter, or (``beyond``) the present.
    """

    def __init__(self, channel, kind, group, tz, minutes, since, till, before, after, opens, closes,
                 prior_ts, prior, next_ts, following, digits, multiplier,
                 beyond=False):  # fmt: skip
        self.channel_id, self.kind, self.group_id, self.tz = channel, kind, group, tz
        self.step, self.since, self.till = timedelta(minutes=minutes), since, till
        self.before, self.after = to_decimal(before), to_decimal(after)
        self.opens, self.closes, self.beyond = opens, closes, beyond
        self.prior = (prior_ts, to_decimal(prior))
        self.following = (next_ts, to_decimal(following))
        self.modulus = Decimal(10) ** digits if digits else None
        self.multiplier = Decimal(multiplier)
        self.moments = self._moments()
        self.spans = self._spans() if self.moments else []

    def _moments(self):
        """Moments of the grid in the gap, counted from the site's midnight."""
        zone = ZoneInfo(self.tz)
        local = self.since.replace(tzinfo=UTC).astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        base = midnight.astimezone(UTC).replace(tzinfo=None)
        moment, found = base + ((self.since - base) // self.step + 1) * self.step, []
        while moment < self.till or moment == self.till and not self.closes:
            found.append(moment)
            moment += self.step
        return found

    def _spans(self):
        """The intervals to estimate: those that end at the moments, and what an index moved after
        the last of them.
        """
        ends = [seconds(moment) for moment in self.moments]
        if self.kind == "interval":
            step, since = int(self.step.total_seconds()), seconds(self.since)
            return [(max(end - step, since), end) for end in ends]
        if self.moments[-1] != self.till:
            ends.append(seconds(self.till))
        return list(zip([seconds(self.since), *ends], ends, strict=False))

    @property
    def seconds(self):
        return sum(end - start for start, end in self.spans)

    @property
    def total(self):
        """What an index moved; None when it is not known or fell without a roll-over."""
        if self.kind != "index" or self.beyond:
            return None
        return self._moved(self.before, self.after)

    @property
    def possible(self):
        """Whether there is anything to estimate, and nothing that forbids it."""
        return bool(self.moments) and (
            self.kind == "interval" or self.beyond or self.total is not None
        )

    def _moved(self, before, after):
        moved = after - before
        if moved >= 0:
            return moved
        return None if self.modulus is None else moved + self.modulus

    @property
    def rates(self):
        """Consumption a second just before and just after the gap, in the register's unit."""
        if self.kind == "interval":
            step = int(self.step.total_seconds())
            return (
                self.before / step if self.opens and self.before is not None else None,
                self.after / step if self.closes and self.after is not None else None,
            )
        return (
            self._rate(*self.prior, self.since, self.before),
            self._rate(self.till, self.after, *self.following),
        )

    def _rate(self, since, before, till, after):
        if None in (since, before, till, after):
            return None
        moved = self._moved(before, after)
        return None if moved is None else moved / int((till - since).total_seconds())

    @property
    def decimals(self):
        known = [value for value in (self.before, self.after) if value is not None]
        return max([3, *(-value.as_tuple().exponent for value in known)])

    def readings(self, parts):
        """(moment, value) of the missing readings."""
        if self.kind == "interval":
            return list(zip(self.moments, parts, strict=True))
        value, rows = self.before, []
        for moment, part in zip(self.moments, parts, strict=False):
            value += part
            if self.modulus is not None and value >= self.modulus:
                value -= self.modulus
            rows.append((moment, value))
        return rows

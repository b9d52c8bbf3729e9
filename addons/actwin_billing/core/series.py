"""A row of values of equal length in time: a load profile or hourly prices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .money import ZERO


@dataclass(frozen=True, slots=True)
class Series:
    """``values[i]`` belongs to [start + i × minutes, start + (i + 1) × minutes); None: unknown."""

    start: datetime
    minutes: int
    values: tuple[Decimal | None, ...]

    @property
    def end(self):
        return self.start + timedelta(minutes=self.minutes * len(self.values))

    def index(self, when):
        """Number of the interval that begins at ``when`` (it may lie outside, or be negative)."""
        return int((when - self.start).total_seconds() // 60) // self.minutes

    def covers(self, start, end):
        return self.start <= start and end <= self.end

    def window(self, start, end):
        """The series cut to the intervals that begin in [start, end)."""
        first, last = max(0, -(-self._offset(start) // self.minutes)), self._offset(end)
        stop = max(first, -(-last // self.minutes))
        return Series(
            self.start + timedelta(minutes=first * self.minutes), self.minutes,
            self.values[first:stop],
        )

    def _offset(self, when):
        return int((when - self.start).total_seconds() // 60)

    def total(self):
        """Σ of the values; None when one is unknown."""
        return None if None in self.values else sum(self.values, ZERO)

    def hourly(self):
        """The series in whole hours (it must begin on one); shorter intervals are added up."""
        size = 60 // self.minutes
        if size <= 1:
            return self
        groups = (self.values[at : at + size] for at in range(0, len(self.values), size))
        return Series(
            self.start, 60, tuple(None if None in group else sum(group, ZERO) for group in groups)
        )

"""Which time-of-use band an instant belongs to: seasons, kinds of day, clock times.

Times are local times of the calendar's zone, so a day is as long as its clock makes it.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from .money import ZERO

DAY_KINDS = ("workday", "saturday", "sunday", "holiday")


@dataclass(frozen=True, slots=True)
class Season:
    """Bands from a day of the year on: {kind of day: ((from, band), …)}; each list begins at 0:00.

    A kind without a list takes that of Sundays (holidays) or of workdays (the others).
    """

    key: str
    month: int
    day: int
    days: dict[str, tuple[tuple[time, str], ...]]

    def bands(self, kind):
        fallback = "sunday" if kind == "holiday" and "sunday" in self.days else "workday"
        return self.days.get(kind) or self.days[fallback]


@dataclass(frozen=True)
class Calendar:
    """Seasons in the order of the year; the last one runs on over the turn of the year."""

    zone: str
    seasons: tuple[Season, ...]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def season_of(self, day):
        begun = [item for item in self.seasons if (item.month, item.day) <= (day.month, day.day)]
        return (begun or self.seasons)[-1]

    def kind_of(self, day):
        if day in self.holidays:
            return "holiday"
        return {5: "saturday", 6: "sunday"}.get(day.weekday(), "workday")

    def bands_of(self, day):
        """((from, band), …) of a local day."""
        return self.season_of(day).bands(self.kind_of(day))

    def names(self):
        """Every band the calendar knows, in the order of first use."""
        return tuple(dict.fromkeys(
            band for season in self.seasons for rows in season.days.values() for _at, band in rows
        ))

    def sums(self, series):
        """{band: Σ of the intervals of a series}; None where an interval is unknown.

        An interval belongs to the band of its beginning.
        """
        parts = {name: [] for name in self.names()}
        for band, values in self._slices(series):
            parts[band] += values
        return {
            band: None if None in values else sum(values, ZERO) for band, values in parts.items()
        }

    def _slices(self, series):
        """(band, values) for each stretch of one band, in time order."""
        for (at, band), (following, _band) in pairwise(self._turns(series.start, series.end)):
            values = series.window(at, following).values
            if values:
                yield band, values

    def _turns(self, start, end):
        """[(instant a band begins, band), …, (end, "")] from ``start`` on."""
        zone, turns = _zone(self.zone), []
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            turns += [
                (_instant(day, at, zone), band) for at, band in self.bands_of(day)
            ]
            day += timedelta(days=1)
        before = [band for at, band in turns if at <= start]
        inside = [(at, band) for at, band in turns if start < at < end]
        return [(start, before[-1]), *inside, (end, "")]


@lru_cache
def _zone(key):
    return ZoneInfo(key)


def _instant(day, at, zone):
    return datetime.combine(day, at, zone).astimezone(UTC)

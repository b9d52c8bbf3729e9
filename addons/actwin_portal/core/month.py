"""A calendar month of daily consumption, cut to the days a tenant may see."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

HUNDRED = Decimal(100)

Span = tuple[date, date]
Series = Mapping[date, tuple[Decimal, bool]]
"""Consumption of a day and whether an estimate is in it."""


@dataclass(frozen=True, slots=True)
class Day:
    """value None: nothing was measured, which is not the same as zero."""

    day: date
    value: Decimal | None
    estimated: bool = False
    bands: Mapping[str, Decimal | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Month:
    """Visible days of one month in order; days outside the tenancy are not in it."""

    first: date
    days: tuple[Day, ...]
    bands: tuple[str, ...] = ()

    @property
    def measured(self) -> tuple[Day, ...]:
        return tuple(each for each in self.days if each.value is not None)

    @property
    def total(self) -> Decimal | None:
        return total_of(each.value for each in self.days)

    @property
    def band_totals(self) -> dict[str, Decimal | None]:
        return {band: total_of(each.bands[band] for each in self.days) for band in self.bands}

    @property
    def peak(self) -> Day | None:
        return max(self.measured, key=lambda each: each.value, default=None)

    def mean(self, today: date) -> Decimal | None:
        """Average of the measured days that are over."""
        over = [each.value for each in self.measured if each.day < today]
        return sum(over, Decimal(0)) / len(over) if over else None

    def whole(self, today: date) -> bool:
        """Every day of the month is visible and over."""
        return len(self.days) == _length(self.first) and self.days[-1].day < today

    @property
    def estimated_days(self) -> int:
        return sum(each.estimated for each in self.days)


def total_of(values: Iterable[Decimal | None]) -> Decimal | None:
    """Sum of the values there are; None when there is none."""
    known = [each for each in values if each is not None]
    return sum(known, Decimal(0)) if known else None


def parse_month(text: str | None, default: date) -> date:
    """First day of the month written YYYY-MM, else of ``default``'s month."""
    try:
        year, _, month = (text or "").partition("-")
        return date(int(year), int(month), 1)
    except ValueError:
        return default.replace(day=1)


def shift(first: date, months: int) -> date:
    """First day of the month ``months`` later."""
    years, index = divmod(first.month - 1 + months, 12)
    return date(first.year + years, index + 1, 1)


def visible_days(first: date, spans: Sequence[Span]) -> list[date]:
    """Days of the month that lie in any of the spans, both ends included."""
    days = (first + timedelta(days=offset) for offset in range(_length(first)))
    return [day for day in days if any(start <= day <= end for start, end in spans)]


def build_month(
    first: date, spans: Sequence[Span], total: Series | None, bands: Mapping[str, Series]
) -> Month:
    """Month of the visible days. ``total`` None: the total is the sum of the bands."""
    names = tuple(sorted(bands))
    days = []
    for day in visible_days(first, spans):
        parts = {name: bands[name].get(day, (None, False)) for name in names}
        if total is None:
            value = total_of(each[0] for each in parts.values())
            estimated = any(each[1] for each in parts.values())
        else:
            value, estimated = total.get(day, (None, False))
        values = {name: each[0] for name, each in parts.items()}
        days.append(Day(day, value, estimated, values))
    return Month(first, tuple(days), names)


def change_percent(current: Month, previous: Month, today: date) -> Decimal | None:
    """Change against the month before in percent, None when there is nothing to compare with.

    Like is held against like: the running day is left out, a month that is not over or not
    wholly the tenant's counts against the same days of the month before, and those must all
    have been the tenant's too.
    """
    over = [each for each in current.days if each.day < today]
    if not over:
        return None
    before = {each.day.day: each for each in previous.days}
    length = _length(previous.first)
    if current.whole(today):
        wanted = set(range(1, length + 1))
    else:
        wanted = {each.day.day for each in over if each.day.day <= length}
    if not wanted or not wanted <= before.keys():
        return None
    now = total_of(each.value for each in over)
    then = total_of(before[number].value for number in wanted)
    return None if now is None or not then else HUNDRED * (now - then) / then


def _length(first: date) -> int:
    return monthrange(first.year, first.month)[1]

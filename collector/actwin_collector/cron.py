# SPDX-License-Identifier: MIT
"""Cron texts with five fields in a site's local time, as instants in epoch seconds UTC."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from .model import ConfigError

MONTH_END = "month_end"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# name, lowest, highest, names (the first stands for the lowest)
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
# 29 February may be eight years away (2096 to 2104).
_SEARCH_DAYS = 8 * 366 + 1


@dataclass(frozen=True, slots=True)
class CronPlan:
    """When something is to happen, by the clock on the site's wall.

    A plan for every hour follows the instants, so that no quarter hour is missed or doubled when
    the clock is put forward or back. One for named hours happens once a day: an hour that comes
    twice counts the first time, one that is left out counts as if the clock had not been put
    forward yet.
    """

    text: str
    zone: zoneinfo.ZoneInfo
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def next_after(self, wall: float) -> int:
        """Return the first instant after ``wall``."""
        for day in _days(self._local(wall), 1):
            for instant in _instants(self, day):
                if instant > wall:
                    return instant
        raise ConfigError(f"{self.text!r} never comes")

    def end_of(self, instant: float) -> int:
        """Return the first instant at or after ``instant``: the end of the slot it lies in."""
        for day in _days(self._local(instant), 1):
            for found in _instants(self, day):
                if found >= instant:
                    return found
        raise ConfigError(f"{self.text!r} never comes")

    def last_at(self, wall: float) -> int:
        """Return the last instant at or before ``wall``."""
        for day in _days(self._local(wall), -1):
            for instant in reversed(_instants(self, day)):
                if instant <= wall:
                    return instant
        raise ConfigError(f"{self.text!r} never came")

    def matches(self, day: date) -> bool:
        """Return whether a local day is in the plan (both day fields named: either will do)."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def _local(self, wall: float) -> date:
        # A day early or late at worst, which _days allows for: an instant of a neighbouring
        # local day may lie on this side when its hour was left out.
        return datetime.fromtimestamp(wall, UTC).astimezone(self.zone).date()


def parse_cron(text: str, zone: zoneinfo.ZoneInfo) -> CronPlan:
    """Return the plan of a cron text or ``month_end``; raises ConfigError that says what is wrong.

    ``month_end`` is 00:00 on the first of each month.
    """
    fields = ("0 0 1 * *" if text.strip() == MONTH_END else text.lower()).split()
    if len(fields) != len(_FIELDS):
        raise ConfigError(
            f"{text!r} has {len(fields)} fields, not 5"
            " (minute, hour, day of the month, month, day of the week)"
        )
    sets = [
        _field(part, *bounds) for part, bounds in zip(fields, _FIELDS, strict=True)
    ]
    plan = CronPlan(
        text=text,
        zone=zone,
        minutes=tuple(sorted(sets[0])),
        hours=tuple(sorted(sets[1])),
        days=frozenset(sets[2]),
        months=frozenset(sets[3]),
        weekdays=frozenset(each % 7 for each in sets[4]),
        any_day=fields[2] == "*",
        any_weekday=fields[4] == "*",
    )
    start = date(2096, 3, 1)
    if not any(plan.matches(start + timedelta(days=n)) for n in range(_SEARCH_DAYS)):
        raise ConfigError(f"{text!r} never comes: there is no such day")
    return plan


def parse_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return a time zone by its name; raises ConfigError."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"there is no time zone {name!r} on this machine") from None


def _field(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, last = _span(span, name, low, high, names)
        if slash and (not step.isdecimal() or int(step) < 1):
            raise ConfigError(f"{step!r} is no step of the {name}")
        if slash and first == last and span != "*":
            last = high  # "5/15" is read as "5-59/15"
        found.update(range(first, last + 1, int(step) if slash else 1))
    return found


def _span(span: str, name: str, low: int, high: int, names: tuple[str, ...]) -> tuple[int, int]:
    if span == "*":
        return low, (6 if name == "day of the week" else high)
    first, dash, last = span.partition("-")
    start = _number(first, name, low, high, names)
    end = _number(last, name, low, high, names) if dash else start
    if end < start:
        raise ConfigError(f"{span!r} runs backwards in the {name}")
    return start, end


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{text!r} is no {name} ({low}-{high})")
    return int(text)


def _days(day: date, step: int):
    # From the neighbour behind on: near midnight the local day may be one off.
    for n in range(-1, _SEARCH_DAYS):
        try:
            yield day + timedelta(days=n * step)
        except OverflowError:
            return


@lru_cache(maxsize=512)
def _instants(plan: CronPlan, day: date) -> tuple[int, ...]:
    if not plan.matches(day):
        return ()
    found: set[int] = set()
    for hour in plan.hours:
        for minute in plan.minutes:
            found.update(_of_minute(plan, day, hour, minute))
    return tuple(sorted(found))


def _of_minute(plan: CronPlan, day: date, hour: int, minute: int) -> list[int]:
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=plan.zone)
    first = int(local.timestamp())
    if len(plan.hours) < 24:
        return [first]
    second = int(local.replace(fold=1).timestamp())
    exists = datetime.fromtimestamp(first, plan.zone).replace(tzinfo=None) == local.replace(
        tzinfo=None
    )
    return sorted({first, second}) if exists else []

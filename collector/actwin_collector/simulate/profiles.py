# SPDX-License-Identifier: MIT
"""Shapes of consumption: percent of peak by hour, for workdays, Saturdays and days off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

SLOTS = 96

# (workday, Saturday, Sunday or holiday), percent of peak at the start of each local hour
_HOURS = {
    name: tuple(tuple(map(int, line.split())) for line in text.strip().splitlines())
    for name, text in {
        "workshop": """
            7 6 6 6 6 8 20 62 88 96 100 97 58 91 97 95 88 58 26 14 11 9 8 7
            7 6 6 6 6 7 16 50 70 76 78 72 40 18 12 10 9 9 8 8 8 7 7 7
            6 6 6 6 6 6 7 8 9 9 9 9 9 9 9 9 8 8 8 7 7 7 6 6
        """,
        "two_shift": """
            9 8 8 8 9 14 48 86 95 98 100 98 76 92 96 80 93 96 95 76 92 90 60 22
            9 8 8 8 9 13 42 78 86 89 90 84 62 76 78 50 22 15 12 11 10 10 9 9
            8 8 8 8 8 8 8 9 10 10 11 11 11 11 10 10 10 9 9 9 8 8 8 8
        """,
        "three_shift": """
            88 90 91 90 90 89 88 84 70 92 97 99 90 97 100 98 72 93 96 94 90 93 92 86
            86 88 88 88 87 86 85 82 66 86 90 91 84 89 90 88 64 82 84 82 80 80 78 70
            48 46 46 45 45 45 44 44 45 46 46 47 47 47 47 46 46 46 47 48 50 56 68 80
        """,
        "cold_store": """
            52 50 49 48 48 50 58 70 78 82 86 90 93 97 100 99 94 86 78 72 66 62 58 55
            52 50 49 48 48 49 54 62 68 72 76 80 83 86 88 87 83 76 70 66 62 59 56 54
            50 49 48 47 47 47 48 51 55 59 63 66 69 72 74 73 70 65 61 58 56 54 52 51
        """,
        "water": """
            3 2 2 2 3 6 30 66 82 90 94 100 84 76 80 82 74 52 28 16 12 9 6 4
            3 2 2 2 3 5 24 50 62 66 68 70 48 26 16 12 10 9 8 7 6 5 4 3
            2 2 2 2 2 3 4 6 8 9 9 10 10 9 8 8 7 7 6 5 4 4 3 2
        """,
    }.items()
}
# Lamps burn from the hour of sunset to the hour of sunrise, by month.
_SUNSET = (17, 18, 19, 20, 20, 21, 21, 20, 19, 18, 17, 17)
_SUNRISE = (8, 8, 7, 6, 6, 5, 5, 6, 7, 7, 7, 8)
# permille of the yearly mean at the first of each month
_SEASONS = {
    "workshop": (1060, 1050, 1010, 970, 950, 980, 1040, 1050, 1000, 960, 990, 1040),
    "two_shift": (1020, 1020, 1010, 990, 980, 1000, 1030, 960, 1010, 1000, 1000, 1010),
    "three_shift": (1000, 1000, 1000, 1000, 990, 1000, 1010, 970, 1000, 1010, 1010, 1000),
    "cold_store": (780, 800, 860, 950, 1060, 1190, 1290, 1300, 1180, 1020, 880, 800),
    "water": (880, 890, 930, 980, 1040, 1120, 1180, 1170, 1080, 980, 920, 890),
    "lighting": (1000,) * 12,
}
_HOLIDAYS = frozenset([(1, 1), (4, 23), (5, 1), (5, 19), (7, 15), (8, 30), (10, 29)])

NAMES = frozenset(_SEASONS)


@dataclass(frozen=True, slots=True)
class DayShape:
    """Permille of peak in each of a day's 96 quarter hours, and their sum."""

    slots: tuple[int, ...]
    total: int


def day_shape(profile: str, day: date) -> DayShape:
    """Return how a profile's consumption is spread over a local day."""
    return _shape(profile, day.month if profile == "lighting" else _day_kind(day))


def season(profile: str, day: date) -> int:
    """Return permille of the yearly mean, linear between the firsts of the months."""
    months = _SEASONS[profile]
    here, there = months[day.month - 1], months[day.month % 12]
    return here + (there - here) * (day.day - 1) // 31


@cache
def _shape(profile: str, kind: int) -> DayShape:
    slots = _quarters(_lamps(kind) if profile == "lighting" else _HOURS[profile][kind])
    return DayShape(slots, sum(slots))


def _day_kind(day: date) -> int:
    if day.weekday() == 6 or (day.month, day.day) in _HOLIDAYS:
        return 2
    return 1 if day.weekday() == 5 else 0


def _lamps(month: int) -> tuple[int, ...]:
    on, off = _SUNSET[month - 1], _SUNRISE[month - 1]
    return tuple(100 if hour >= on or hour < off else 4 for hour in range(24))


def _quarters(hours: tuple[int, ...]) -> tuple[int, ...]:
    found = []
    for hour, here in enumerate(hours):
        there = hours[(hour + 1) % 24]
        found += [(here * (4 - quarter) + there * quarter) * 10 // 4 for quarter in range(4)]
    return tuple(found)

"""Days and moments as people write them, and local times as UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from datetime import timezone as fixed

from .faults import CellFault
from .text import fold

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "oca ocak jan january", "sub subat feb february", "mar mart march",
            "nis nisan apr april", "may mayis", "haz haziran jun june", "tem temmuz jul july",
            "agu agustos aug august", "eyl eylul sep september", "eki ekim oct october",
            "kas kasim nov november", "ara aralik dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_DAY_FIRST = re.compile(r"(\d{1,2})[./\- ](\d{1,2}|[^\W\d_]{3,9})[./\- ](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_TIME = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_YEARS = range(1990, 2101)


def parse_date(text):
    """Day of 31.12.2026, 31/12/26, 31 Ara 2026 or 2026-12-31: day before month, as in Turkey."""
    found, rest = _date_and_rest(text)
    if rest and rest not in ("00:00", "00:00:00", "0:00", "0:00:00"):
        raise CellFault("bad_date")
    return found


def parse_moment(text):
    """(local datetime without zone, UTC offset or None) of a day with an optional time."""
    day, rest = _date_and_rest(text)
    moment = datetime(day.year, day.month, day.day)
    if not rest:
        return moment, None
    clock, offset = parse_time(rest)
    return moment + clock, offset


def parse_time(text):
    """(time since midnight, UTC offset or None) of 7:15, 07:15:30, 24:00 or 07:15+03:00."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise CellFault("bad_time")
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    clock = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or clock > timedelta(days=1):
        raise CellFault("bad_time")
    return clock, _offset(found[4])


def to_utc(local, offset, zone):
    """UTC without zone of a local time; refuses an hour the zone skips or has twice."""
    if offset is not None:
        return local - offset
    first, second = (
        local.replace(tzinfo=zone, fold=fold_).astimezone(UTC).replace(tzinfo=None)
        for fold_ in (0, 1)
    )
    if first == second:
        return first
    if first.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise CellFault("skipped_hour")
    raise CellFault("double_hour")


def _date_and_rest(text):
    for pattern, order in ((_YEAR_FIRST, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1))):
        found = pattern.match(text)
        rest = text[found.end() :] if found else ""
        if found and (not rest or rest[0] in "T ,"):
            return _day(*(found[at] for at in order)), rest[1:].strip()
    raise CellFault("bad_date")


def _day(year, month, day):
    year = int(year) + (2000 if len(year) == 2 else 0)
    number = int(month) if month.isdigit() else _MONTHS.get(fold(month), 0)
    if year not in _YEARS:
        raise CellFault("bad_date")
    try:
        return date(year, number, int(day))
    except ValueError:
        raise CellFault("bad_date") from None


def _offset(text):
    if not text:
        return None
    if text.upper() in ("Z", "UTC"):
        return timedelta(0)
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise CellFault("bad_time")
    size = timedelta(hours=hours, minutes=minutes)
    return fixed(size if text[0] == "+" else -size).utcoffset(None)

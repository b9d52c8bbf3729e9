# SPDX-License-Identifier: MIT
"""Dates and times as meters print them, as ISO 8601 texts in the meter's own local time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_STAMP = re.compile(
    r"(?P<year>\d{2}|\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[,& T]"
    r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
)
# An odd number of digits starts with the season: 0 normal time, 1 summer time, 2 UTC.
_PACKED = re.compile(
    r"[0-3]?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)"
    r"(?P<second>\d\d)?[SW]?"
)
_DATE = re.compile(r"(?:(?P<year>\d{2}|\d{4})-(?P<month>\d\d)-(?P<day>\d\d))")
_PACKED_DATE = re.compile(r"[0-3]?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)")
_TIME = re.compile(r"[0-3]?(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d))?")


def parse_stamp(text: str) -> datetime | None:
    """Return the date and time in ``text``; None when there is none (or it is all zeros)."""
    return _build(_STAMP.fullmatch(text) or _PACKED.fullmatch(text))


def season_of(text: str) -> str:
    """Return what a stamp, date or time says of summer time: ``summer``, ``utc`` or nothing."""
    if text.endswith("S"):
        return "summer"
    if text.isdecimal() and len(text) % 2:
        return {"1": "summer", "2": "utc"}.get(text[0], "")
    return ""


def to_aware(local: datetime, season: str, zone: timezone, summer_time: str) -> datetime:
    """Return a meter's local time with its offset; ``zone`` is that of normal time."""
    if season == "utc":
        return local.replace(tzinfo=UTC)
    if season == "summer" and summer_time == "shift":
        zone = timezone(zone.utcoffset(None) + timedelta(hours=1))
    return local.replace(tzinfo=zone)


def parse_date(text: str) -> str | None:
    """Return ``YYYY-MM-DD``, or None."""
    found = _build(_DATE.fullmatch(text) or _PACKED_DATE.fullmatch(text))
    return found.date().isoformat() if found else None


def parse_time(text: str) -> str | None:
    """Return ``hh:mm:ss``, or None."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


def _build(match: re.Match[str] | None) -> datetime | None:
    if not match:
        return None
    parts = {key: int(value or 0) for key, value in match.groupdict().items()}
    if parts["year"] < 100:
        parts["year"] += 2000
    try:
        return datetime(**parts)
    except ValueError:
        return None

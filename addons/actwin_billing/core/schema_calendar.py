"""The time-of-use calendar of a tariff version from JSON."""

from datetime import date, time
from zoneinfo import ZoneInfo

from .errors import CaseError
from .reader import Reader
from .time_of_use import DAY_KINDS, Calendar, Season


def calendar_of(parent):
    """Calendar of {zone, holidays, seasons: [{key, from: MM-DD, days: {kind: [[at, band]]}}]}."""
    if parent.get("calendar") is None:
        return None
    reader = Reader(parent.data["calendar"], parent.at("calendar"))
    found = Calendar(
        zone=_zone(reader),
        seasons=tuple(sorted(
            reader.items("seasons", _season, required=True),
            key=lambda season: (season.month, season.day))),
        holidays=frozenset(reader.items("holidays", _day)),
    )
    reader.done()
    if not found.seasons:
        raise CaseError(reader.at("seasons"), "needs at least one season")
    return found


def _zone(reader):
    key = reader.text("zone", "Europe/Istanbul")
    try:
        ZoneInfo(key)
    except (ValueError, OSError, KeyError):
        raise CaseError(reader.at("zone"), f"{key!r} is not a time zone") from None
    return key


def _day(value, path):
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CaseError(path, "must be a date, such as 2025-10-29") from None


def _season(data, path):
    reader = Reader(data, path)
    first = _day(f"2024-{reader.text('from', '01-01')}", reader.at("from"))
    rows = reader.get("days", required=True)
    if not isinstance(rows, dict) or "workday" not in rows or set(rows) - set(DAY_KINDS):
        raise CaseError(reader.at("days"), f"needs workday and may have {', '.join(DAY_KINDS)}")
    days = {kind: _bands(rows[kind], f"{reader.at('days')}.{kind}") for kind in rows}
    season = Season(reader.text("key"), first.month, first.day, days)
    reader.done()
    return season


def _bands(rows, path):
    """((from, band), …) of [["00:00", "t3"], …], in the order of the day from midnight on."""
    try:
        found = tuple(sorted((time.fromisoformat(at), str(band)) for at, band in rows))
    except (TypeError, ValueError):
        raise CaseError(path, 'must be a list of ["HH:MM", band]') from None
    if not found or found[0][0] != time(0) or len({at for at, _band in found}) != len(found):
        raise CaseError(path, "must begin at 00:00, each time once")
    return found

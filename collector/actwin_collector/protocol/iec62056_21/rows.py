# SPDX-License-Identifier: MIT
"""Load profiles as rows for back-fill: what each column is, when its period ended, how sure it is.

A column is a register's reading at the end of the period (index), the energy of the period, or the
mean power of the period (demand). Group D of a printed code says which: 8 index, 4 and 5 demand, 9
and 29 energy; ``profile_kind`` says it for columns without a code. They never stand in for each
other; the one conversion made is stated here: from a mean power the energy of the period follows,
power × minutes ÷ 60, and is given beside it under group D = 29 (``1.5.0`` in W gives ``1.29.0`` in
Wh; ``P.01#1`` gives ``P.01#1:energy``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from ...model import STATUS_OK, STATUS_SUSPECT, ConfigError, ProfileRow, Sample
from ...units import divided
from .options import Options
from .profile import Period, cell_number, periods
from .stamps import to_aware
from .values import short_code

_KIND_OF_GROUP = {"4": "demand", "5": "demand", "8": "index", "9": "energy", "29": "energy"}
_ENERGY_OF = {"W": "Wh", "var": "varh", "VA": "VAh"}
_POWERS = frozenset(_ENERGY_OF)
_ENERGIES = frozenset(_ENERGY_OF.values())
_CODE = re.compile(r"(?:\d+-\d+:)?(\d+)\.(\d+)(?:\.(\d+))?")
_HEX = re.compile(r"[0-9A-Fa-f]{1,16}")


def profile_rows(text: str, options: Options) -> list[ProfileRow]:
    """Return the rows of an answer in order of time; raises FrameError and ConfigError."""
    rows = [_row(period, options) for period in periods(text)]
    return sorted(rows, key=lambda row: row.ts)


def rows_between(text: str, options: Options, start: datetime, end: datetime) -> list[ProfileRow]:
    """Return the rows that end in (start, end]."""
    return [row for row in profile_rows(text, options) if start < row.ts <= end]


def request_text(options: Options, code: str, start: datetime, end: datetime) -> str:
    """Return the request of a profile or log for a span of time, an hour wider on each side.

    Meters disagree on whether bounds count and whether the season digit does; what is too much is
    left out after reading.
    """
    first = (start - timedelta(hours=1)).astimezone(options.zone)
    last = (end + timedelta(hours=1)).astimezone(options.zone)
    form = "%y-%m-%d,%H:%M" if options.profile_form == "turkish" else "0%y%m%d%H%M"
    return f"{code}({first.strftime(form)};{last.strftime(form)})"


def _row(period: Period, options: Options) -> ProfileRow:
    cells, status = _with_status(period, options)
    minutes = period.minutes or options.profile_minutes
    suspect = STATUS_SUSPECT if _is_suspect(status, options) else STATUS_OK
    samples = {
        name: Sample(value, unit, suspect)
        for at, cell in enumerate(cells)
        for name, value, unit in _columns(period, at, cell, minutes, options)
    }
    ends = to_aware(period.start, period.season, options.zone, options.summer_time) + period.after
    if options.profile_stamp == "start":
        ends += timedelta(minutes=minutes)
    return ProfileRow(ends, samples)


def _with_status(
    period: Period, options: Options
) -> tuple[tuple[tuple[str, str, str], ...], str]:
    cells = period.cells
    if period.minutes:
        return cells, period.status
    claimed = options.profile_columns and len(cells) <= len(options.profile_columns)
    if options.profile_status == "none" or (options.profile_status == "auto" and claimed):
        return cells, ""
    return cells[:-1], cells[-1][1] if cells else ""


def _is_suspect(status: str, options: Options) -> bool:
    status = status.strip()
    if not status:
        return False
    return not _HEX.fullmatch(status) or bool(int(status, 16) & ~options.profile_harmless)


def _columns(
    period: Period, at: int, cell: tuple[str, str, str], minutes: int, options: Options
) -> Iterator[tuple[str, Decimal, str]]:
    """Yield (name, value, unit) for the names a cell goes by, and for the energy of a power."""
    code, text, unit = cell
    position = f"{period.profile}#{at + 1}"
    named, named_unit = (*options.profile_columns[at : at + 1], ("", ""))[0]
    number = cell_number(text, unit or ("" if "*" in text else named_unit))
    if number is None:
        return
    value, base = number
    known = named or code
    kind = _kind(known, base, options)
    names = {position, code, short_code(code), named} - {""}
    yield from ((name, value, base) for name in names)
    if kind == "demand":
        energy = divided(value * minutes, 60), _ENERGY_OF[base]
        short = _energy_code(short_code(known))
        for name in {f"{position}:energy", short} - {""}:
            yield name, *energy


def _kind(code: str, unit: str, options: Options) -> str:
    """Return what a column holds, empty when nobody says; raises ConfigError on contradictions."""
    match = _CODE.fullmatch(code)
    by_code = _KIND_OF_GROUP.get(match[2], "") if match else ""
    said = options.profile_kind
    if by_code and said and by_code != said and code in dict(options.profile_columns):
        raise ConfigError(f"profile_kind is {said}, but {code} is the name of {by_code}")
    kind = by_code or said
    wrong = _ENERGIES if kind == "demand" else _POWERS if kind else ()
    if unit in wrong:
        raise ConfigError(f"{code or 'a column'} comes in {unit}, which is no {kind}")
    # A voltage beside the powers has no energy.
    return kind if kind != "demand" or unit in _POWERS else ""


def _energy_code(code: str) -> str:
    match = _CODE.fullmatch(code)
    return f"{match[1]}.29.{match[3] or 0}" if match and match[2] in ("4", "5") else ""

# SPDX-License-Identifier: MIT
"""Values a meter kept for its due dates, as rows of a load profile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from ...model import ProfileRow, Record, Sample

_MARKS = {"maximum": ":max", "minimum": ":min", "error": ":error"}


def stored_rows(
    records: Iterable[Record], zone: timezone, start: datetime, end: datetime
) -> list[ProfileRow]:
    """Return a row for every time point in (start, end] of a storage, oldest first.

    Columns are named as registers are, without ``@N``. A date without a time of day means the end
    of that day, as EN 13757-3 has it for due dates.
    """
    rows: dict[datetime, dict[str, Sample]] = defaultdict(dict)
    for record in records:
        if record.storage and record.ts and isinstance(record.value, Decimal):
            moment = _moment(record.ts, zone)
            if start < moment <= end:
                sample = Sample(record.value, record.unit, meter_ts=moment)
                rows[moment].setdefault(column_name(record), sample)
    return [ProfileRow(moment, samples) for moment, samples in sorted(rows.items())]


def column_name(record: Record) -> str:
    """Return the register name of a record without its storage."""
    name = record.quantity + _MARKS.get(record.function, "")
    if record.tariff:
        name += f":t{record.tariff}"
    return f"{name}:u{record.subunit}" if record.subunit else name


def _moment(text: str, zone: timezone) -> datetime:
    local = datetime.fromisoformat(text).replace(tzinfo=zone)
    if "T" not in text:
        local += timedelta(days=1)
    return local.astimezone(UTC)

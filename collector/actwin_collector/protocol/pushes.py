# SPDX-License-Identifier: MIT
"""From the records of a pushed message to what the device's registers take of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from ..model import (
    STATUS_OK,
    DeviceSpec,
    MeterIdentity,
    ProfileRow,
    Push,
    ReadResult,
    Record,
    Sample,
)
from .mbus.registers import Register, find_record, parse_register
from .zones import utc_offset

# Meters do not send their zone; Turkey keeps one time all year.
_TURKEY = timezone(timedelta(hours=3))
_LATE = timedelta(seconds=60)


def make_push(
    meter: MeterIdentity,
    records: Sequence[Record],
    device: DeviceSpec,
    now: datetime,
    status: int = STATUS_OK,
    raw: str = "",
) -> Push:
    """Return samples of the moment and rows of what carries its own date."""
    zone = utc_offset(device.settings.get("utc_offset")) or _TURKEY
    samples: dict[str, Sample] = {}
    rows: dict[datetime, dict[str, Sample]] = {}
    for parameter in device.parameters:
        register = parse_register(parameter.register)
        record = find_record(records, register)
        if record is not None and _stands_for_now(record):
            stamp = _meter_time(record, zone)
            sample = Sample(record.value, record.unit, status, stamp)
            samples[parameter.register] = sample
        column = parameter.profile or parameter.register
        for dated in _dated(records, register):
            moment = _end_of(dated.ts, zone)
            if moment is not None and moment <= now:
                kept = Sample(dated.value, dated.unit, status)
                rows.setdefault(moment, {})[column] = kept
    result = ReadResult(meter, samples, tuple(records), raw)
    return Push(result, tuple(ProfileRow(ts, rows[ts]) for ts in sorted(rows)))


def at_its_own_time(push: Push, time: datetime | None, now: datetime, device: DeviceSpec) -> Push:
    """Let a message that waited somewhere on its way stand for its own moment, not its arrival."""
    if time is None or now - time < _LATE or not push.result.samples:
        return push
    columns = {each.register: each.profile or each.register for each in device.parameters}
    samples = {columns[name]: sample for name, sample in push.result.samples.items()}
    row = ProfileRow(time.astimezone(UTC), samples)
    rows = sorted((*push.rows, row), key=lambda each: each.ts)
    return replace(push, result=replace(push.result, samples={}), rows=tuple(rows))


def _stands_for_now(record: Record) -> bool:
    dated = record.storage > 0 and record.ts is not None
    return isinstance(record.value, Decimal) and not dated


def _dated(records: Iterable[Record], register: Register) -> Iterable[Record]:
    """The stored values of a register; of a register that names its storage, only that one."""
    if register.index is not None:
        return
    for record in records:
        if (
            record.ts is not None
            and record.storage > 0
            and register.storage in (0, record.storage)
            and isinstance(record.value, Decimal)
            and record.quantity in (register.quantity, f"{register.quantity}_month_end")
            and record.function == register.function
            and (record.tariff, record.subunit) == (register.tariff, register.subunit)
        ):
            yield record


def _end_of(text: str | None, zone: timezone) -> datetime | None:
    """When a value was taken: a date alone means the end of that day."""
    moment = _aware(text, zone)
    if moment is not None and text and "T" not in text:
        moment += timedelta(days=1)
    return moment


def _meter_time(record: Record, zone: timezone) -> datetime | None:
    # A date alone says nothing about the meter's clock.
    return _aware(record.ts, zone) if record.ts and "T" in record.ts else None


def _aware(text: str | None, zone: timezone) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

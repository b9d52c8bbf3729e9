# SPDX-License-Identifier: MIT
"""What a dialogue reads beside registers: who answers, and further records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...model import AddressError, MeterIdentity, Record
from .cosem import record_of
from .options import Options
from .registers import RegisterReader
from .transcript import maker_of

if TYPE_CHECKING:
    from .dialogue import Dialogue


async def identify(reader: RegisterReader, dialogue: Dialogue, options: Options) -> MeterIdentity:
    """Return who answers; raises AddressError when it is not the meter of the settings."""
    name = await reader.device_name()
    serial = await reader.read_text(options.serial_name) if options.serial_name else ""
    if options.serial and options.serial.lstrip("0") != (serial or name).lstrip("0"):
        raise AddressError(f"meter {serial or name or '?'} answered, not {options.serial}")
    extra = {"authentication": "verified" if options.ciphered else "none"}
    if dialogue.meter_title:
        extra["system_title"] = dialogue.meter_title.hex().upper()
    return MeterIdentity(serial or name, maker_of(name.encode()[:3]), extra=extra)


async def further(dialogue: Dialogue, reader: RegisterReader, options: Options) -> list[Record]:
    """Return the records of profile, event logs and object list as the settings ask for them."""
    now = reader.clock or datetime.now(UTC)
    since = now - timedelta(hours=options.profile_hours)
    found: list[Record] = []
    wanted = options.profile_hours or options.profile_entries
    names = (options.profile, *options.events) if wanted else ()
    for name in filter(None, names):
        if options.profile_entries:
            found += await dialogue.last_rows(name, options.profile_entries)
        else:
            found += await dialogue.rows_between(name, since, now)
    if options.objects:
        for name, class_id in (await dialogue.objects()).items():
            record = record_of(name, class_id)
            record.quantity = "object"
            found.append(record)
    return found

# SPDX-License-Identifier: MIT
"""Register names of M-Bus devices and the records they choose.

``volume``, ``energy:t2``, ``power:max``, ``volume:u1@1`` name a quantity with, in any order,
``:min``/``:max``/``:error`` (function), ``:tN`` (tariff), ``:uN`` (subunit) and, last, ``@N``
(storage number); what is not named is instantaneous, tariff 0, subunit 0, storage 0.
``index:N`` is the Nth record of the readout, counted from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timezone
from decimal import Decimal
from functools import lru_cache

from ...model import STATUS_OK, ConfigError, Record, Sample

_NAME = re.compile(r"(?P<quantity>[^:@]+)(?P<parts>(?::[a-z]+\d*)*)(?:@(?P<storage>\d+))?")
_FUNCTIONS = {"max": "maximum", "min": "minimum", "error": "error"}


@dataclass(frozen=True, slots=True)
class Register:
    """A parsed register name; ``index`` is set for ``index:N`` only."""

    quantity: str = ""
    function: str = "instantaneous"
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    index: int | None = None


@lru_cache(maxsize=1024)
def parse_register(name: str) -> Register:
    """Parse a register name; raises ConfigError."""
    if name.startswith("index:"):
        if not name[6:].isdecimal():
            raise ConfigError(f"register {name!r}: index:N needs a number")
        return Register(index=int(name[6:]))
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(f"register {name!r} is no M-Bus register name")
    parts: dict[str, object] = {}
    for part in match["parts"].split(":")[1:]:
        parts.update([_part(name, part)])
    return Register(match["quantity"], storage=int(match["storage"] or 0), **parts)


def _part(name: str, part: str) -> tuple[str, object]:
    if part in _FUNCTIONS:
        return "function", _FUNCTIONS[part]
    if part[0] in "tu" and part[1:].isdecimal():
        return ("tariff" if part[0] == "t" else "subunit"), int(part[1:])
    raise ConfigError(f"register {name!r}: {part!r} is none of max, min, error, tN, uN")


def find_record(records: Sequence[Record], register: Register) -> Record | None:
    """Return the first record the register names, or None."""
    if register.index is not None:
        return records[register.index] if register.index < len(records) else None
    for record in records:
        if (
            record.quantity == register.quantity
            and record.storage == register.storage
            and record.tariff == register.tariff
            and record.subunit == register.subunit
            and record.function == register.function
        ):
            return record
    return None


def take_samples(
    records: Sequence[Record],
    names: Iterable[str],
    status: int = STATUS_OK,
    zone: timezone | None = None,
) -> dict[str, Sample]:
    """Return a sample for each register name that has a number in the records.

    Meters do not send their time zone; without ``zone`` the samples carry no meter time.
    """
    samples = {}
    for name in names:
        record = find_record(records, parse_register(name))
        if record is not None and isinstance(record.value, Decimal):
            samples[name] = Sample(record.value, record.unit, status, _meter_time(record, zone))
    return samples


def _meter_time(record: Record, zone: timezone | None) -> datetime | None:
    if zone is None or record.ts is None:
        return None
    return datetime.fromisoformat(record.ts).replace(tzinfo=zone).astimezone(UTC)

# SPDX-License-Identifier: MIT
"""COSEM facts: logical names, interface classes, units, dates (Blue Book 4.1.6, 4.3.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from ...model import ConfigError, FrameError, Record
from ...units import EXACT

DATA, REGISTER, EXTENDED, DEMAND, PROFILE, CLOCK = 1, 3, 4, 5, 7, 8
ASSOCIATION, PUSH, DISCONNECT = 15, 40, 70
# class → attribute with scaler and unit
SCALED = {REGISTER: 3, EXTENDED: 3, DEMAND: 4}

# unit number → (base unit, what one of it is in that unit)
UNITS = {
    4: ("s", 86400),
    5: ("s", 3600),
    6: ("s", 60),
    7: ("s", 1),
    9: ("°C", 1),
    13: ("m3", 1),
    14: ("m3", 1),
    15: ("m3/h", 1),
    16: ("m3/h", 1),
    17: ("m3/h", Decimal(1) / 24),
    18: ("m3/h", Decimal(1) / 24),
    19: ("m3", Decimal("0.001")),
    20: ("kg", 1),
    23: ("bar", Decimal("0.00001")),
    24: ("bar", 1),
    25: ("J", 1),
    26: ("J", Decimal(1) / 3600),
    27: ("W", 1),
    28: ("VA", 1),
    29: ("var", 1),
    30: ("Wh", 1),
    31: ("VAh", 1),
    32: ("varh", 1),
    33: ("A", 1),
    35: ("V", 1),
    44: ("Hz", 1),
    52: ("K", 1),
    8: ("°", 1),
    56: ("%", 1),
    255: ("", 1),
}
_ENERGIES = {
    1: "active_import",
    2: "active_export",
    3: "reactive_import",
    4: "reactive_export",
    5: "reactive_inductive",
    6: "reactive_q2",
    7: "reactive_q3",
    8: "reactive_capacitive",
    9: "apparent_import",
    10: "apparent_export",
}
_POWERS = {
    1: "power",
    2: "power_export",
    3: "reactive_power",
    4: "reactive_power_export",
    9: "apparent_power",
    13: "power_factor",
    14: "frequency",
    16: "power",
    31: "current",
    51: "current",
    71: "current",
    91: "current",
    32: "voltage",
    52: "voltage",
    72: "voltage",
}
_ABSTRACT = {
    (1, 0): "clock",
    (42, 0): "device_name",
    (96, 1): "serial",
    (96, 3): "disconnect_state",
    (96, 11): "event",
    (97, 97): "status",
    (43, 1): "invocation_counter",
}
_MEDIA = {
    1: "electricity",
    4: "heat_cost",
    5: "cooling",
    6: "heat",
    7: "gas",
    8: "water",
    9: "hot_water",
}
_NAME = re.compile(
    r"(?:(\d{1,3})[-.](\d{1,3})[:.])?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[.*&](\d{1,3}))?", re.ASCII
)
_NO_DEVIATION = -0x8000


def parse_name(text: str) -> bytes:
    """Return a logical name written as 1.0.1.8.0.255, 1-0:1.8.0*255 or 1.8.0; raises ConfigError.

    The short form means electricity for groups C up to 91 and a general object above.
    """
    match = _NAME.fullmatch(text.strip())
    if not match:
        raise ConfigError(f"{text!r} is not a logical name such as 1.0.1.8.0.255")
    a, b, c, d, e, f = (None if group is None else int(group) for group in match.groups())
    if a is None:
        a, b = (1 if 1 <= c <= 91 else 0), 0
    groups = (a, b, c, d, e, 255 if f is None else f)
    if max(groups) > 255:
        raise ConfigError(f"{text!r} is not a logical name: a group is above 255")
    return bytes(groups)


def name_text(name: bytes) -> str:
    """Return a logical name as ``1.0.1.8.0.255``."""
    return ".".join(str(group) for group in name)


def is_name(value: object) -> bool:
    """Whether a value of a push looks like a logical name."""
    return isinstance(value, bytes) and len(value) == 6 and (value[0] <= 15 and value[1] <= 65)


def quantity_of(name: bytes) -> str:
    """Return what an object measures, in the words of the other drivers."""
    a, _, c, d, _, _ = name
    if a == 0 or c == 96:
        return _ABSTRACT.get((c, d), "other")
    if c in _ENERGIES and d in (8, 9):
        return _ENERGIES[c] if a == 1 else "energy"
    if d in (2, 4, 5, 6) and 1 <= c < 91:
        return "demand"
    return _POWERS.get(c, "other") if d == 7 else "other"


def medium_of(records) -> str:
    """Return the medium of the first record that belongs to one."""
    groups = (record.obis.partition(".")[0] for record in records if record.obis)
    return next((_MEDIA[int(group)] for group in groups if int(group) in _MEDIA), "")


def scaled(number: object, scaler: int, unit: int) -> tuple[Decimal | None, str]:
    """Return an exact value in a base unit; None for what is no number.

    Units outside the table keep their number as ``unit N``. Raises FrameError for a scaler no
    meter has.
    """
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None, ""
    if not -30 <= scaler <= 30:
        raise FrameError(f"a scaler of {scaler}")
    base, factor = UNITS.get(unit, (f"unit {unit}", 1))
    value = EXACT.multiply(Decimal(number), Decimal(factor))
    return EXACT.scaleb(value, Decimal(scaler)), base


def parse_clock(data: object, zone: tzinfo | None = None) -> datetime | None:
    """Return a 12 byte date-time with its zone; ``zone`` where the meter tells none.

    None when it is none or has a wildcard in its date or time (hundredths may be one). The stored
    deviation is local to UTC in minutes turned round: -180 is UTC+3.
    """
    if not isinstance(data, bytes) or len(data) != 12:
        return None
    year = int.from_bytes(data[0:2], "big")
    hundredths = 0 if data[8] == 0xFF else data[8]
    deviation = int.from_bytes(data[9:11], "big", signed=True)
    where = zone
    if deviation != _NO_DEVIATION:
        if not -840 <= deviation <= 840:
            return None
        where = UTC if not deviation else timezone(timedelta(minutes=-deviation))
    second = 0 if data[7] == 0xFF else data[7]
    micro = hundredths * 10_000
    try:
        return datetime(year, data[2], data[3], data[5], data[6], second, micro, where)
    except ValueError:
        return None


def clock_is_doubtful(data: bytes) -> bool:
    """Whether the meter says that its time is invalid or doubtful (clock status bits 0 and 1)."""
    return data[11] != 0xFF and bool(data[11] & 0x03)


def encode_clock(moment: datetime) -> bytes:
    """Return an aware time as 12 bytes with its deviation."""
    offset = moment.utcoffset() or timedelta(0)
    deviation = -int(offset.total_seconds() // 60)
    date = moment.year.to_bytes(2, "big") + bytes((moment.month, moment.day, moment.isoweekday()))
    time = bytes((moment.hour, moment.minute, moment.second, 0))
    return date + time + deviation.to_bytes(2, "big", signed=True) + b"\x00"


def stamp_text(moment: datetime | None) -> str | None:
    """Return a time as records give it: ISO 8601, with its offset where the meter told one."""
    return None if moment is None else moment.isoformat()


def tariff_of(name: bytes) -> int:
    """Return the tariff of an energy or demand register."""
    return name[4] if 1 <= name[0] <= 9 and name[3] in (6, 8, 9) and name[4] < 64 else 0


def record_of(name: bytes, value: object, unit: str = "", **more: object) -> Record:
    """Return the record of one object: numbers as Decimal, times and names as text."""
    storage = name[5] if name[5] != 255 else 0
    function = {3: "minimum", 6: "maximum"}.get(name[3], "instantaneous") if name[0] else None
    return Record(
        quantity=quantity_of(name),
        value=plain_value(value),
        unit=unit,
        obis=name_text(name),
        function=function or "instantaneous",
        storage=storage,
        tariff=tariff_of(name),
        **more,
    )


def nameless(value: object) -> Record:
    """Return the record of a value that came without a name."""
    record = record_of(bytes(6), value, raw=raw_value(value))
    record.obis, record.quantity = "", "other"
    return record


def plain_value(value: object) -> Decimal | str | None:
    """Return a value as records carry it."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, bytes):
        return _octets(value)
    return value if isinstance(value, str) else str(raw_value(value))


def raw_value(value: object) -> object:
    """Return a value as JSON can carry it: octets as ``hex:…``, floats as text."""
    if isinstance(value, bytes):
        return f"hex:{value.hex().upper()}"
    if isinstance(value, list):
        return [raw_value(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def _octets(value: bytes) -> str:
    moment = parse_clock(value)
    if moment:
        return moment.isoformat()
    if is_name(value) and value[5] == 255:
        return name_text(value)
    if value and value.isascii() and (text := value.decode("ascii").rstrip("\x00 ")).isprintable():
        return text
    return raw_value(value)

# SPDX-License-Identifier: MIT
"""Turns data sets into records: exact numbers in base units, texts, dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ...model import Record
from ...units import convert
from .datasets import DataSet
from .stamps import parse_date, parse_stamp, parse_time

_CODE = re.compile(
    r"(?:(?P<a>\d{1,3})-(?P<b>\d{1,3}):)?(?P<c>[0-9A-Z]{1,3})(?:\.(?P<d>[0-9A-Z]{1,3}))?"
    r"(?:\.(?P<e>[0-9A-Z]{1,3}))?(?:[*&](?P<f>\d{1,3}))?",
    re.ASCII,
)
_NUMBER = re.compile(
    r"\s*(?P<number>[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))"
    r"(?P<separator>\s*\*?\s*)(?P<unit>[A-Za-z°][A-Za-z0-9/°³]{0,7})?\s*",
    re.ASCII,
)
# base unit → its printed forms, spelt as units.py knows them
_BASES = {
    "Wh": "Wh kWh MWh GWh",
    "varh": "varh kvarh Mvarh",
    "VAh": "VAh kVAh MVAh",
    "J": "J",
    "W": "W kW MW",
    "var": "var kvar Mvar",
    "VA": "VA kVA MVA",
    "V": "V kV mV",
    "A": "A kA mA",
    "Hz": "Hz",
    "m3": "m3 l",
    "m3/h": "m3/h l/h",
    "°C": "°C",
    "K": "K",
    "bar": "bar mbar",
    "s": "s min h d",
}
_BASE_OF = {unit: base for base, units in _BASES.items() for unit in units.split()}
_SPELLINGS = {
    "m": "min",
    "sec": "s",
    "secs": "s",
    "m3ph": "m3/h",
    "m³": "m3",
    "m³/h": "m3/h",
    "C": "°C",
    "L": "l",
    "HZ": "Hz",
}
# J has powers of its own here: units.py counts joules as energy, the contract keeps them.
_JOULES = {"kJ": 3, "MJ": 6, "GJ": 9}

_CHANNELS = {
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
_BY_UNIT = {
    "Wh": "energy",
    "J": "energy",
    "varh": "reactive_energy",
    "W": "power",
    "var": "reactive_power",
    "VA": "apparent_power",
    "V": "voltage",
    "A": "current",
    "Hz": "frequency",
    "m3": "volume",
    "m3/h": "volume_flow",
    "°C": "temperature",
    "K": "temperature_difference",
    "bar": "pressure",
    "s": "duration",
}
_POWER_FACTORS = frozenset({"13", "33", "53", "73"})
_FUNCTIONS = {"3": "minimum", "6": "maximum"}
_NAMED = {
    ("0", "0"): "serial",
    ("C", "1"): "serial",
    ("0", "2"): "program",
    ("F", "F"): "status",
    ("F", None): "status",
    ("96", "7"): "count",
    ("42", "0"): "device_name",
}


@dataclass(frozen=True, slots=True)
class Code:
    """A printed code taken apart; numeric groups that are absent or not numbers are None."""

    a: int | None
    c: str
    d: str | None
    e: str | None
    f: int

    @property
    def channel(self) -> int | None:
        """Group C as a number when the code names a measured value (three groups at least)."""
        measured = self.c.isdigit() and self.d and self.e and 1 <= int(self.c) <= 91
        return int(self.c) if measured else None


def parse_code(text: str) -> Code:
    """Return the groups of a code; what cannot be taken apart becomes group C."""
    match = _CODE.fullmatch(text)
    if not match:
        return Code(None, text, None, None, 0)
    history = int(match["f"] or 0)
    medium = int(match["a"]) if match["a"] else None
    return Code(medium, match["c"], match["d"], match["e"], 0 if history == 255 else history)


def short_code(text: str) -> str:
    """Return the code without ``A-B:`` and ``*255``: ``1-0:1.8.0*255`` gives ``1.8.0``."""
    return text.partition(":")[2].removesuffix("*255") if ":" in text else text.removesuffix("*255")


def parse_number(text: str) -> tuple[Decimal, str] | None:
    """Return (exact value in a base unit, that unit); None when ``text`` is not a measured value.

    A unit that is glued to the number must be a known one: ``4744xxxx`` is a text.
    """
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    number, printed = Decimal(match["number"]), match["unit"] or ""
    unit = _SPELLINGS.get(printed, printed.replace("VAR", "var").replace("VAr", "var"))
    unit = unit.replace("Var", "var")
    if unit in _JOULES:
        return number * 10 ** _JOULES[unit], "J"
    base = _BASE_OF.get(unit)
    if base:
        return convert(number, unit, base), base
    return None if printed and not match["separator"] else (number, printed)


def to_record(data_set: DataSet) -> Record:
    """Return the record of one data set: ``obis`` as printed, ``raw`` the bracket texts."""
    code = parse_code(data_set.code)
    value, unit, stamp = _value(code, data_set.values)
    return Record(
        quantity=_quantity(code, unit),
        value=value,
        unit=unit,
        obis=data_set.code,
        ts=stamp,
        function=_FUNCTIONS.get(code.d if code.channel else None, "instantaneous"),
        storage=code.f,
        tariff=_tariff(code),
        raw=list(data_set.values),
    )


def _tariff(code: Code) -> int:
    by_tariff = code.channel and code.d in ("6", "8", "9") and code.e.isdigit()
    return int(code.e) if by_tariff else 0


def _value(code: Code, values: tuple[str, ...]) -> tuple[Decimal | str | None, str, str | None]:
    first = values[0].strip()
    if (code.c, code.d) == ("0", "9"):
        return _clock(code, first) or first, "", None
    if (code.c, code.d) == ("24", "3") and len(values) >= 7:
        return _hourly(values)
    stamps = [parse_stamp(text.strip()) for text in values[:2]]
    if len(values) == 2 and stamps[0] and _measured(code, values[1]):
        return *_measured(code, values[1]), stamps[0].isoformat()
    number = _measured(code, values[0])
    stamp = stamps[1].isoformat() if len(values) > 1 and stamps[1] else None
    if number:
        return *number, stamp
    whole = stamps[0].isoformat() if stamps[0] and "-" not in first else None
    return whole if _is_clock(code) and whole else first or None, "", stamp


def _hourly(values: tuple[str, ...]) -> tuple[Decimal | str | None, str, str | None]:
    """``(stamp)(status)(minutes)(channels)(code)(unit)(value)``: gas in older P1 telegrams."""
    stamp = parse_stamp(values[0].strip())
    number = parse_number(f"{values[6]}*{values[5]}") or (values[6].strip() or None, "")
    return *number, stamp.isoformat() if stamp else None


def _measured(code: Code, text: str) -> tuple[Decimal, str] | None:
    number = None if parse_stamp(text) and not text.isdecimal() else parse_number(text)
    if not number or code.c in ("F", "C", "L") or (code.a, code.c) == (0, "42"):
        return None
    plain_number = code.channel or "*" in text or (code.c, code.d) == ("96", "7")
    return number if number[1] or plain_number else None


def _is_clock(code: Code) -> bool:
    return (code.a, code.c, code.d, code.e) == (0, "1", "0", "0")


def _clock(code: Code, text: str) -> str | None:
    if code.e == "1":
        return parse_time(text)
    return parse_date(text) if code.e == "2" else None


def _quantity(code: Code, unit: str) -> str:
    if _is_clock(code):
        return "clock"
    if code.a in (None, 1) and code.channel in _CHANNELS and unit in ("Wh", "varh", "VAh"):
        return _CHANNELS[code.channel]
    if code.channel and code.d == "6" and unit in ("W", "var", "VA"):
        return "demand"
    if unit in _BY_UNIT:
        return _BY_UNIT[unit]
    if code.c in _POWER_FACTORS and code.d == "7" and not unit:
        return "power_factor"
    if (code.c, code.d) == ("0", "9"):
        return {"1": "time", "2": "date"}.get(code.e or "", "other")
    if (code.c, code.d) == ("96", "1"):
        return "serial" if code.e in ("0", "1") else "other"
    return _NAMED.get((code.c, code.d), "other")

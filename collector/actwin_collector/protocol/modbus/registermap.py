# SPDX-License-Identifier: MIT
"""Register maps: what stands where in a Modbus device. Data files in ``devices/``, or inline."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ...fields import Field, Problems, parse_list, parse_table
from ...model import ConfigError
from ...units import BASE_UNITS, base_unit, convert
from .numbers import ORDERS
from .register import TYPES, Register
from .texts import TIMES

MAX_REGISTERS = 125
_FUNCTIONS = (1, 2, 3, 4)
# How sure a map is: compared with a device's own display, taken from drivers in wide use, from the
# maker's own table, from a public copy of it, or from nothing that could be shown.
VERIFIED = ("measured", "code", "maker", "copy", "memory")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MAP_FIELDS = {
    "name": Field(str, ""),
    "manufacturer": Field(str, ""),
    "source": Field(str, ""),
    "note": Field(str, ""),
    "verified": Field(str, "", choices=("", *VERIFIED)),
    "function": Field(int, 3, choices=_FUNCTIONS),
    "word_order": Field(str, "big", choices=ORDERS),
    "byte_order": Field(str, "big", choices=ORDERS),
    "max_registers": Field(int, MAX_REGISTERS, low=1, high=MAX_REGISTERS),
    "fill": Field(int, 8, low=0, high=MAX_REGISTERS),
    "clock": Field(str, ""),
    "register": Field(list),
}
_REGISTER_FIELDS = {
    "name": Field(str),
    "address": Field(int, low=0, high=65535),
    "type": Field(str, "uint16", choices=TYPES),
    "unit": Field(str, ""),
    "obis": Field(str, ""),
    "aliases": Field(list, ()),
    "scale": Field(Decimal, Decimal(1)),
    "offset": Field(Decimal, Decimal(0)),
    "mask": Field(int, 0, low=0),
    "multiplier": Field(str, ""),
    "divider": Field(str, ""),
    "exponent": Field(str, ""),
    "length": Field(int, 0, low=0, high=MAX_REGISTERS),
    "bits": Field(dict, {}),
    "low": Field(Decimal, None),
    "high": Field(Decimal, None),
    "monotonic": Field(bool, False),
    "no_value": Field(list, ()),
    "note": Field(str, ""),
    "function": Field(int, 0, choices=(0, *_FUNCTIONS)),
    "word_order": Field(str, "", choices=("", *ORDERS)),
    "byte_order": Field(str, "", choices=("", *ORDERS)),
}


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """All registers of a device type.

    ``fill`` is the widest gap a request may read over; ``clock`` names the register with the
    device's own time, which the values of the same dialogue then carry.
    """

    name: str
    manufacturer: str
    max_registers: int
    fill: int
    registers: tuple[Register, ...]
    clock: str = ""
    verified: str = ""
    source: str = ""
    note: str = ""

    def find(self, name: str) -> Register:
        """Return a register by any of its names; raises ConfigError."""
        for register in self.registers:
            if name in register.names:
                return register
        known = ", ".join(register.name for register in self.registers)
        raise ConfigError(f"{self.name or 'the map'} has no register {name!r} (known: {known})")


def parse_map(table: Mapping, source: str) -> RegisterMap:
    """Return the map described by a table; raises ConfigError naming every mistake."""
    problems = Problems()
    values = parse_table(table, _MAP_FIELDS, source, problems)
    registers = [
        _register(entry, values, path, problems)
        for path, entry in parse_list(values["register"], f"{source}.register", problems)
    ]
    _check_names(registers, source, problems)
    _check_clock(values["clock"], registers, source, problems)
    problems.finish(source)
    return RegisterMap(
        values["name"],
        values["manufacturer"],
        values["max_registers"],
        values["fill"],
        tuple(sorted(registers, key=lambda r: (r.function, r.address))),
        values["clock"],
        values["verified"],
        values["source"],
        values["note"],
    )


def load_map(name: str) -> RegisterMap:
    """Return the map of a file in the user's folder or in ``devices/``; raises ConfigError."""
    path = map_path(name)
    if isinstance(path, Path):
        return _parsed(path, path.stat().st_mtime_ns)
    return _parsed(path, 0)


def map_path(name: str) -> Path | Traversable:
    """Return where a map lies; one of the user's own takes precedence. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not the name of a register map")
    own = user_folder()
    if own is not None and (own / f"{name}.toml").is_file():
        return own / f"{name}.toml"
    shipped = files("actwin_collector") / "devices" / f"{name}.toml"
    if not shipped.is_file():
        raise ConfigError(f"no register map {name!r} (known: {', '.join(map_names())})")
    return shipped


def user_folder() -> Path | None:
    """Return the folder of the user's own maps: ``devices`` in the collector's state folder."""
    state = os.environ.get("ACTWIN_COLLECTOR_STATE")
    return Path(state) / "devices" if state else None


@lru_cache(maxsize=256)
def _parsed(path: Path | Traversable, changed: int) -> RegisterMap:
    """Parse a file; ``changed`` makes an edited one be read again."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return parse_map(table, path.name.removesuffix(".toml"))


def map_names() -> list[str]:
    """Return the names of all register maps: the user's own and those delivered."""
    own = user_folder()
    folders = [files("actwin_collector") / "devices", *([own] if own and own.is_dir() else [])]
    found = (entry.name for folder in folders for entry in folder.iterdir())
    return sorted({name[:-5] for name in found if name.endswith(".toml")})


def map_of(setting: object) -> RegisterMap:
    """Return the map a setting names or holds inline; raises ConfigError."""
    if isinstance(setting, str) and setting:
        return load_map(setting)
    if isinstance(setting, Mapping):
        return parse_map(plain_table(setting) if "registers" in setting else setting, "map")
    raise ConfigError(f"no register map given (setting map: {', '.join(map_names())} or a table)")


def plain_table(table: Mapping) -> Mapping:
    """Return a map in our form from one in the form that collections of maps use.

    There ``registers`` is the list, units may have prefixes, and facts that are not known are said
    in words (``"word_order": "unknown"``); those get our defaults.
    """
    known = {key: table.get(key) for key in _MAP_FIELDS}
    known["name"] = known["name"] or table.get("device")
    if known["word_order"] not in ORDERS:
        known.pop("word_order")
    if known["verified"] not in VERIFIED:
        known["note"] = known.pop("verified")  # in somebody's own words
    rows = table["registers"]
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        rows = [_in_base_unit(row) if isinstance(row, Mapping) else row for row in rows]
    return {key: value for key, value in known.items() if value is not None} | {"register": rows}


def _in_base_unit(row: Mapping) -> Mapping:
    unit = row.get("unit") or ""
    kept = {key: value for key, value in row.items() if key in _REGISTER_FIELDS}
    if unit in BASE_UNITS or not isinstance(unit, str):
        return kept
    base = base_unit(unit)
    factor = convert(Decimal(1), unit, base)
    scale, offset = (_decimal(row.get(key, default)) for key, default in _LINEAR)
    return {**kept, "unit": base, "scale": scale * factor, "offset": offset * factor}


_LINEAR = (("scale", 1), ("offset", 0))


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ConfigError(f"{value!r} is not a decimal number") from None


def _register(entry: object, defaults: Mapping, path: str, problems: Problems) -> Register:
    values = parse_table(entry, _REGISTER_FIELDS, path, problems)
    values.pop("note")
    for key in ("function", "word_order", "byte_order"):
        values[key] = values[key] or defaults[key]
    if not values["scale"]:
        problems.add(f"{path}.scale", "must not be zero")
    values["no_value"] = _patterns(values["no_value"], path, problems)
    values["bits"] = _bit_names(values["bits"], path, problems)
    values["multipliers"] = tuple(filter(None, values.pop("multiplier").split("*")))
    values["aliases"] = tuple(map(str, values["aliases"]))
    register = Register(**values)
    _check_place(register, path, problems)
    return register


def _patterns(patterns: Sequence, path: str, problems: Problems) -> frozenset[int]:
    if all(isinstance(pattern, int) for pattern in patterns):
        return frozenset(patterns)
    problems.add(f"{path}.no_value", "must be a list of whole numbers")
    return frozenset()


def _bit_names(bits: Mapping, path: str, problems: Problems) -> tuple[tuple[int, str], ...]:
    if all(str(bit).isdecimal() and isinstance(name, str) for bit, name in bits.items()):
        return tuple(sorted((int(bit), name) for bit, name in bits.items()))
    problems.add(f"{path}.bits", "must be a table of bit numbers and names, such as 3 = 'alarm'")
    return ()


def _check_place(register: Register, path: str, problems: Problems) -> None:
    if register.type not in TYPES:
        return  # said already
    if bool(register.length) != (register.type == "string"):
        problems.add(f"{path}.length", "is needed for a string, in registers, and for nothing else")
        return
    if (register.function in (1, 2)) != (register.type == "bit"):
        text = "functions 1 and 2 read bits, functions 3 and 4 registers"
        problems.add(f"{path}.type", text)
    if register.end > 65536:
        problems.add(f"{path}.address", "the value ends behind the last register")


def _check_clock(
    name: str, registers: Sequence[Register], source: str, problems: Problems
) -> None:
    if name and all(name != each.name or each.type not in TIMES for each in registers):
        problems.add(f"{source}.clock", f"{name!r} is not a register with a date and time")


def _check_names(registers: Sequence[Register], source: str, problems: Problems) -> None:
    seen: set[str] = set()
    for register in registers:
        for name in register.names:
            if name in seen:
                problems.add(f"{source}.register", f"{name!r} stands twice")
            seen.add(name)
    factors = {register.name for register in registers if not register.needs}
    for register in registers:
        for name in register.needs:
            if name not in factors:
                text = f"{name!r} is not a register that needs no other one"
                problems.add(f"{source}.{register.name}", text)

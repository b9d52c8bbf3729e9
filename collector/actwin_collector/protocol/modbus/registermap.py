# SPDX-License-Identifier: MIT
"""Register maps: what stands where in a Modbus device. Data files in ``devices/``, or inline."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from ...fields import Field, Problems, parse_list, parse_table
from ...model import ConfigError
from .numbers import ORDERS, WORDS, decode_number, encode_number, to_bytes, to_words

MAX_REGISTERS = 125
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MAP_FIELDS = {
    "name": Field(str, ""),
    "manufacturer": Field(str, ""),
    "source": Field(str, ""),
    "note": Field(str, ""),
    "function": Field(int, 3, choices=(3, 4)),
    "word_order": Field(str, "big", choices=ORDERS),
    "byte_order": Field(str, "big", choices=ORDERS),
    "max_registers": Field(int, MAX_REGISTERS, low=1, high=MAX_REGISTERS),
    "fill": Field(int, 8, low=0, high=MAX_REGISTERS),
    "register": Field(list),
}
_REGISTER_FIELDS = {
    "name": Field(str),
    "address": Field(int, low=0, high=65535),
    "type": Field(str, "uint16", choices=tuple(WORDS)),
    "unit": Field(str, ""),
    "obis": Field(str, ""),
    "aliases": Field(list, ()),
    "scale": Field(Decimal, Decimal(1)),
    "offset": Field(Decimal, Decimal(0)),
    "mask": Field(int, 0, low=0),
    "multiplier": Field(str, ""),
    "no_value": Field(list, ()),
    "note": Field(str, ""),
    "function": Field(int, 0, choices=(0, 3, 4)),
    "word_order": Field(str, "", choices=("", *ORDERS)),
    "byte_order": Field(str, "", choices=("", *ORDERS)),
}


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a device: where it stands and how its words become a number in ``unit``.

    value = (raw [& mask, shifted down]) × scale + offset, × the register named ``multiplier``.
    ``no_value`` are raw patterns that mean "nothing measured".
    """

    name: str
    function: int
    address: int
    type: str
    unit: str
    obis: str
    aliases: tuple[str, ...]
    scale: Decimal
    offset: Decimal
    mask: int
    multiplier: str
    no_value: frozenset[int]
    word_order: str
    byte_order: str

    @property
    def size(self) -> int:
        """How many 16-bit registers the value takes."""
        return WORDS[self.type]

    @property
    def names(self) -> tuple[str, ...]:
        """The names a parameter may use: own name, OBIS code with and without ``A-B:``, aliases."""
        known = (self.name, self.obis, self.code, *self.aliases)
        return tuple(dict.fromkeys(name for name in known if name))

    @property
    def code(self) -> str:
        """The OBIS code without ``A-B:``."""
        return self.obis.rpartition(":")[2]

    def decode(self, words: Sequence[int]) -> Decimal | None:
        """Return the value in ``unit`` (before the multiplier), None for "no value"."""
        data = to_bytes(words, self.word_order, self.byte_order)
        raw = int.from_bytes(data, "big")
        if raw in self.no_value:
            return None
        if self.mask:
            shift = (self.mask & -self.mask).bit_length() - 1
            number = Decimal((raw & self.mask) >> shift)
        else:
            number = decode_number(data, self.type)
        return None if number is None else number * self.scale + self.offset

    def encode(self, value: Decimal) -> tuple[int, ...]:
        """Return the words a device would hold for ``value``, cut to its resolution."""
        data = encode_number((value - self.offset) / self.scale, self.type)
        return to_words(data, self.word_order, self.byte_order)


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """All registers of a device type; ``fill`` is the widest gap a request may read over."""

    name: str
    manufacturer: str
    max_registers: int
    fill: int
    registers: tuple[Register, ...]

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
    problems.finish(source)
    return RegisterMap(
        values["name"],
        values["manufacturer"],
        values["max_registers"],
        values["fill"],
        tuple(sorted(registers, key=lambda r: (r.function, r.address))),
    )


@cache
def load_map(name: str) -> RegisterMap:
    """Return the map of a file in ``devices/``; raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not the name of a register map")
    try:
        text = (files("actwin_collector") / "devices" / f"{name}.toml").read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"no register map {name!r} (known: {', '.join(map_names())})") from None
    return parse_map(tomllib.loads(text), name)


def map_names() -> list[str]:
    """Return the names of all register maps delivered with the collector."""
    found = (files("actwin_collector") / "devices").iterdir()
    return sorted(entry.name[:-5] for entry in found if entry.name.endswith(".toml"))


def map_of(setting: object) -> RegisterMap:
    """Return the map a setting names or holds inline; raises ConfigError."""
    if isinstance(setting, str) and setting:
        return load_map(setting)
    if isinstance(setting, Mapping):
        return parse_map(setting, "map")
    raise ConfigError(f"no register map given (setting map: {', '.join(map_names())} or a table)")


def _register(entry: object, defaults: Mapping, path: str, problems: Problems) -> Register:
    values = parse_table(entry, _REGISTER_FIELDS, path, problems)
    patterns = values.pop("no_value")
    values.pop("note")
    for key in ("function", "word_order", "byte_order"):
        values[key] = values[key] or defaults[key]
    if not values["scale"]:
        problems.add(f"{path}.scale", "must not be zero")
    if values["address"] + WORDS.get(values["type"], 1) > 65536:
        problems.add(f"{path}.address", "the value ends behind the last register")
    if not all(isinstance(pattern, int) for pattern in patterns):
        problems.add(f"{path}.no_value", "must be a list of whole numbers")
        patterns = ()
    values["aliases"] = tuple(map(str, values["aliases"]))
    return Register(no_value=frozenset(patterns), **values)


def _check_names(registers: Sequence[Register], source: str, problems: Problems) -> None:
    seen: set[str] = set()
    for register in registers:
        for name in register.names:
            if name in seen:
                problems.add(f"{source}.register", f"{name!r} stands twice")
            seen.add(name)
    factors = {register.name for register in registers if not register.multiplier}
    for register in registers:
        if register.multiplier and register.multiplier not in factors:
            text = f"{register.multiplier!r} is not a register without a multiplier of its own"
            problems.add(f"{source}.{register.name}", text)

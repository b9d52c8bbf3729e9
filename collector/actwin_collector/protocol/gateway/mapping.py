# SPDX-License-Identifier: MIT
"""Mappings as data: which meter a JSON message is from, and which paths are which registers.

``README.md`` beside this file explains every key. Own files lie in ``mappings/`` of the collector's
state folder.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from ...fields import Field, Problems, parse_list, parse_table
from ...model import ConfigError
from ...units import BASE_UNITS, EXACT, convert
from ..library import is_name, own_file
from .paths import look, moment, number

FOLDER = "mappings"
_MOST_VALUES = 2000
_LONGEST_NAME = 128
_VALUE_KEYS = {
    "path": Field(str),
    "register": Field(str, ""),
    "unit": Field(str, ""),
    "factor": Field(Decimal, Decimal(1)),
}
_LIST_KEYS = {
    "path": Field(str),
    "register": Field(str),
    "value": Field(str),
    "unit": Field(str, ""),
    "unit_path": Field(str, ""),
    "time": Field(str, ""),
    "factor": Field(Decimal, Decimal(1)),
}
_MAPPING_KEYS = {
    "name": Field(str, ""),
    "each": Field(str, ""),
    "sender": Field(list),
    "time": Field(str, ""),
    "when": Field(dict, {}),
    "value": Field(list, ()),
    "list": Field(list, ()),
    "example": Field(list, ()),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One value of a message, in a base unit; ``time`` only where it has one of its own."""

    register: str
    value: Decimal | str | None
    unit: str
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class JsonMapping:
    """A checked mapping; ``rules`` and ``lists`` are its tables."""

    name: str
    each: str
    senders: tuple[str, ...]
    time: str
    when: Mapping[str, object]
    rules: tuple[Mapping, ...]
    lists: tuple[Mapping, ...]
    examples: tuple[Mapping, ...]

    def sender(self, message: object, topic: str) -> str:
        """Return the meter's name in a message; empty when it has none or is another message."""
        if any(look(message, path) != wanted for path, wanted in self.when.items()):
            return ""
        names = [_name_part(part, message, topic) for part in self.senders]
        name = "" if None in names else "/".join(names)
        return name if len(name) <= _LONGEST_NAME else ""

    def values(self, message: object) -> list[Found]:
        """Return everything the mapping finds in a message."""
        found = [each for rule in self.rules for each in _ruled(message, rule)]
        found += [each for rule in self.lists for each in _listed(message, rule)]
        return found[:_MOST_VALUES]


def _name_part(part: str, message: object, topic: str) -> str | None:
    """``topic:N`` is the Nth part of the topic, negative from its end; else a path."""
    kind, colon, place = part.partition(":")
    if kind == "topic" and colon:
        steps = topic.split("/")
        at = int(place) if place.lstrip("-").isdecimal() else len(steps)
        return steps[at] if -len(steps) <= at < len(steps) and steps[at] else None
    value = look(message, part)
    return str(value) if isinstance(value, (str, int)) and str(value) else None


def _ruled(message: object, rule: Mapping) -> Iterator[Found]:
    """A path, of which one step may be ``*``: then each key there names a register."""
    head, star, tail = rule["path"].partition("*")
    if not star:
        value = look(message, rule["path"])
        if value is not None:
            yield _found(rule["register"] or rule["path"], value, rule["unit"], rule["factor"])
        return
    inner = look(message, head.strip("."))
    for key, value in inner.items() if isinstance(inner, Mapping) else ():
        value = look(value, tail.strip("."))
        if value is not None:
            register = (rule["register"] or "*").replace("*", str(key))
            yield _found(register, value, rule["unit"], rule["factor"])


def _listed(message: object, rule: Mapping) -> Iterator[Found]:
    """A list of objects that each name their register."""
    entries = look(message, rule["path"])
    for entry in entries if isinstance(entries, list) else ():
        register, value = look(entry, rule["register"]), look(entry, rule["value"])
        if register is None or value is None:
            continue
        unit = look(entry, rule["unit_path"]) if rule["unit_path"] else rule["unit"]
        time = moment(look(entry, rule["time"])) if rule["time"] else None
        yield _found(str(register), value, str(unit or ""), rule["factor"], time)


def _found(
    register: str, value: object, unit: str, factor: Decimal, time: datetime | None = None
) -> Found:
    known = number(value)
    if known is None:
        return Found(register, str(value), "", time)
    base = base_unit(unit)
    if base is None:
        # A number in a unit nobody knows is no reading.
        return Found(register, f"{value} {unit}", "", time)
    return Found(register, convert(EXACT.multiply(known, factor), unit, base), base, time)


# Units stand in messages: a sender must not fill the memory with names of his own.
@lru_cache(maxsize=256)
def base_unit(unit: str) -> str | None:
    """Return the base unit that a unit is a multiple of; None for an unknown one."""
    if unit in BASE_UNITS:
        return unit
    # Joules are energy as well: they stay joules, for their Wh are no finite decimals.
    for base in sorted(BASE_UNITS, key=lambda base: (base == "J") != unit.endswith("J")):
        with contextlib.suppress(ConfigError):
            if base:
                convert(Decimal(1), unit, base)
                return base
    return None


def parse_mapping(table: object, source: str) -> JsonMapping:
    """Return the mapping in a table; raises ConfigError naming every mistake."""
    problems = Problems()
    values = parse_table(table, _MAPPING_KEYS, source, problems)
    rules = _tables(values["value"], _VALUE_KEYS, f"{source}.value", problems)
    lists = _tables(values["list"], _LIST_KEYS, f"{source}.list", problems)
    if not rules and not lists:
        problems.add(source, "needs [[value]] or [[list]]")
    if not values["sender"]:
        problems.add(f"{source}.sender", "needs at least one path, or topic:N")
    for rule in (*rules, *lists):
        if base_unit(rule["unit"]) is None:
            problems.add(source, f"unknown unit {rule['unit']!r}")
    problems.finish(source)
    return JsonMapping(
        values["name"] or source,
        values["each"],
        tuple(map(str, values["sender"])),
        values["time"],
        values["when"],
        rules,
        lists,
        tuple(each for each in values["example"] if isinstance(each, Mapping)),
    )


def _tables(entries: Sequence, keys: Mapping, path: str, problems: Problems) -> tuple:
    listed = parse_list(entries, path, problems)
    return tuple(parse_table(entry, keys, place, problems) for place, entry in listed)


def mapping_names() -> list[str]:
    """Return the names of the mappings delivered with the collector."""
    found = (files(__package__) / "mappings").iterdir()
    return sorted(entry.name[:-5] for entry in found if entry.name.endswith(".toml"))


def mapping_of(setting: object) -> JsonMapping:
    """Return the mapping that a line's setting names or holds inline; raises ConfigError."""
    if isinstance(setting, Mapping):
        return parse_mapping(setting, "mapping")
    if isinstance(setting, str) and setting.endswith(".toml"):
        return _from_file(Path(setting))
    if is_name(setting):
        own = own_file(FOLDER, setting)
        return _from_file(own) if own else _shipped(setting)
    known = ", ".join(mapping_names())
    raise ConfigError(f"no mapping given (setting mapping: {known}, a .toml file, or a table)")


@cache
def _shipped(name: str) -> JsonMapping:
    try:
        text = (files(__package__) / "mappings" / f"{name}.toml").read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"no mapping {name!r} (known: {', '.join(mapping_names())})") from None
    return parse_mapping(tomllib.loads(text), name)


def _from_file(path: Path) -> JsonMapping:
    try:
        return parse_mapping(tomllib.loads(path.read_text("utf-8")), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"mapping {path}: {error}") from None

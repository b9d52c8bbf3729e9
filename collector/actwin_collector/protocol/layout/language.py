# SPDX-License-Identifier: MIT
"""The declarative language for payloads: TOML tables to checked layouts.

A file holds ``[[layout]]`` tables; each says for which messages it stands (``for``), what must
hold in the bytes (``min``, ``max``, ``when``), and lists ``[[layout.field]]`` and, for payloads of
tagged items, ``[layout.tlv]``. ``README.md`` beside this file explains every key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ...fields import Field as Key
from ...fields import Problems, parse_list, parse_table
from ...model import ConfigError
from .numbers import Decoder, value_type

MAX_REPEAT = 512
_FUNCTIONS = ("instantaneous", "maximum", "minimum", "error")
_FIELD_KEYS = {
    "name": Key(str, ""),
    "quantity": Key(str, ""),
    "unit": Key(str, ""),
    "at": Key(int, None),
    "type": Key(str, ""),
    "bits": Key(list, ()),
    "factor": Key(Decimal, Decimal(1)),
    "divisor": Key(int, 1, low=1),
    "offset": Key(Decimal, Decimal(0)),
    "sum": Key(list, ()),
    "running": Key(str, ""),
    "vif_at": Key(int, None, low=0),
    "none": Key(list, ()),
    "values": Key(dict, {}),
    "storage": Key(int, 0, low=0),
    "tariff": Key(int, 0, low=0),
    "subunit": Key(int, 0, low=0),
    "function": Key(str, "instantaneous", choices=_FUNCTIONS),
    "ts": Key(str, ""),
    "ts_step": Key(int, 0),
    "calendar": Key(bool, False),
    "repeat": Key(int, 1, low=1, high=MAX_REPEAT),
    "step": Key(int, None),
    "bit_step": Key(int, 0, low=0, high=64),
    "storage_step": Key(int, 1),
    "when": Key(list, ()),
}
_CONDITION_KEYS = {
    "at": Key(int, None),
    "type": Key(str, "u8"),
    "field": Key(str, ""),
    "bits": Key(list, ()),
    "equals": Key(list, ()),
    "not": Key(list, ()),
}
_TLV_KEYS = {
    "at": Key(int, 0, low=0),
    "tag": Key(int, 1, low=1, high=4),
    "end": Key(list, ()),
    "length_byte": Key(bool, False),
    "item": Key(list, ()),
}
_ITEM_KEYS = {
    "tag": Key(list),
    "size": Key(int, -1),
    "channel": Key(bool, False),
    "field": Key(list, ()),
}
_START_KEYS = {"at": Key(int, 0, low=0), "plus": Key(int, 0), "when": Key(list, ())}
_LAYOUT_KEYS = {
    "name": Key(str),
    "for": Key(list, ()),
    "source": Key(str, ""),
    "min": Key(int, 0, low=0),
    "max": Key(int, 4096, low=0),
    "when": Key(list, ()),
    "start": Key(dict, {}),
    "transform": Key(str, ""),
    "records_at": Key(int, None, low=0),
    "field": Key(list, ()),
    "tlv": Key(dict, {}),
    "vector": Key(list, ()),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must hold: a number in the bytes, or a field read before, is one of these."""

    at: int | None
    type: str
    field: str
    bits: tuple[tuple[int, int], ...]
    equals: frozenset[int]
    unequal: frozenset[int]


@dataclass(frozen=True, slots=True)
class Field:
    """One value, or ``repeat`` values ``step`` bytes apart; without quantity it is not shown."""

    name: str
    quantity: str
    unit: str
    at: int | None
    size: int
    decode: Decoder | None
    bits: tuple[tuple[int, int], ...]
    factor: Decimal
    divisor: int
    offset: Decimal
    sum: tuple[str, ...]
    running: str
    vif_at: int | None
    none: frozenset[Decimal]
    values: Mapping[Decimal, Decimal | str]
    storage: int
    tariff: int
    subunit: int
    function: str
    ts: str
    ts_step: int
    calendar: bool
    repeat: int
    step: int | None
    bit_step: int
    storage_step: int
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A tagged item: its tag as hex (``.`` any digit), its size (-1: its fields'), its fields."""

    tags: tuple[str, ...]
    size: int
    channel: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Items one after another from ``at`` on, until an end tag or the end of the bytes."""

    at: int
    tag: int
    end: frozenset[str]
    length_byte: bool
    exact: Mapping[str, Item]
    patterns: tuple[tuple[str, Item], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """One payload form; ``matches`` are its ``for`` tables, which the protocol interprets."""

    name: str
    matches: tuple[Mapping, ...]
    minimum: int
    maximum: int
    when: tuple[Condition, ...]
    start: tuple[int, int, tuple[Condition, ...]] | None
    transform: str
    records_at: int | None
    fields: tuple[Field, ...]
    tagged: Tagged | None
    vectors: tuple[Mapping, ...]


def parse_layouts(table: object, source: str) -> tuple[Layout, ...]:
    """Return the layouts of a document; raises ConfigError naming every mistake."""
    problems = Problems()
    document = parse_table(table, {"layout": Key(list)}, source, problems)
    found = [
        _layout(entry, path, problems)
        for path, entry in parse_list(document["layout"], f"{source}.layout", problems)
    ]
    problems.finish(source)
    return tuple(found)


def _layout(entry: object, path: str, problems: Problems) -> Layout:
    values = parse_table(entry, _LAYOUT_KEYS, path, problems)
    start = None
    if values["start"]:
        begin = parse_table(values["start"], _START_KEYS, f"{path}.start", problems)
        when = _conditions(begin["when"], f"{path}.start", problems)
        start = (begin["at"], begin["plus"], when)
    return Layout(
        values["name"],
        tuple(each for each in values["for"] if isinstance(each, Mapping)),
        values["min"],
        values["max"],
        _conditions(values["when"], path, problems),
        start,
        values["transform"],
        values["records_at"],
        _fields(values["field"], path, problems),
        _tagged(values["tlv"], f"{path}.tlv", problems) if values["tlv"] else None,
        tuple(each for each in values["vector"] if isinstance(each, Mapping)),
    )


def _tagged(entry: object, path: str, problems: Problems) -> Tagged:
    values = parse_table(entry, _TLV_KEYS, path, problems)
    items = []
    for place, each in parse_list(values["item"], f"{path}.item", problems):
        item = parse_table(each, _ITEM_KEYS, place, problems)
        tags = tuple(str(tag).upper() for tag in item["tag"])
        if any(len(tag) != 2 * values["tag"] for tag in tags):
            problems.add(f"{place}.tag", f"a tag has {2 * values['tag']} hex digits")
        fields = _fields(item["field"], place, problems)
        items.append(Item(tags, item["size"], item["channel"], fields))
    end = frozenset(str(tag).upper() for tag in values["end"])
    tags = [(tag, item) for item in items for tag in item.tags]
    # Of two items with the same tag the first counts.
    exact = {tag: item for tag, item in reversed(tags) if "." not in tag}
    patterns = tuple((tag, item) for tag, item in tags if "." in tag)
    return Tagged(values["at"], values["tag"], end, values["length_byte"], exact, patterns)


def _fields(entries: Sequence, path: str, problems: Problems) -> tuple[Field, ...]:
    listed = parse_list(entries, f"{path}.field", problems)
    return tuple(_field(entry, place, problems) for place, entry in listed)


def _field(entry: object, path: str, problems: Problems) -> Field:
    values = parse_table(entry, _FIELD_KEYS, path, problems)
    kind = values.pop("type")
    size, decode = _type(kind, path, problems) if kind else (0, None)
    if not kind and not values["sum"]:
        problems.add(path, "needs a type, or a sum of other fields")
    values["name"] = values["name"] or values["quantity"]
    values["sum"] = tuple(map(str, values["sum"]))
    values["bits"] = _bits(values["bits"], path, problems)
    values["none"] = frozenset(_decimals(values["none"], path, problems))
    values["values"] = _lookup(values["values"], path, problems)
    values["when"] = _conditions(values["when"], path, problems)
    return Field(size=size, decode=decode, **values)


def _type(name: str, path: str, problems: Problems) -> tuple[int, Decoder | None]:
    try:
        return value_type(name)
    except ConfigError as error:
        problems.add(f"{path}.type", error.message)
        return 0, None


def _bits(entry: Sequence, path: str, problems: Problems) -> tuple[tuple[int, int], ...]:
    """``[low, count]``, or several of them, the highest part first."""
    parts = [entry] if entry and isinstance(entry[0], int) else entry
    good = all(
        isinstance(part, Sequence)
        and len(part) == 2
        and all(isinstance(n, int) and 0 <= n <= 512 for n in part)
        for part in parts
    )
    if not good:
        problems.add(f"{path}.bits", "must be [lowest bit, number of bits] or a list of such")
        return ()
    return tuple((low, count) for low, count in parts)


def _decimals(entries: Sequence, path: str, problems: Problems) -> list[Decimal]:
    try:
        return [Decimal(str(each)) for each in entries]
    except InvalidOperation:
        problems.add(path, f"{entries!r} must be numbers")
        return []


def _lookup(table: Mapping, path: str, problems: Problems) -> dict[Decimal, Decimal | str]:
    keys = _decimals(list(table), f"{path}.values", problems)
    # Numbers that are no binary fraction are written as text; a text that is one is a number.
    return dict(zip(keys, map(_number_or_text, table.values()), strict=False))


def _number_or_text(value: object) -> Decimal | str:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value)


def _whole(entries: Sequence, path: str, problems: Problems) -> frozenset[int]:
    if not all(isinstance(each, int) for each in entries):
        problems.add(path, f"{entries!r} must be whole numbers")
        return frozenset()
    return frozenset(entries)


def _conditions(entries: Sequence, path: str, problems: Problems) -> tuple[Condition, ...]:
    found = []
    for place, entry in parse_list(entries, f"{path}.when", problems):
        values = parse_table(entry, _CONDITION_KEYS, place, problems)
        _type(values["type"], place, problems)
        if (values["at"] is None) == (not values["field"]):
            problems.add(place, "needs either at or field")
        found.append(
            Condition(
                values["at"],
                values["type"],
                values["field"],
                _bits(values["bits"], place, problems),
                _whole(values["equals"], place, problems),
                _whole(values["not"], place, problems),
            )
        )
    return tuple(found)

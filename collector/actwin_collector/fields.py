# SPDX-License-Identifier: MIT
"""Checks tables of plain values against declared fields and lists every mistake with its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .model import ConfigError

REQUIRED = object()


class Problems:
    """Collects mistakes; ``finish`` raises one ConfigError that names them all."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, path: str, text: str) -> None:
        """Note one mistake at a key path."""
        self.texts.append(f"{path}: {text}")

    def finish(self, source: str) -> None:
        """Raise ConfigError when there was any mistake."""
        if self.texts:
            listed = "".join(f"\n  {text}" for text in self.texts)
            raise ConfigError(f"{len(self.texts)} mistake(s) in {source}:{listed}")


@dataclass(frozen=True)
class Field:
    """One key: its type, its default (none = required), and what values it may take.

    ``zero_is_absent``: an empty number field of Odoo arrives as 0.
    """

    kind: type
    default: object = REQUIRED
    choices: Sequence = ()
    low: float | None = None
    high: float | None = None
    zero_is_absent: bool = False
    help: str = ""


def parse_table(
    table: object, fields: Mapping[str, Field], path: str, problems: Problems, strict: bool = True
) -> dict:
    """Return the checked values with defaults; ``strict`` makes unknown keys a mistake.

    ``False`` and empty text stand for "absent" as in Odoo's RPC, except for booleans.
    """
    if not isinstance(table, Mapping):
        problems.add(path, f"must be a table, not {type(table).__name__}")
        table = {}
    if strict:
        for key in sorted(set(table) - set(fields)):
            problems.add(f"{path}.{key}", f"unknown key (known: {', '.join(sorted(fields))})")
    return {key: _value(table, key, field, path, problems) for key, field in fields.items()}


def parse_list(tables: object, path: str, problems: Problems) -> list[tuple[str, object]]:
    """Return (path, entry) pairs of a list of tables."""
    if not isinstance(tables, Sequence) or isinstance(tables, str):
        problems.add(path, "must be a list of tables")
        return []
    return [(f"{path}[{at}]", entry) for at, entry in enumerate(tables)]


def _value(
    table: Mapping, key: str, field: Field, path: str, problems: Problems
) -> object:
    value = table.get(key)
    if _is_absent(value, field):
        if field.default is REQUIRED:
            problems.add(f"{path}.{key}", "is required")
            return field.kind()
        return field.default
    try:
        converted = _convert(value, field.kind)
    except (TypeError, ValueError, InvalidOperation):
        problems.add(f"{path}.{key}", f"{value!r} is not {_NAMES[field.kind]}")
        return field.kind() if field.default is REQUIRED else field.default
    _check_range(converted, field, f"{path}.{key}", problems)
    return converted


def _is_absent(value: object, field: Field) -> bool:
    if value is None or value == "":
        return True
    if field.kind is bool:
        return False
    return value is False or (value == 0 and field.zero_is_absent)


_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Decimal: "a decimal number",
    dict: "a table",
    list: "a list",
}


def _convert(value: object, kind: type) -> object:
    if kind is Decimal:
        # A binary float would smuggle its error in; its shortest text is what was written.
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
        return number
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value


def _check_range(value: object, field: Field, path: str, problems: Problems) -> None:
    if field.choices and value not in field.choices:
        problems.add(path, f"{value!r} is not one of {', '.join(map(str, field.choices))}")
    if field.low is not None and value < field.low:
        problems.add(path, f"{value} is below {field.low}")
    if field.high is not None and value > field.high:
        problems.add(path, f"{value} is above {field.high}")

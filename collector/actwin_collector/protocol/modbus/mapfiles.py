# SPDX-License-Identifier: MIT
"""Register maps as files of people: TOML, CSV (also as Turkish spreadsheets write it) and JSON.

What is read becomes the table that ``parse_map`` takes; every mistake is named with its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ...model import ConfigError
from ...units import BASE_UNITS, base_unit, convert, plain
from .registermap import RegisterMap, parse_map, plain_table

COLUMNS = (
    "name", "address", "type", "unit", "scale", "offset", "obis", "function", "word_order",
    "byte_order", "mask", "multiplier", "divider", "exponent", "length", "low", "high",
    "monotonic", "bits", "no_value", "aliases", "note",
)  # fmt: skip
FORMATS = ("toml", "csv", "json")
_LISTS = ("no_value", "aliases")
_WHOLE = ("address", "function", "mask", "length")
_DECIMAL = ("scale", "offset", "low", "high")
_HEAD = (
    "name", "manufacturer", "source", "note", "verified", "function", "word_order", "byte_order",
    "max_registers", "fill", "clock",
)  # fmt: skip
_TYPES = {"u": "uint", "s": "int", "i": "int", "f": "float", "float": "float", "double": "float64"}
_TYPE = re.compile(r"(u|s|i|f|uint|int|sint|float|real)_?(16|32|64)")
_PLACE = re.compile(r"^\s*[^\s:]*\.register\[(\d+)\]", re.MULTILINE)


def read_map_file(path: Path, head: Mapping[str, object] | None = None) -> dict:
    """Return the checked table of a file by its ending; ``head``: what a CSV cannot tell.

    Raises ConfigError that names every mistake with the line it stands in.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise ConfigError(f"{path.name}: the name must end in .toml, .csv or .json")
    table, lines = {"toml": _from_toml, "csv": _from_csv, "json": _from_json}[form](text, path.name)
    table = {**table, **(head or {})}
    table["register"] = [_in_base_unit(each) for each in table.get("register") or []]
    check(table, path.name, lines)
    return table


def check(table: Mapping, source: str, lines: list[int] | None = None) -> RegisterMap:
    """Return the map of a table; raises ConfigError with line numbers where they are known."""
    try:
        return parse_map(table, source)
    except ConfigError as error:
        raise ConfigError(_with_lines(error.message, source, lines or [])) from None


def to_toml(table: Mapping) -> str:
    """Return a table as TOML, numbers with a point as text so that they stay exact."""
    lines = ["# Register map: facts only. Addresses start at 0, as sent on the wire."]
    lines += [f"{key} = {_toml(table[key])}" for key in _HEAD if _is_said(table.get(key))]
    for register in table["register"]:
        lines += ["", "[[register]]"]
        lines += [
            f"{key} = {_toml(register[key])}" for key in COLUMNS if _is_said(register.get(key))
        ]
    return "\n".join(lines) + "\n"


def to_csv(table: Mapping) -> str:
    """Return the registers of a table as CSV with commas and points."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for register in table["register"]:
        writer.writerow([_cell(register.get(key)) for key in COLUMNS])
    return out.getvalue()


def to_json(table: Mapping) -> str:
    """Return a table as JSON."""
    return json.dumps(table, indent=1, ensure_ascii=False, default=str) + "\n"


def _from_toml(text: str, name: str) -> tuple[dict, list[int]]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}") from error
    rows = enumerate(text.splitlines(), 1)
    return table, [number for number, line in rows if line.strip() == "[[register]]"]


def _from_json(text: str, name: str) -> tuple[dict, list[int]]:
    try:
        table = json.loads(text, parse_float=str)
    except ValueError as error:
        raise ConfigError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{name}: must be an object with a list of registers")
    rows = table.get("register") or table.get("registers")
    if not isinstance(rows, list):
        raise ConfigError(f"{name}: 'register' must be a list")
    return dict(plain_table(table)) if "registers" in table else table, []


def _from_csv(text: str, name: str) -> tuple[dict, list[int]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header, registers, lines, problems = None, [], [], []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in row]
            _check_header(header, name, reader.line_num)
            continue
        try:
            registers.append(_register(header, row, decimal_comma=delimiter == ";"))
            lines.append(reader.line_num)
        except ConfigError as error:
            problems.append(f"{name}, line {reader.line_num}: {error.message}")
    if problems:
        listed = "".join(f"\n  {text}" for text in problems)
        raise ConfigError(f"{len(problems)} mistake(s):{listed}")
    return {"register": registers}, lines


def _check_header(header: list[str], name: str, line: int) -> None:
    unknown = [cell for cell in header if cell and cell not in COLUMNS]
    missing = {"name", "address"} - set(header)
    if unknown or missing:
        what = f"unknown column {unknown[0]!r}" if unknown else f"no column {sorted(missing)[0]!r}"
        raise ConfigError(f"{name}, line {line}: {what} (columns: {', '.join(COLUMNS)})")


def _register(header: list[str], row: list[str], decimal_comma: bool) -> dict:
    if len([cell for cell in row[len(header) :] if cell.strip()]):
        raise ConfigError(f"{len(row)} cells under {len(header)} columns")
    register: dict[str, object] = {}
    for key, cell in zip(header, (cell.strip() for cell in row), strict=False):
        if key and cell:
            register[key] = _value(key, cell, decimal_comma)
    return register


def _value(key: str, cell: str, decimal_comma: bool) -> object:
    if key in _LISTS:
        parts = cell.replace(",", " ").split()
        return [_whole(key, part) for part in parts] if key == "no_value" else parts
    if key in _WHOLE:
        return _whole(key, cell)
    if key == "bits":
        return dict(part.split("=", 1) for part in cell.split() if "=" in part)
    if key == "monotonic":
        return cell.lower() in ("true", "yes", "1")
    if key == "type":
        return _type(cell)
    if key in _DECIMAL:
        return cell.replace(",", ".") if decimal_comma else cell
    return cell


def _whole(key: str, cell: str) -> int:
    try:
        return int(cell, 0) if cell.lower().startswith("0x") else int(cell)
    except ValueError:
        text = f"{key}: {cell!r} is not a whole number (decimal, or hex as 0x…)"
        raise ConfigError(text) from None


def _type(cell: str) -> str:
    lower = cell.lower().replace("sint", "int").replace("real", "float")
    match = _TYPE.fullmatch(lower)
    if not match:
        return _TYPES.get(lower, lower) if lower == "double" else lower
    return _TYPES.get(match[1], match[1]) + match[2]


def _in_base_unit(register: object) -> object:
    """Return a register given in kWh or mA as one in Wh or A, so that nobody must reckon."""
    if not isinstance(register, Mapping) or register.get("unit") in (None, *BASE_UNITS):
        return register
    unit = str(register["unit"])
    try:
        base = base_unit(unit)
        factor = convert(Decimal(1), unit, base)
        scale = Decimal(str(register.get("scale", 1))) * factor
        offset = Decimal(str(register.get("offset", 0))) * factor
    except (ConfigError, InvalidOperation):
        return register
    changed = {**register, "unit": base, "scale": plain(scale.normalize())}
    return {**changed, "offset": plain(offset.normalize())} if offset else changed


def _with_lines(message: str, source: str, lines: list[int]) -> str:
    def place(match: re.Match[str]) -> str:
        at = int(match[1])
        if at < len(lines):
            return f"  {source}, line {lines[at]}: register"
        return f"  {source}, register {at + 1}: register"

    return _PLACE.sub(place, message)


def _is_said(value: object) -> bool:
    return value not in (None, "", [], (), {})


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{json.dumps(str(key))} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, int):
        return str(value).lower()
    # TOML's basic strings take JSON's escapes.
    return json.dumps(str(value), ensure_ascii=False)


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if isinstance(value, Mapping):
        return " ".join(f"{key}={each}" for key, each in value.items())
    return "" if value is None else str(value)

"""Register maps as the collector keeps them: read from TOML or CSV, written back; no Odoo here.

A map is a table of properties (``function``, ``word_order`` …) and a list of registers, each a
table of plain values. Numbers that must stay exact (``scale``, ``offset``) are texts.
"""

import csv
import io
import json
import tomllib
from decimal import Decimal, InvalidOperation

HEAD = (
    "name",
    "manufacturer",
    "source",
    "note",
    "verified",
    "function",
    "word_order",
    "byte_order",
    "max_registers",
    "fill",
    "clock",
)
REGISTER = {
    "name": str,
    "address": int,
    "type": str,
    "unit": str,
    "scale": str,
    "offset": str,
    "obis": str,
    "aliases": list,
    "length": int,
    "mask": int,
    "bits": dict,
    "no_value": list,
    "multiplier": str,
    "divider": str,
    "exponent": str,
    "low": str,
    "high": str,
    "monotonic": bool,
    "function": int,
    "word_order": str,
    "byte_order": str,
}
"""Properties a register may have; others are kept as they are, the collector judges them."""

MAX_REGISTERS = 2000
MAX_BYTES = 1_000_000


class MapError(ValueError):
    """A file that is no register map; ``place`` and ``code`` say where and why."""

    def __init__(self, code, place="", value=""):
        super().__init__(f"{place}: {code} {value}")
        self.code, self.place, self.value = code, place, str(value)[:80]


def read(text, filename=""):
    """(properties, registers) of a TOML or CSV text; raises MapError."""
    if len(text) > MAX_BYTES:
        raise MapError("too_big")
    as_csv = filename.lower().endswith(".csv")
    return _read_csv(text) if as_csv else _read_toml(text)


def _read_toml(text):
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MapError("no_toml", value=error) from error
    registers = table.pop("register", [])
    if not isinstance(registers, list):
        raise MapError("no_list", "register")
    return _checked(table, registers)


def _read_csv(text):
    text = text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
    if not rows or "name" not in (rows[0] or {}):
        raise MapError("no_csv")
    return _checked({}, [_cells(row) for row in rows])


def _cells(row):
    cells = {}
    for key, cell in row.items():
        kind = REGISTER.get(key)
        if not key or not isinstance(cell, str) or not cell.strip():
            continue
        cell = cell.strip()
        if kind in (dict, bool) or (kind is None and cell[0] in "[{"):
            cells[key] = _json(cell, key)
        elif kind is list:
            cells[key] = [_number_or_text(item) for item in cell.split()]
        elif kind is int and cell.lstrip("-").isdecimal():
            cells[key] = int(cell)
        else:
            cells[key] = cell
    return cells


def _json(cell, place):
    try:
        return json.loads(cell.lower() if cell.lower() in ("true", "false") else cell)
    except ValueError as error:
        raise MapError("wrong_kind", place, cell) from error


def _number_or_text(item):
    return int(item) if item.lstrip("-").isdecimal() and "." not in item else item


def _checked(head, registers):
    if len(registers) > MAX_REGISTERS:
        raise MapError("too_many", value=len(registers))
    head = {key: _plain(value, key) for key, value in head.items()}
    for key in ("name", "manufacturer", "source", "note"):
        if key in head:
            head[key] = _typed(head[key], str, key)
    return head, [_register(row, f"register {at}") for at, row in enumerate(registers, 1)]


def _register(row, place):
    if not isinstance(row, dict):
        raise MapError("no_table", place)
    name = row.get("name")
    place = f"{place} ({name})" if name else place
    register = {
        key: _typed(value, REGISTER.get(key), f"{place}.{key}") for key, value in row.items()
    }
    if not register.get("name"):
        raise MapError("no_name", place)
    if not 0 <= register.get("address", 0) <= 65535:
        raise MapError("bad_address", place, register["address"])
    for key in ("scale", "offset"):
        if key in register and not is_decimal(register[key]):
            raise MapError("no_number", f"{place}.{key}", register[key])
    return register


def _typed(value, kind, place):
    if kind is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    wrong_flag = isinstance(value, bool) and kind not in (bool, None)
    if kind and (not isinstance(value, kind) or wrong_flag):
        raise MapError("wrong_kind", place, value)
    return _plain(value, place)


def _plain(value, place, depth=3):
    """The value when JSON and XML-RPC can carry it; raises MapError."""
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return str(value)
    if depth and isinstance(value, list):
        return [_plain(item, place, depth - 1) for item in value]
    if depth and isinstance(value, dict):
        return {str(key): _plain(item, place, depth - 1) for key, item in value.items()}
    raise MapError("wrong_kind", place, value)


def is_decimal(text):
    """Whether a text is a finite decimal number."""
    try:
        return Decimal(text).is_finite()
    except (InvalidOperation, TypeError):
        return False


def to_toml(head, registers):
    """TOML text of a map, which ``read`` takes back."""
    lines = _pairs(head, HEAD)
    for register in registers:
        lines += ["", "[[register]]", *_pairs(register, REGISTER)]
    return "\n".join(lines) + "\n"


def _pairs(table, order):
    keys = [key for key in order if key in table] + [key for key in table if key not in order]
    return [f"{key} = {_literal(table[key])}" for key in keys if table[key] not in (None, "", [])]


def to_csv(registers):
    """CSV text of the registers, for a spreadsheet."""
    out = io.StringIO()
    further = sorted({key for register in registers for key in register} - REGISTER.keys())
    writer = csv.DictWriter(out, [*REGISTER, *further], lineterminator="\n")
    writer.writeheader()
    for register in registers:
        writer.writerow({key: _cell(key, value) for key, value in register.items()})
    return out.getvalue()


def _cell(key, value):
    if REGISTER.get(key) is list:
        return " ".join(map(str, value))
    plain = isinstance(value, (str, int)) and not isinstance(value, bool)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _literal(value):
    # A JSON text is a TOML basic string, and a JSON list of texts and numbers a TOML array.
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_literal(item)}" for key, item in value.items())
        return "{ " + inner + " }"
    return json.dumps(value, ensure_ascii=False)

"""One cell as the value its column holds, or the fault that says why not."""

import re
from decimal import Decimal

from .faults import CellFault
from .identity import compact_iban, compact_tax_number, is_tax_number
from .moments import parse_date, parse_moment, parse_time
from .numbers import is_scientific, parse_number
from .registers import known_unit
from .text import fold

_ERRORS = {
    "#N/A", "#YOK", "#REF!", "#BAŞV!", "#VALUE!", "#DEĞER!", "#DIV/0!", "#SAYI/0!", "#NAME?",
    "#AD?", "#NUM!", "#SAYI!", "#NULL!", "#BOŞ!", "#SPILL!", "#TAŞMA!",
}  # fmt: skip
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_PHONE = re.compile(r"\+?[\d\s()/.\-]{5,30}", re.ASCII)
_LIST = re.compile(r"[;,|/]")
_WITH_UNIT = re.compile(r"(.*\d[.,]?) ?([^\d\s.,%'].*)")


def convert(column, text, sign):
    """Value of the cell ``text`` in ``column``: text, Decimal, int, date, datetime, list, bool."""
    if text.startswith("#") and (text.upper() in _ERRORS or not text.strip("#")):
        raise CellFault("spreadsheet_error")
    if text.startswith("="):
        raise CellFault("formula")
    return _READERS[column.kind](column, text, sign)


def _text(column, text, _sign):
    if len(text) > column.longest:
        raise CellFault("too_long", limit=column.longest)
    return text


def _code(column, text, sign):
    """A text that names something: a serial number that a spreadsheet rounded names nothing."""
    if is_scientific(text):
        raise CellFault("scientific")
    return _text(column, text, sign)


def _number(column, text, sign):
    number = parse_number(text, sign, column.units, column.kind == "percent")
    low, high = column.low, column.high
    if low is not None and number < low or high is not None and number > high:
        raise CellFault("out_of_range", low=low, high=high)
    if -number.as_tuple().exponent > column.decimals and number != round(number, column.decimals):
        raise CellFault("too_many_decimals", limit=column.decimals)
    return number


def _measure(column, text, sign):
    """(number, its unit or None): 12,5 kWh says what it counts, 12,5 leaves it to the register."""
    found = _WITH_UNIT.fullmatch(text)
    unit = found and not is_scientific(text) and known_unit(found[2])
    return _number(column, found[1] if unit else text, sign), unit or None


def _integer(column, text, sign):
    number = _number(column, text, sign)
    if number != number.to_integral_value():
        raise CellFault("bad_integer")
    return int(number)


def _choice(column, text, _sign):
    found = column.choices.get(fold(text))
    if found is None:
        raise CellFault("unknown_choice")
    return found


def _ratio(column, text, sign):
    """150/5 as two numbers; one number stands for itself over 1."""
    parts = re.split(r"[/:]", text)
    if len(parts) > 2:
        raise CellFault("bad_ratio")
    numbers = [_number(column, part.strip(), sign) for part in parts]
    return (*numbers, Decimal(1))[:2]


def _email(_column, text, _sign):
    parts = [part.strip() for part in re.split(r"[;,]", text)]
    if not all(_EMAIL.fullmatch(part) for part in parts):
        raise CellFault("bad_email")
    return ", ".join(parts)


def _phone(_column, text, _sign):
    if is_scientific(text):
        raise CellFault("scientific")
    if not _PHONE.fullmatch(text):
        raise CellFault("bad_phone")
    return text


def _tax_number(_column, text, _sign):
    if not is_tax_number(text):
        raise CellFault("bad_tax_number")
    return compact_tax_number(text)


def _iban(_column, text, _sign):
    found = compact_iban(text)
    if not found:
        raise CellFault("bad_iban")
    return found


_READERS = {
    "text": _text,
    "code": _code,
    "number": _number,
    "measure": _measure,
    "percent": _number,
    "integer": _integer,
    "choice": _choice,
    "bool": _choice,
    "ratio": _ratio,
    "date": lambda _column, text, _sign: parse_date(text),
    "moment": lambda _column, text, _sign: parse_moment(text),
    "time": lambda _column, text, _sign: parse_time(text),
    "list": lambda _column, text, _sign: [
        part.strip() for part in _LIST.split(text) if part.strip()
    ],
    "email": _email,
    "phone": _phone,
    "tax_number": _tax_number,
    "iban": _iban,
}
KINDS = frozenset(_READERS)

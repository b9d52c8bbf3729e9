# SPDX-License-Identifier: MIT
"""Data fields of EN 13757-3: from bytes to exact decimals, texts and ISO dates.

A decoder returns None when the bytes hold no value: invalid BCD digits, a float that is no number,
a date the meter marks invalid. Callers keep the raw bytes beside it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial

from ...units import EXACT
from . import vif as kinds
from .vif import Vif

Value = Decimal | str | None
Decoder = Callable[[bytes], Value]
Unpacked = tuple[str, Callable[[int], Decimal]]

INT_LENGTHS = {1: 1, 2: 2, 3: 3, 4: 4, 6: 6, 7: 8}
_STRUCT_CODES = {1: "b", 2: "h", 4: "i", 7: "q"}
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
BCD_LENGTHS = {0x9: 1, 0xA: 2, 0xB: 3, 0xC: 4, 0xE: 6}
_TIME_KINDS = (kinds.DATE, kinds.DATETIME)
_SIGNED = (kinds.NUMBER, kinds.EVENT_TIME, kinds.BLOCK, kinds.PROFILE)


def fixed_length(data_field: int) -> int:
    """Number of data bytes of a DIF's low nibble; -1 when a length byte follows the header."""
    if data_field == 0xD:
        return -1
    if data_field == 5:
        return 4
    return INT_LENGTHS.get(data_field) or BCD_LENGTHS.get(data_field) or 0


def variable_length(lvar: int) -> int:
    """Number of bytes that follow the length byte LVAR; -1 for a reserved one."""
    if lvar <= 0xBF:
        return lvar
    if lvar <= 0xEF:
        return lvar & 0x0F
    return lvar & 0x0F if lvar <= 0xFA else -1


def make_decoder(data_field: int, vif: Vif) -> Decoder:
    """Return the function that turns a record's data bytes into its value in the base unit."""
    if data_field == 2 and vif.kind in _TIME_KINDS:
        return _date
    if data_field in INT_LENGTHS:
        return _integer_decoder(vif)
    if data_field in BCD_LENGTHS:
        return _bcd_decoder(vif)
    if data_field == 5:
        return lambda raw: _float(raw, vif)
    if data_field == 0xD:
        return lambda raw: _variable(raw, vif)
    return lambda raw: None


def _integer_decoder(vif: Vif) -> Decoder:
    if vif.kind in _TIME_KINDS:
        return time_text
    signed, factor, multiply = vif.kind in _SIGNED, vif.factor, EXACT.multiply
    if not vif.is_plain:
        return lambda raw: vif.scaled(Decimal(int.from_bytes(raw, "little", signed=signed)))
    if factor == 1:
        return lambda raw: Decimal(int.from_bytes(raw, "little", signed=signed))
    return lambda raw: multiply(Decimal(int.from_bytes(raw, "little", signed=signed)), factor)


def unpacked_decoder(data_field: int, vif: Vif) -> Unpacked | None:
    """Return a ``struct`` code and what makes the value of its integer; None where none does."""
    code = _STRUCT_CODES.get(data_field)
    if code is None or vif.kind in (*_TIME_KINDS, kinds.EVENT_TIME) or not vif.is_plain:
        return None
    make = Decimal if vif.factor == 1 else partial(EXACT.multiply, vif.factor)
    return code if vif.kind in _SIGNED else code.upper(), make


def _bcd_decoder(vif: Vif) -> Decoder:
    if vif.kind in _TIME_KINDS:
        return lambda raw: None
    if vif.kind == kinds.IDENTIFIER:
        return _digits
    factor, multiply = vif.factor, EXACT.multiply

    def decode(raw: bytes) -> Value:
        number = bcd_number(raw)
        return None if number is None else vif.scaled(number)

    def decode_at_once(raw: bytes) -> Value:
        try:
            return multiply(factor, int(raw[::-1].hex()))
        except ValueError:  # a minus sign, or no digits
            return decode(raw)

    return decode_at_once if vif.is_plain else decode


def bcd_number(raw: bytes) -> Decimal | None:
    """Return a little-endian BCD number; a leading F digit is a minus sign (EN 13757-3 type A)."""
    text = raw[::-1].hex()
    if text.isdecimal():
        return Decimal(text)
    if text[:1] == "f" and text[1:].isdecimal():
        return -Decimal(text[1:])
    return None


def _digits(raw: bytes) -> Value:
    text = raw[::-1].hex()
    return text if text.isdecimal() else None


def _float(raw: bytes, vif: Vif) -> Value:
    form = _FLOAT if len(raw) == 4 else _DOUBLE
    number = form.unpack(raw)[0]
    return vif.scaled(_shortest(number, form, raw)) if math.isfinite(number) else None


def _shortest(number: float, form: struct.Struct, wire: bytes) -> Decimal:
    """The shortest decimal that names this binary number: what the meter meant by it."""
    for digits in (6, 7, 8, 9) if form is _FLOAT else (15, 16, 17):
        text = f"{number:.{digits}g}"
        try:
            same = form.pack(float(text)) == wire
        except OverflowError:
            # Rounding up at the very top of the range leaves it; one digit more does not.
            continue
        if same:
            return Decimal(text)
    return Decimal(number)


def _variable(raw: bytes, vif: Vif) -> Value:
    lvar, data = raw[0], raw[1:]
    if vif.kind in (kinds.BLOCK, kinds.PROFILE) and not 0xC0 <= lvar <= 0xEF:
        return None
    if lvar <= 0xBF:
        return data[::-1].decode("latin-1").replace("\x00", "")
    if vif.kind in _TIME_KINDS:
        return time_text(data)
    if lvar <= 0xDF:
        number = bcd_number(data) if data else None
        return None if number is None else vif.scaled(-number if lvar >= 0xD0 else number)
    if lvar <= 0xEF:
        return _integer_decoder(vif)(data) if 0 < len(data) <= 8 else None
    return _float(data, vif) if len(data) in (4, 8) else None


def time_text(raw: bytes) -> str | None:
    """Return ISO text of a date or time of types G (2 bytes), J (3), F (4) or I (6 bytes)."""
    if len(raw) == 2:
        return _date(raw)
    if len(raw) == 3:
        return _clock(raw[2], raw[1], raw[0])
    if len(raw) == 4 and not raw[0] & 0x80:
        return _joined(_date(raw[2:]), _clock(raw[1], raw[0], 0))
    if len(raw) == 6 and not raw[1] & 0x80:
        return _joined(_date(raw[3:5]), _clock(raw[2], raw[1], raw[0]))
    return None


def _joined(day: str | None, clock: str | None) -> str | None:
    return f"{day}T{clock}" if day and clock else None


@lru_cache(maxsize=4096)
def _date(raw: bytes) -> str | None:
    year = raw[0] >> 5 | (raw[1] & 0xF0) >> 1
    if year > 99:
        return None
    # Two-digit years: EN 13757-3 puts 81..99 in the last century.
    century = 2000 if year <= 80 else 1900
    try:
        return date(century + year, raw[1] & 0x0F, raw[0] & 0x1F).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, second: int) -> str | None:
    hour, minute, second = hour & 0x1F, minute & 0x3F, second & 0x3F
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


def date_time_bytes(local: datetime) -> bytes:
    """Return a date and time as type F, to the minute."""
    year = local.year % 100
    day = local.day | (year & 7) << 5
    return bytes((local.minute, local.hour, day, local.month | (year & 0x78) << 1))

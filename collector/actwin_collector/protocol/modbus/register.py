# SPDX-License-Identifier: MIT
"""One value of a Modbus device: where it stands and how its words become a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from ...units import EXACT, divided
from . import texts
from .numbers import WORDS, decode_number, encode_number, to_bytes, to_words

TYPES = (*WORDS, *texts.WORDS)
Value = Decimal | str | None
# An exponent register with noise in it must not make a number of a million digits.
_MAX_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a device: where it stands and how its words become a number in ``unit``.

    value = (raw [& mask, shifted down]) × scale + offset, × the registers in ``multipliers``,
    ÷ the register ``divider``, × 10^(register ``exponent``). ``no_value`` are raw patterns that
    mean "nothing measured"; ``bits`` names single bits, and the value is the names of those set.
    A value outside ``low``..``high``, or of a ``monotonic`` register that fell, is suspect.
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
    multipliers: tuple[str, ...]
    no_value: frozenset[int]
    word_order: str
    byte_order: str
    length: int = 0
    divider: str = ""
    exponent: str = ""
    bits: tuple[tuple[int, str], ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    monotonic: bool = False

    @property
    def size(self) -> int:
        """How many registers (or coils) the value takes."""
        return self.length or WORDS.get(self.type) or texts.WORDS[self.type]

    @property
    def end(self) -> int:
        """The address behind the value."""
        return self.address + self.size

    @property
    def names(self) -> tuple[str, ...]:
        """The names a parameter may use: own name, OBIS code with and without ``A-B:``, aliases."""
        known = (self.name, self.obis, self.code, *self.aliases)
        return tuple(dict.fromkeys(name for name in known if name))

    @property
    def code(self) -> str:
        """The OBIS code without ``A-B:``."""
        return self.obis.rpartition(":")[2]

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the registers without which this one has no value."""
        return (*self.multipliers, *filter(None, (self.divider, self.exponent)))

    def decode(self, words: Sequence[int]) -> Value:
        """Return the value in ``unit`` before other registers change it, None for "no value"."""
        data = to_bytes(words, self.word_order, self.byte_order)
        raw = int.from_bytes(data, "big")
        if raw in self.no_value:
            return None
        if self.type in texts.WORDS:
            return texts.decode_text(data, self.type)
        if self.bits:
            return ",".join(name for bit, name in self.bits if raw >> bit & 1)
        if self.mask:
            shift = (self.mask & -self.mask).bit_length() - 1
            number = Decimal((raw & self.mask) >> shift)
        else:
            number = decode_number(data, self.type)
        if number is None:
            return None
        return EXACT.add(EXACT.multiply(number, self.scale), self.offset)

    def combine(self, value: Value, others: Mapping[str, Value]) -> Value:
        """Return ``value`` with the registers of ``needs`` applied; None when one has none."""
        if not self.needs or not isinstance(value, Decimal):
            return value
        if any(not isinstance(others.get(name), Decimal) for name in self.needs):
            return None
        for name in self.multipliers:
            value = EXACT.multiply(value, others[name])
        if self.exponent:
            exponent = others[self.exponent]
            if exponent != int(exponent) or abs(exponent) > _MAX_EXPONENT:
                return None
            value = value.scaleb(int(exponent), EXACT)
        return _quotient(value, others[self.divider]) if self.divider else value

    def encode(self, value: Decimal) -> tuple[int, ...]:
        """Return the words a device would hold for ``value``, cut to its resolution.

        Of a date and time, ``value`` is epoch seconds; of a text, its bytes as a number.
        """
        if self.type == "string":
            data = int(value).to_bytes(2 * self.size, "big")
        elif self.type in texts.WORDS:
            data = texts.encode_text(datetime.fromtimestamp(int(value), UTC), self.type)
        else:
            data = encode_number((value - self.offset) / self.scale, self.type)
        return to_words(data, self.word_order, self.byte_order)


def _quotient(value: Decimal, divisor: Decimal) -> Decimal | None:
    if not divisor:
        return None
    ratio = Fraction(divisor)
    return divided(EXACT.multiply(value, Decimal(ratio.denominator)), ratio.numerator)

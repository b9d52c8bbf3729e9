"""What pricing answers: lines, taxes, notes and totals. All numbers are Decimal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """``less`` is the part of the amount that does not enter the base of a tax, by its key."""

    key: str
    kind: str
    label: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    taxes: tuple[str, ...]
    start: datetime
    end: datetime
    version: str
    trace: Mapping[str, object]
    less: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """``line_amounts``/``line_bases`` are parallel to the bill's lines; Σ == amount/base."""

    key: str
    label: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    line_bases: tuple[Decimal, ...]
    line_amounts: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A verdict worth showing that is not a line (reactive inside its limit, for example)."""

    code: str
    text: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Bill:
    """``payable`` is the total and the carried rounding, rounded to the step of payment;
    ``rounding`` is payable − total − carry, and minus it is carried to the next bill."""

    lines: tuple[Line, ...]
    taxes: tuple[TaxAmount, ...]
    notes: tuple[Note, ...]
    untaxed: Decimal
    total: Decimal
    payable: Decimal
    rounding: Decimal

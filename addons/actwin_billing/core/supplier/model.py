"""What a supplier's bill says, and what we know ourselves. All numbers are Decimal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ..money import ZERO

GROUPS = {
    "energy": "energy", "market": "energy", "netting": "energy", "session_energy": "energy",
    "distribution": "distribution", "capacity": "capacity", "excess_demand": "excess",
    "reactive_inductive": "reactive", "reactive_capacitive": "reactive",
}
"""{kind of one of our lines: group of lines of a supplier's bill}; everything else is other."""

ORDER = ("energy", "distribution", "capacity", "excess", "reactive", "other")


@dataclass(frozen=True, slots=True)
class Index:
    """A register on the bill: indices, multiplier and the energy that was billed of it."""

    register: str
    first: Decimal
    last: Decimal
    multiplier: Decimal = Decimal(1)
    billed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line before taxes; ``group`` is one of ORDER."""

    label: str
    group: str
    amount: Decimal
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    band: str = ""


@dataclass(frozen=True, slots=True)
class SupplierBill:
    """``levy`` and ``vat`` are the amounts billed; rates are fractions (0.05). ``base`` is the
    base of VAT (matrah). What is None does not stand on the bill and is not checked."""

    number: str
    start: date
    end: date
    lines: tuple[Line, ...]
    indices: tuple[Index, ...] = ()
    levy: Decimal | None = None
    levy_rate: Decimal | None = None
    base: Decimal | None = None
    vat: Decimal | None = None
    vat_rate: Decimal | None = None
    total: Decimal | None = None
    rounding: Decimal = ZERO
    payable: Decimal | None = None

    def sum_of(self, *groups):
        return sum((line.amount for line in self.lines if line.group in groups), ZERO)

    def used(self, register="active_import"):
        """Energy billed of a register, or None."""
        found = [item.billed for item in self.indices
                 if item.register == register and item.billed is not None]
        return sum(found, ZERO) if found else None


@dataclass(frozen=True, slots=True)
class Ours:
    """Our own recomputation: ``amounts`` by group, ``indices`` and ``used`` by register, a mean
    day's energy as tolerance, and {(group, band): price} of the tariff."""

    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    indices: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    used: Mapping[str, Decimal] = field(default_factory=dict)
    days: int = 1
    prices: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``found`` on the bill against ``expected``, within ``tolerance``."""

    code: str
    subject: str
    ok: bool
    found: str
    expected: str
    tolerance: str

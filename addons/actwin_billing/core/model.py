"""Plain values the engine works on. All numbers are Decimal, all times aware datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

ACTIVE = "active_import"
INDUCTIVE = "reactive_inductive"
CAPACITIVE = "reactive_capacitive"
DEMAND = "demand"


@dataclass(frozen=True, slots=True)
class Limit:
    """Free share of reactive energy (0.20 = 20 % of active) below a connected power in kVA."""

    ratio: Decimal
    below_kva: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One price of a tariff version.

    ``kind`` picks the rule (``components.KINDS``), ``price`` is in currency per ``unit``,
    ``quantity`` names the register, ``band`` the time-of-use band of it. ``taxes`` are the keys
    of the taxes on the line. ``proration`` and ``limits`` serve only the kinds that use them.
    """

    key: str
    kind: str
    price: Decimal
    label: str = ""
    unit: str = "kWh"
    quantity: str = ACTIVE
    band: str = ""
    taxes: tuple[str, ...] = ()
    proration: str = "days_in_month"
    limits: tuple[Limit, ...] = ()
    exempt_up_to_kva: Decimal | None = None
    missing_rule: str = "none"


@dataclass(frozen=True, slots=True)
class Version:
    """Components valid in [valid_from, valid_to); the next version ends it when open."""

    valid_from: datetime
    components: tuple[Component, ...]
    valid_to: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """Percent tax. ``rate`` 0.20 = 20 %. ``include_in_base``: part of the base of later taxes.

    ``rounding`` "total" rounds once on the whole base, "line" per line and adds up.
    """

    key: str
    rate: Decimal
    label: str = ""
    include_in_base: bool = False
    rounding: str = "total"


@dataclass(frozen=True, slots=True)
class Transformer:
    """Loss of the subscriber's own transformer when it is metered on the low-voltage side."""

    mode: str = "none"
    no_load_kw: Decimal = Decimal(0)
    load_kw: Decimal = Decimal(0)
    rated_kva: Decimal = Decimal(0)
    cos_phi: Decimal = Decimal("0.95")
    percent: Decimal = Decimal(0)
    hours: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Facts of the subscription that prices depend on."""

    contract_kw: Decimal | None = None
    connection_kva: Decimal | None = None
    reactive_exempt: bool = False
    reactive_waiver: str = ""
    transformer: Transformer = field(default_factory=Transformer)


@dataclass(frozen=True, slots=True)
class Segment:
    """Measured quantities of one part of the period (an index snapshot or a profile sum)."""

    start: datetime
    end: datetime
    quantities: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A line given as an amount: correction, late fee, pass-through."""

    key: str
    amount: Decimal
    label: str = ""
    taxes: tuple[str, ...] = ()
    quantity: Decimal = Decimal(1)
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A printed or agreed amount that replaces the computed one; both stay in the trace."""

    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Rounding:
    mode: str = "half_up"
    money: int = 2
    quantity: int = 3


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one bill depends on."""

    start: datetime
    end: datetime
    segments: tuple[Segment, ...]
    versions: tuple[Version, ...]
    taxes: tuple[Tax, ...] = ()
    subscriber: Subscriber = field(default_factory=Subscriber)
    adjustments: tuple[Adjustment, ...] = ()
    overrides: Mapping[str, Override] = field(default_factory=dict)
    rounding: Rounding = field(default_factory=Rounding)
    currency: str = "TRY"


@dataclass(frozen=True, slots=True)
class Line:
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
    lines: tuple[Line, ...]
    taxes: tuple[TaxAmount, ...]
    notes: tuple[Note, ...]
    untaxed: Decimal
    total: Decimal

"""What one bill depends on besides its tariff. All numbers Decimal, all times aware datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .model import Tax, Version
from .series import Series


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
    """Facts of the subscription that prices depend on.

    ``units`` is the number of flats behind the meter; ``facts`` are figures of the user's own
    (an area, persons …) that formulas may name.
    """

    contract_kw: Decimal | None = None
    connection_kva: Decimal | None = None
    reactive_exempt: bool = False
    reactive_waiver: str = ""
    units: Decimal = Decimal(1)
    facts: Mapping[str, Decimal] = field(default_factory=dict)
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
class Session:
    """One charge of an electric vehicle; ``idle_minutes`` it stood there full."""

    key: str
    start: datetime
    end: datetime
    kwh: Decimal
    idle_minutes: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class MarketPrices:
    """Published prices in currency/MWh.

    ``ptf`` is the hourly day-ahead price and ``matched`` the volumes it was matched with, as
    weights; ``ptf_mean`` stands for both when only the mean of the period is known. ``yekdem``
    are (valid from, price) in time order.
    """

    ptf: Series | None = None
    matched: Series | None = None
    ptf_mean: Decimal | None = None
    yekdem: tuple[tuple[datetime, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Payable:
    """Round what is to be paid to ``step``; ``carry`` is what earlier roundings left over."""

    step: Decimal
    carry: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one bill depends on.

    ``profile`` are the intervals of registers: they split the period at price changes and give
    the bands of a version's calendar and the demand. ``price_split`` "lines" prints a line for
    each version inside the period, "prices" one for each price, "weighted" one at the mean price.
    """

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
    profile: Mapping[str, Series] = field(default_factory=dict)
    market: MarketPrices = field(default_factory=MarketPrices)
    sessions: tuple[Session, ...] = ()
    payable: Payable | None = None
    price_split: str = "lines"

"""What a tariff is made of. All numbers are Decimal, all times aware datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .time_of_use import Calendar

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
class Tier:
    """A price up to ``up_to`` units of the tier's time (None: whatever is above the others)."""

    key: str
    price: Decimal
    up_to: Decimal | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Market:
    """Price of an hour: (ptf × PTF + yekdem × YEKDEM) / 1000 + the component's price.

    ``ptf`` and ``yekdem`` are factors: both 1.0938 is the last-resort tariff, (1.02, 1) a
    contract that passes YEKDEM through. The published prices are in currency/MWh. ``by`` "hour"
    weights them by the profile, "mean" takes the means of the period, "" the profile if there is.
    """

    ptf: Decimal = Decimal(1)
    yekdem: Decimal = Decimal(1)
    by: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One price of a tariff version.

    ``kind`` picks the rule (``components.KINDS``), ``price`` is in currency per ``unit``,
    ``quantity`` names the register, ``band`` the time-of-use band of it. ``taxes`` are the keys
    of the taxes on the line, ``less`` what of the price stays out of the base of a tax, in
    currency per ``unit`` by tax key. The rest serves only the kinds that use it.
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
    less: Mapping[str, Decimal] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    tier_period: str = "day"
    tier_per_unit: bool = False
    market: Market | None = None
    of: tuple[str, ...] = ()
    formula: str = ""
    netting: str = "period"


@dataclass(frozen=True, slots=True)
class Version:
    """Components valid in [valid_from, valid_to); the next version ends it when open.

    ``calendar`` tells which band an interval of a load profile belongs to.
    """

    valid_from: datetime
    components: tuple[Component, ...]
    valid_to: datetime | None = None
    key: str = ""
    calendar: Calendar | None = None


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

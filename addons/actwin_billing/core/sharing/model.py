"""Who shares what. All numbers are Decimal, all times aware datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ..periods import days


@dataclass(frozen=True, slots=True)
class Stay:
    """A payer in a unit for [start, end), with what it consumed in that time."""

    payer: str
    start: datetime
    end: datetime
    consumption: Decimal | None = None
    facts: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unit:
    """A flat, shop or plot: its facts (area_m2, land_share, persons …), its stays and its owner,
    who pays while nobody stays. ``estimated`` marks a consumption that no device measured."""

    key: str
    owner: str
    facts: Mapping[str, Decimal]
    stays: tuple[Stay, ...] = ()
    consumption: Decimal | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A unit and one payer of it: what a key weighs. ``time`` is its share of the period."""

    unit: Unit
    payer: str
    time: Decimal
    facts: Mapping[str, Decimal]
    consumption: Decimal | None
    vacant: bool


@dataclass(frozen=True, slots=True)
class Key:
    """How a sum is divided.

    ``kind``: equal, fact (by ``fact``), consumption, fixed (``shares`` by unit), weighted
    (``parts``: pairs of share and key) or formula (over facts, consumption and time).
    ``by_time``: whoever stays half the period weighs half.
    """

    kind: str
    fact: str = ""
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    parts: tuple[tuple[Decimal, "Key"], ...] = ()
    formula: str = ""
    by_time: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """A sum to be shared, by a key, among all units but the excluded ones."""

    key: str
    amount: Decimal
    by: Key
    label: str = ""
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """What a payer owes of a pool for a unit, and how that came about."""

    pool: str
    unit: str
    payer: str
    amount: Decimal
    weight: Decimal
    total_weight: Decimal
    vacant: bool
    trace: Mapping[str, object]


def parts_of(units, start, end):
    """[Part] of units in [start, end): one for each stay and one for the time nobody stays.

    Raises ValueError for stays that overlap or lie outside the period.
    """
    whole, found = days(start, end), []
    for unit in units:
        cursor, stays = start, []
        for stay in sorted(unit.stays, key=lambda item: item.start):
            begin, stop = max(stay.start, start), min(stay.end, end)
            if begin >= stop:
                continue
            if begin < cursor:
                raise ValueError(f"two stays of {unit.key} overlap")
            if begin > cursor:
                stays.append(_vacant(unit, days(cursor, begin) / whole))
            stays.append(Part(
                unit, stay.payer, days(begin, stop) / whole, {**unit.facts, **stay.facts},
                stay.consumption, vacant=False))
            cursor = stop
        if cursor < end:
            stays.append(_vacant(unit, days(cursor, end) / whole))
        found += _with_consumption(unit, stays)
    return found


def _vacant(unit, time):
    return Part(unit, unit.owner, time, unit.facts, None, vacant=True)


def _with_consumption(unit, stays):
    """A unit's one reading belongs to its one payer, or to several by their time."""
    if unit.consumption is None or any(part.consumption is not None for part in stays):
        return stays
    return [replace(part, consumption=unit.consumption * part.time) for part in stays]

# SPDX-License-Identifier: MIT
"""What single makers mean by codes the standard leaves to them.

Data, not code: by manufacturer letters, from the general decoder's quantity to (quantity, base
unit, factor from the number on the wire, ``a/b`` for one that is no decimal). Sources: real
telegrams with known readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ...model import Record
from ...units import EXACT, divided

Meaning = tuple[str, str, str]

_OWN = "manufacturer_specific_"
_PHASES = ("l1", "l2", "l3")
_LINES = ("l1_l2", "l2_l3", "l3_l1")


def _phases(quantity: str, unit: str, named: Sequence[str], first: int = 1) -> dict[str, Meaning]:
    """Names for ``quantity`` with the makers' own VIFEs first, first + 1, …"""
    wire = "dimensionless" if quantity == "power_factor" else quantity
    return {
        f"{wire}_maker_{code:02x}": (f"{quantity}_{name}", unit, "1")
        for code, name in enumerate(named, first)
    }


MAKERS: Mapping[str, Mapping[str, Meaning]] = {
    # Axioma's Q400 tells what is left of its battery in percent, where others tell days.
    "AXI": {"battery_remaining": ("battery_remaining_percent", "", "1/86400")},
    # Schneider Electric iEM3000. Records with subunit 1 are reactive, with subunit 2 apparent.
    "SEC": {
        **_phases("current", "A", ("average", *_PHASES), 0),
        **_phases("voltage", "V", (*_PHASES, "average", *_LINES, "line_average")),
        **_phases("power", "W", _PHASES),
        **_phases("energy", "Wh", _PHASES),
        "energy_maker_09": ("energy_backward", "Wh", "1"),
        "energy_maker_0d": ("energy_partial", "Wh", "1"),
        f"{_OWN}0a": ("power_factor", "", "1"),
        f"{_OWN}0b": ("frequency", "Hz", "1"),
        f"{_OWN}24": ("nominal_frequency", "Hz", "1"),
    },
    # eBZ and Easymeter tell the power of each phase; eBZ no sum.
    "EBZ": _phases("power", "W", _PHASES),
    "ESY": _phases("power", "W", _PHASES),
    # IME energy meters: FF, a code for the measure, then a standard VIF; Nemo: VIFE FF and a code.
    "IME": {
        f"{_OWN}00043b": ("energy_forward", "Wh", "10"),
        f"{_OWN}00043c": ("energy_backward", "Wh", "10"),
        f"{_OWN}01043b": ("reactive_energy_forward", "varh", "10"),
        f"{_OWN}01043c": ("reactive_energy_backward", "varh", "10"),
        f"{_OWN}0748": ("voltage", "V", "0.1"),
        f"{_OWN}0848": ("voltage_line_to_line", "V", "0.1"),
        f"{_OWN}0959": ("current", "A", "0.001"),
        f"{_OWN}0a48": ("frequency", "Hz", "0.1"),
        f"{_OWN}5a": ("frequency", "Hz", "0.1"),
        **_phases("power", "W", _PHASES),
        **_phases("power_factor", "", _PHASES),
        **_phases("voltage", "V", _LINES, 4),
        "current_maker_04": ("current_neutral", "A", "1"),
    },
}

# Sums that a maker's meters leave to the reader: quantity → its parts.
SUMS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "EBZ": {"power": tuple(f"power_{phase}" for phase in _PHASES)},
}


def name_makers_codes(manufacturer: str, records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records with a known maker's own codes named and scaled, and sums added."""
    meanings = MAKERS.get(manufacturer)
    if not meanings:
        return tuple(records)
    named = tuple(_named(record, meanings.get(record.quantity)) for record in records)
    return (*named, *_sums(SUMS.get(manufacturer, {}), named))


def _sums(wanted: Mapping[str, Sequence[str]], records: Sequence[Record]) -> Iterator[Record]:
    for quantity, parts in wanted.items():
        found = [r for r in records if r.quantity in parts and isinstance(r.value, Decimal)]
        if len(found) == len(parts) and not any(r.quantity == quantity for r in records):
            yield Record(quantity, sum((r.value for r in found), Decimal(0)), found[0].unit)


def _named(record: Record, meaning: Meaning | None) -> Record:
    if meaning is None:
        return record
    quantity, unit, factor = meaning
    value = record.value
    if isinstance(value, Decimal):
        factor, _, divisor = factor.partition("/")
        value = divided(EXACT.multiply(value, Decimal(factor)), int(divisor or 1))
    return replace(record, quantity=quantity, unit=unit, value=value)

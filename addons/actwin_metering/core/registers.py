"""What a register counts, from its OBIS code or the unit a device sends it in."""

import re

CUMULATIVE = {"Wh", "varh", "VAh", "J", "m3", "kg", "HCA"}
_UNITS = {
    "Wh": "kWh",
    "varh": "kvarh",
    "VAh": "kVAh",
    "J": "kWh",
    "W": "kW",
    "var": "kvar",
    "VA": "kVA",
}
"""Unit of a channel for a register's base unit; others are kept."""

_QUANTITIES = (
    ("1.8", "active_import", "Wh"),
    ("2.8", "active_export", "Wh"),
    ("3.8", "reactive_inductive", "varh"),
    ("5.8", "reactive_inductive", "varh"),
    ("4.8", "reactive_capacitive", "varh"),
    ("8.8", "reactive_capacitive", "varh"),
    ("1.6", "demand", "W"),
)
_BY_UNIT = {
    "m3": "volume",
    "J": "heat",
    "V": "voltage",
    "A": "current",
    "W": "power",
    "var": "power",
    "°C": "temperature",
    "Wh": "active_import",
}
_BY_COMMODITY = {
    "water": ("volume", "m3"),
    "gas": ("volume", "m3"),
    "heat": ("heat", "J"),
    "cooling": ("heat", "J"),
}
_BANDED = re.compile(r"[12]\.8\.([1-4])")
_SHORT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._\-]{0,31}", re.ASCII)


def short_code(code):
    """The code as channels use it: 1.8.0 for 1-0:1.8.0."""
    return code.rpartition(":")[2]


def channel_values(code, unit):
    """Field values of a channel for a register that a device sends in ``unit``."""
    short = short_code(code)
    by_code = next((name for prefix, name, _u in _QUANTITIES if _is_of(short, prefix)), None)
    return {
        "obis": short,
        "unit": _UNITS.get(unit, unit) or "1",
        "kind": "index" if unit in CUMULATIVE else "instant",
        "quantity": by_code or _BY_UNIT.get(unit, "other"),
    }


def from_code(code, commodity):
    """Field values of a channel for an OBIS code alone, None when it does not say enough."""
    short = short_code(code)
    if not _SHORT.fullmatch(short):
        return None
    if commodity in _BY_COMMODITY:
        quantity, unit = _BY_COMMODITY[commodity]
        return channel_values(short, unit) | {"quantity": quantity}
    unit = next((unit for prefix, _name, unit in _QUANTITIES if _is_of(short, prefix)), None)
    if unit is None:
        return None
    values = channel_values(short, unit)
    banded = _BANDED.fullmatch(short)
    return values | {"band": f"t{banded[1]}"} if banded else values


def _is_of(short, prefix):
    return short.startswith(f"{prefix}.")

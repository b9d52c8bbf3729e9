# SPDX-License-Identifier: MIT
"""Combinable value information extensions of EN 13757-3: what they do to a record's meaning."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .vif import DATE, DATETIME, EVENT_TIME, NUMBER, PROFILE, Vif

_MAKER = 0x7F
_SECOND_TABLE = 0x7C

# A code here makes the value another one than the plain quantity, so the name must say it: a
# register called "volume" may never be fed by the backward volume.
_SUFFIX = {
    0x12: "average",
    0x14: "relative_deviation",
    0x1D: "standard_conform",
    0x20: "per_second",
    0x21: "per_minute",
    0x22: "per_hour",
    0x23: "per_day",
    0x24: "per_week",
    0x25: "per_month",
    0x26: "per_year",
    0x27: "per_revolution",
    0x28: "per_pulse_input_0",
    0x29: "per_pulse_input_1",
    0x2A: "per_pulse_output_0",
    0x2B: "per_pulse_output_1",
    0x2C: "per_litre",
    0x2D: "per_m3",
    0x2E: "per_kg",
    0x2F: "per_k",
    0x30: "per_kwh",
    0x31: "per_gj",
    0x32: "per_kw",
    0x33: "per_k_litre",
    0x34: "per_v",
    0x35: "per_a",
    0x36: "times_s",
    0x37: "times_s_per_v",
    0x38: "times_s_per_a",
    0x3A: "uncorrected",
    0x3B: "forward",
    0x3C: "backward",
    0x3D: "alternate_unit",
    0x3E: "base_conditions",
    0x3F: "obis_declaration",
    0x40: "lower_limit",
    0x41: "lower_limit_count",
    0x48: "upper_limit",
    0x49: "upper_limit_count",
    0x68: "during_lower_limit",
    0x69: "leakage",
    0x6C: "during_upper_limit",
    0x6D: "overflow",
    0x7E: "future",
}
# These change the measure itself: the base unit of the bare quantity no longer holds.
_UNIT_CHANGING = frozenset([0x14, *range(0x20, 0x28), *range(0x2C, 0x39), 0x41, 0x49])
# Compact profiles: inverse, with registers, without registers.
_PROFILES = (0x13, 0x1E, 0x1F)
_TIME_POINTS = {
    0x39: "start",
    0x42: "lower_limit_first_begin",
    0x43: "lower_limit_first_end",
    0x46: "lower_limit_last_begin",
    0x47: "lower_limit_last_end",
    0x4A: "upper_limit_first_begin",
    0x4B: "upper_limit_first_end",
    0x4E: "upper_limit_last_begin",
    0x4F: "upper_limit_last_end",
    0x6A: "first_begin",
    0x6B: "first_end",
    0x6E: "last_begin",
    0x6F: "last_end",
}
_FACTORS = {code: Decimal(1).scaleb(code - 0x76) for code in range(0x70, 0x78)}
_FACTORS[0x7D] = Decimal(1000)
_CLOCK = tuple(map(Decimal, (1, 60, 3600, 86400)))
_LIMIT_DURATIONS = ("lower_first", "lower_last", "upper_first", "upper_last")
_SECOND = {
    0x01: "l1",
    0x02: "l2",
    0x03: "l3",
    0x04: "neutral",
    0x05: "l1_l2",
    0x06: "l2_l3",
    0x07: "l3_l1",
    0x08: "q1",
    0x09: "q2",
    0x0A: "q3",
    0x0B: "q4",
    0x0C: "delta",
    0x10: "absolute",
}


def apply_extensions(vif: Vif, codes: bytes) -> Vif:
    """Return ``vif`` as changed by the extension bytes that follow it, in order."""
    position = 0
    while position < len(codes):
        code = codes[position] & 0x7F
        position += 1
        if code == _MAKER:
            rest = bytes(byte & 0x7F for byte in codes[position:])
            return _named(vif, f"maker_{rest.hex()}" if rest else "maker")
        if code == _SECOND_TABLE and position < len(codes):
            second = codes[position] & 0x7F
            vif = _named(vif, _SECOND.get(second, f"fc{second:02x}"))
            position += 1
        else:
            vif = _combine(vif, code)
    return vif


def _combine(vif: Vif, code: int) -> Vif:
    if code in _FACTORS:
        return _times(vif, _FACTORS[code])
    if 0x78 <= code <= 0x7B:
        # In the unit of the VIF's own table, which for all of them is the base unit.
        step = Decimal(1).scaleb(code - 0x7B)
        return replace(vif, offset=vif.offset + step * vif.divisor)
    if code in _PROFILES:
        return replace(_named(vif, "profile"), kind=PROFILE)
    if code in _TIME_POINTS:
        return _time_point(vif, _TIME_POINTS[code])
    if 0x50 <= code <= 0x5F:
        name = f"{_LIMIT_DURATIONS[(code >> 2) & 3]}_limit_duration"
        return _duration(vif, name, code)
    if 0x60 <= code <= 0x67:
        return _duration(vif, "last_duration" if code & 4 else "first_duration", code)
    if 0x01 <= code <= 0x1D and code not in _SUFFIX:
        return _named(vif, f"error_{code:02x}")
    if code == 0:
        return vif
    changed = _named(vif, _SUFFIX.get(code, f"vife_{code:02x}"))
    if code in _UNIT_CHANGING or code not in _SUFFIX:
        return replace(changed, unit="")
    return changed


def _times(vif: Vif, factor: Decimal) -> Vif:
    return replace(vif, factor=vif.factor * factor, offset=vif.offset * factor)


def _named(vif: Vif, suffix: str) -> Vif:
    return replace(vif, quantity=f"{vif.quantity}_{suffix}")


def _time_point(vif: Vif, name: str) -> Vif:
    if vif.kind in (DATE, DATETIME):
        return _named(vif, name)
    # The value stays the bare number that other decoders print; the time itself goes to ``ts``.
    return replace(_named(vif, name), unit="", kind=EVENT_TIME)


def _duration(vif: Vif, name: str, code: int) -> Vif:
    return Vif(f"{vif.quantity}_{name}", "s", _CLOCK[code & 3], NUMBER)

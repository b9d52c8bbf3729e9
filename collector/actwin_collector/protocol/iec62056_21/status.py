# SPDX-License-Identifier: MIT
"""Names for the bits meters report: F.F.0 of Turkish meters, status words of VDEW profiles."""

from __future__ import annotations

import re

_PHASES = "RST"
# bit → name; "!" marks bits that say "good" when set
_MASS = {
    0: "clock_fault",
    1: "measuring_chip_fault",
    2: "critical_measuring_fault",
    3: "rs485_fault",
    4: "not_calibrated",
    5: "terminal_cover_open",
    6: "body_cover_open",
    7: "body_cover_was_open",
    **{8 + at: f"current_without_voltage_{phase}" for at, phase in enumerate(_PHASES)},
    **{11 + at: f"magnetic_influence_{phase}" for at, phase in enumerate(_PHASES)},
    **{14 + at: f"register_stuck_T{at + 1}" for at in range(3)},
    **{17 + at: f"no_progress_{phase}" for at, phase in enumerate(_PHASES)},
    **{20 + at: f"phase_missing_{phase}" for at, phase in enumerate(_PHASES)},
    23: "all_phases_missing",
    24: "current_warning",
    25: "voltage_warning",
    26: "active_register_ran_backwards",
    27: "reactive_register_ran_backwards",
    28: "capacitive_register_ran_backwards",
    29: "demand_without_progress",
    30: "total_differs_from_tariffs",
    31: "tariff_4_counts",
    32: "tariff_slots_faulty",
    33: "tariff_year_differs",
    34: "calibration_year_differs",
    35: "constant_demand_3_months",
    36: "memory_fault",
    37: "!system_battery_low",
    38: "!clock_battery_low",
    **{39 + at: f"many_outages_{phase}" for at, phase in enumerate(_PHASES)},
    42: "many_current_warnings",
    43: "many_voltage_warnings",
    44: "high_demand",
    **{45 + at: f"overvoltage_{phase}" for at, phase in enumerate(_PHASES)},
    **{48 + at: f"undervoltage_{phase}" for at, phase in enumerate(_PHASES)},
    **{51 + at: f"overcurrent_{phase}" for at, phase in enumerate(_PHASES)},
    54: "phase_neutral_unbalance",
    55: "relay_fault",
}
_VDEW = {
    0: "fatal_error",
    1: "running_reserve_exhausted",
    2: "measured_value_disturbed",
    3: "season_change",
    4: "reset",
    5: "clock_set",
    6: "power_up",
    7: "power_down",
}
_MASS_TEXT = re.compile(r"[0-9A-Fa-f]{16}")
_WORD = re.compile(r"[0-9A-Fa-f]{1,16}")


def mass_flags(text: str) -> dict[int, str]:
    """Return the abnormal bits of a Turkish F.F.0 by number; nothing when it is not one."""
    if not _MASS_TEXT.fullmatch(text):
        return {}
    word = int(text, 16)
    flags = {}
    for bit in range(64):
        name = _MASS.get(bit, f"bit_{bit}")
        if bool(word >> bit & 1) != name.startswith("!"):
            flags[bit] = name.removeprefix("!")
    return flags


def vdew_flags(text: str) -> list[str]:
    """Return the names of the bits set in a profile's or log's status word."""
    if not _WORD.fullmatch(text):
        return []
    word = int(text, 16)
    return [
        _VDEW.get(bit, f"bit_{bit}") for bit in range(word.bit_length()) if word >> bit & 1
    ]

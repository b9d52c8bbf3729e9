# SPDX-License-Identifier: MIT
"""What can be set for an IEC 62056-21 device, in its settings or by a quirk file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...fields import Field

_EMPTY: Mapping = MappingProxyType({})
_NONE: tuple = ()

_DECLARED: dict[str, tuple[Field, str]] = {
    "mode": (
        Field(str, "c", choices=("a", "b", "c", "fixed")),
        "c: opens at 300 Bd and goes to the speed the meter offers, as the identification says in "
        "mode A, B or C; a, b: that mode in any case; fixed: one speed always",
    ),
    "baudrate": (Field(int, 300, low=50, high=115200), "speed to open with in mode a, b, c (300)"),
    "max_speed": (
        Field(str, "6", choices=tuple("0123456")),
        "highest speed character to accept, 0 to 6; 0 stays at the opening speed (6)",
    ),
    "protocol": (
        Field(str, "0", choices=tuple("012")),
        "protocol control character of the acknowledgement (0)",
    ),
    "select": (
        Field(str, "0", choices=tuple("0123456789")),
        "mode control character: 0 full readout, 6 short and 7 history on Turkish meters",
    ),
    "acknowledge": (
        Field(bool, True),
        "false for meters that send their data right after the identification",
    ),
    "wakeup": (Field(int, 0, low=0, high=1000), "NUL bytes to send first, for battery meters (0)"),
    "wakeup_pause": (
        Field(float, 1.6, low=0, high=5),
        "seconds between these and the request (1.6)",
    ),
    "reaction": (
        Field(float, 0.2, low=0, high=1.4),
        "seconds to leave a meter between its answer and our next message (0.2; 0.02 where the "
        "identification promises it)",
    ),
    "char_timeout": (
        Field(float, 1.5, low=0.05, high=30),
        "longest pause inside an answer in seconds (1.5)",
    ),
    "max_seconds": (
        Field(float, 180.0, low=1, high=900),
        "longest whole readout in seconds (180)",
    ),
    "switch_delay": (
        Field(float, 0.25, low=0, high=2),
        "seconds to wait before changing speed (0.25)",
    ),
    "serial": (
        Field(str, ""),
        "serial number the meter must report in 0.0.0 or C.1; another one is an error",
    ),
    "utc_offset": (Field(str, "+03:00"), "offset of the meter's clock in normal time (+03:00)"),
    "summer_time": (
        Field(str, "shift", choices=("shift", "ignore")),
        "shift: a stamp marked as summer time is one hour ahead of utc_offset; ignore: the mark "
        "means nothing",
    ),
    "units": (
        Field(dict, _EMPTY),
        "units of values the meter prints without one, for example {'1.8.0': 'kWh'}",
    ),
    "unchecked": (
        Field(str, "suspect", choices=("suspect", "accept")),
        "accept: values of meters that send no check character (mode D) are not suspect",
    ),
    "software_7e1": (
        Field(bool, False),
        "true for device servers set to 8N1 before a meter that speaks 7E1",
    ),
    "quirk": (
        Field(str, ""),
        "quirk table to use; empty: the one that matches the identification; none: no one",
    ),
    "quirks_dir": (
        Field(str, ""),
        "folder with own quirk files (iec62056-21 in the state folder)",
    ),
    "address_form": (
        Field(str, ""),
        "how the address is made of the device's, for example MKS{address}",
    ),
    "state_dir": (Field(str, ""), "folder for refused passwords (the collector's state folder)"),
    "password_command": (
        Field(str, "P1", choices=("P1", "P2")),
        "command that carries the password (P1)",
    ),
    "password_confirm": (
        Field(str, ""),
        "change this to let a password be used again that the meter had refused",
    ),
    "read_with_password": (
        Field(bool, False),
        "true for meters that want the password before profiles and logs too",
    ),
    "read_command": (
        Field(str, "R1", choices=("R1", "R2", "R5")),
        "command that reads one register in programming mode (R1)",
    ),
    "serial_code": (Field(str, "0.0.0"), "register with the serial number in programming mode"),
    "write_command": (
        Field(str, "W1", choices=("W1", "W2", "W5")),
        "command that writes a register (W1)",
    ),
    "time_form": (Field(str, "%H:%M:%S"), "how 0.9.1 is written"),
    "date_form": (Field(str, "%y-%m-%d"), "how 0.9.2 is written"),
    "profile": (Field(str, "P.01"), "load profile to read (P.01)"),
    "profile_command": (
        Field(str, "R5", choices=("R1", "R2", "R5", "R6")),
        "command that reads it: R5 or R6 on VDEW meters, R2 on Turkish ones",
    ),
    "profile_form": (
        Field(str, "vdew", choices=("vdew", "turkish")),
        "how the time span is written: vdew zYYMMDDhhmm, turkish yy-mm-dd,hh:mm",
    ),
    "profile_columns": (
        Field(list, _NONE),
        "register and unit of each column, for example ['1.5.0*kW', '5.5.0*kvar']",
    ),
    "profile_kind": (
        Field(str, "", choices=("", "demand", "energy", "index")),
        "what a column without a code holds: demand: mean power of the period; energy: of the "
        "period; index: the register's reading at its end",
    ),
    "profile_minutes": (
        Field(int, 15, low=1, high=1440),
        "period of profiles that do not say it (15)",
    ),
    "profile_stamp": (
        Field(str, "end", choices=("end", "start")),
        "whether a row's time is the end or the start of its period",
    ),
    "profile_status": (
        Field(str, "auto", choices=("auto", "last", "none")),
        "where a row without a header has its status: last bracket, or none; auto: last when "
        "profile_columns does not claim it",
    ),
    "profile_harmless": (
        Field(str, "D8"),
        "status bits (hex) that leave a row good: power down and up, reset, season (D8)",
    ),
    "profile_pause": (
        Field(float, 15.0, low=0.1, high=60),
        "longest pause inside a profile or log in seconds (15)",
    ),
    "profile_seconds": (
        Field(float, 600.0, low=1, high=3600),
        "longest whole profile or log in seconds (600)",
    ),
    "events": (
        Field(list, _NONE),
        "where events are read from: P.98, P.99 …, or mode characters of readouts (0, 8, 9)",
    ),
    "status_bits": (
        Field(str, "", choices=("", "mass")),
        "mass: F.F.0 is the 64-bit status of Turkish meters",
    ),
}
FIELDS = {name: field for name, (field, _) in _DECLARED.items()}
SETTINGS = {name: text for name, (_, text) in _DECLARED.items()}

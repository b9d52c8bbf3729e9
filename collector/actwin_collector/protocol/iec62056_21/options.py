# SPDX-License-Identifier: MIT
"""The settings of an IEC 62056-21 device, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from types import MappingProxyType

from ...fields import Field, Problems, parse_table
from ...model import ConfigError, DeviceSpec

SETTINGS = {
    "mode": "c: opens at 300 Bd and changes to the speed the meter offers; fixed: one speed always",
    "baudrate": "speed to open with in mode c (300)",
    "max_speed": "highest speed character to accept, 0 to 6; 0 stays at the opening speed (6)",
    "protocol": "protocol control character of the acknowledgement (0)",
    "select": "mode control character: 0 full readout, 6 short and 7 history on Turkish meters",
    "acknowledge": "false for meters that send their data right after the identification",
    "wakeup": "NUL bytes to send first, for battery meters (0)",
    "char_timeout": "longest pause inside an answer in seconds (1.5)",
    "max_seconds": "longest whole readout in seconds (180)",
    "switch_delay": "seconds to wait before changing speed (0.25)",
    "serial": "serial number the meter must report in 0.0.0 or C.1; another one is an error",
    "utc_offset": "offset of the meter's clock (+03:00)",
    "units": "units of values the meter prints without one, for example {'1.8.0': 'kWh'}",
    "software_7e1": "true for device servers set to 8N1 before a meter that speaks 7E1",
}
_FIELDS = {
    "mode": Field(str, "c", choices=("c", "fixed")),
    "baudrate": Field(int, 300, low=50, high=115200),
    "max_speed": Field(str, "6", choices=tuple("0123456")),
    "protocol": Field(str, "0", choices=tuple("012")),
    "select": Field(str, "0", choices=tuple("0123456789")),
    "acknowledge": Field(bool, True),
    "wakeup": Field(int, 0, low=0, high=1000),
    "char_timeout": Field(float, 1.5, low=0.05, high=30),
    "max_seconds": Field(float, 180.0, low=1, high=900),
    "switch_delay": Field(float, 0.25, low=0, high=2),
    "serial": Field(str, ""),
    "utc_offset": Field(str, "+03:00"),
    "units": Field(dict, MappingProxyType({})),
    "software_7e1": Field(bool, False),
}
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Options:
    """Checked settings; see ``SETTINGS`` for what each one does."""

    address: str
    mode: str
    baudrate: int
    max_speed: str
    protocol: str
    select: str
    acknowledge: bool
    wakeup: int
    char_timeout: float
    max_seconds: float
    switch_delay: float
    serial: str
    zone: timezone
    units: Mapping[str, str]
    software_7e1: bool

    @classmethod
    def of(cls, device: DeviceSpec) -> Options:
        """Return the options of a device; raises ConfigError that names every mistake."""
        problems = Problems()
        path = f"{device.key}.settings"
        values = parse_table(device.settings, _FIELDS, path, problems, strict=False)
        problems.finish("settings")
        return cls(address=device.address, zone=_zone(values.pop("utc_offset")), **values)


def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise ConfigError(f"{text!r} is not an offset like +03:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)

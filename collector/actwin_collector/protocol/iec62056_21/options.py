# SPDX-License-Identifier: MIT
"""The settings of an IEC 62056-21 device, checked; a quirk's come where the device has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone

from ...fields import Problems, parse_table
from ...model import ConfigError, DeviceSpec
from .settings import FIELDS

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_COLUMN = re.compile(r"([0-9A-Za-z.:#-]{1,24})(?:\*([A-Za-z0-9/]{1,8}))?")
_EVENT_SOURCE = re.compile(r"P\.\d{2,3}|\d")


@dataclass(frozen=True, slots=True)
class Options:
    """Checked settings; see ``settings.py`` for what each one does."""

    device: str
    address: str
    mode: str
    baudrate: int
    max_speed: str
    protocol: str
    select: str
    acknowledge: bool
    wakeup: int
    wakeup_pause: float
    reaction: float
    char_timeout: float
    max_seconds: float
    switch_delay: float
    serial: str
    zone: timezone
    summer_time: str
    units: Mapping[str, str]
    unchecked: str
    software_7e1: bool
    quirk: str
    quirks_dir: str
    state_dir: str
    password_command: str
    password_confirm: str
    read_with_password: bool
    read_command: str
    serial_code: str
    write_command: str
    time_form: str
    date_form: str
    profile: str
    profile_command: str
    profile_form: str
    profile_columns: tuple[tuple[str, str], ...]
    profile_kind: str
    profile_minutes: int
    profile_stamp: str
    profile_status: str
    profile_harmless: int
    profile_pause: float
    profile_seconds: float
    events: tuple[str, ...]
    status_bits: str

    @classmethod
    def of(cls, device: DeviceSpec, quirk: Mapping[str, object] | None = None) -> Options:
        """Return the options of a device; raises ConfigError that names every mistake."""
        problems = Problems()
        path = f"{device.key}.settings"
        table = {**(quirk or {}), **device.settings}
        values = parse_table(table, FIELDS, path, problems, strict=False)
        columns = [_COLUMN.fullmatch(str(text)) for text in values["profile_columns"]]
        if not all(columns):
            problems.add(f"{path}.profile_columns", "each must be like '1.5.0*kW'")
        sources = tuple(map(str, values["events"]))
        if not all(map(_EVENT_SOURCE.fullmatch, sources)):
            problems.add(f"{path}.events", "each must be like 'P.98' or a digit")
        if not re.fullmatch(r"[0-9A-Fa-f]{1,16}", values["profile_harmless"]):
            problems.add(f"{path}.profile_harmless", "must be hex digits")
        problems.finish("settings")
        form = values.pop("address_form")
        values["profile_columns"] = tuple((match[1], match[2] or "") for match in columns)
        values["events"] = sources
        values["profile_harmless"] = int(values["profile_harmless"], 16)
        return cls(
            device=device.key,
            address=_address(device.address, form),
            zone=_zone(values.pop("utc_offset")),
            **values,
        )


def _address(address: str, form: str) -> str:
    """Return the address as sent; one that has the form's beginning already stays as it is."""
    prefix = form.partition("{address}")[0]
    if not address or not form or (prefix and address.startswith(prefix)):
        return address
    return form.replace("{address}", address)


def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise ConfigError(f"{text!r} is not an offset like +03:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)

# SPDX-License-Identifier: MIT
"""The lines, schedules and devices of one site: read from plain data and checked as a whole."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from .cron import parse_cron, parse_zone
from .fields import Field, Problems, parse_list, parse_table
from .files import write_atomic
from .listening.settings import KINDS, check_settings
from .model import (
    DEFAULT_ZONE,
    ConfigError,
    DeviceSpec,
    LineSpec,
    ParameterSpec,
    ScheduleSpec,
)

MODES = ("last", "mean", "max", "min")
PARTS = ("lines", "schedules", "devices")

_LINE = {
    "key": Field(str),
    "kind": Field(str, choices=KINDS),
    "host": Field(str, ""),
    "port": Field(int, 0, low=0, high=65535),
    "device_path": Field(str, ""),
    "baudrate": Field(int, 9600, low=50, high=4_000_000, zero_is_absent=True),
    "bytesize": Field(int, 8, choices=(7, 8), zero_is_absent=True),
    "parity": Field(str, "N", choices=("N", "E", "O")),
    "stopbits": Field(int, 1, choices=(1, 2), zero_is_absent=True),
    "timeout_s": Field(float, 2.0, low=0.01, high=120, zero_is_absent=True),
    "retries": Field(int, 1, low=0, high=10),
    "software_7e1": Field(bool, False),
    "enabled": Field(bool, True),
    "settings": Field(dict, {}),
    "secret": Field(str, ""),
    "secret_file": Field(str, ""),
}
_SCHEDULE = {
    "key": Field(str),
    "poll_seconds": Field(int, 900, low=1, high=31 * 86400),
    "store_seconds": Field(int, 900, low=1, high=31 * 86400),
    "mode": Field(str, "last", choices=MODES),
    "poll_plan": Field(str, ""),
    "store_plan": Field(str, ""),
    "snapshots": Field(list, ()),
    "snapshot_window_seconds": Field(int, 3600, low=60, high=86400, zero_is_absent=True),
    "backfill_days": Field(int, 0, low=0, high=3660),
    "clock_set": Field(bool, False),
    "events": Field(bool, False),
}
_DEVICE = {
    "key": Field(str),
    "driver": Field(str),
    "line": Field(str),
    "address": Field(str, ""),
    "schedule": Field(str),
    "settings": Field(dict, {}),
    "secret": Field(str, ""),
    "secret_file": Field(str, ""),
    "parameters": Field(list, ()),
    "priority": Field(int, 5, low=0, high=9),
    "timeout_s": Field(float, 0.0, low=0, high=120),
    "retries": Field(int, -1, low=-1, high=10),
}
_PARAMETER = {
    "register": Field(str),
    "channel": Field(str),
    "unit": Field(str, ""),
    "scale": Field(Decimal, Decimal(1)),
    "profile": Field(str, ""),
    "mode": Field(str, "", choices=("", *MODES)),
}


@dataclass(frozen=True, slots=True)
class Site:
    """What a collector has to read; the mappings are by key."""

    version: int = 0
    lines: Mapping[str, LineSpec] = field(default_factory=dict)
    schedules: Mapping[str, ScheduleSpec] = field(default_factory=dict)
    devices: Mapping[str, DeviceSpec] = field(default_factory=dict)

    def device(self, key: str) -> DeviceSpec:
        """Return a device; raises ConfigError that names those known."""
        try:
            return self.devices[key]
        except KeyError:
            known = ", ".join(sorted(self.devices)) or "none"
            raise ConfigError(f"no device {key!r} (known: {known})") from None


def combine(document: Mapping, local: Mapping) -> dict:
    """Return Odoo's document with the local additions and overrides of the TOML file applied."""
    merged = {part: copy.deepcopy(list(document.get(part) or ())) for part in PARTS}
    for part in PARTS:
        merged[part] += local.get(part) or ()
        overrides = (local.get("overrides") or {}).get(part) or {}
        for entry in merged[part]:
            if isinstance(entry, dict):
                entry.update(overrides.get(entry.get("key"), {}))
    zone = local.get("tz") or document.get("tz") or DEFAULT_ZONE
    return {"version": document.get("version") or 0, "tz": zone, **merged}


def unused_overrides(document: Mapping, local: Mapping) -> list[str]:
    """Return the key paths of overrides that meet nothing in the document."""
    keys = {
        part: {entry.get("key") for entry in combine(document, local)[part]} for part in PARTS
    }
    overrides = local.get("overrides") or {}
    return [
        f"overrides.{part}.{key}"
        for part in PARTS
        for key in overrides.get(part) or {}
        if key not in keys[part]
    ]


def parse_site(document: Mapping, source: str, strict: bool = True) -> Site:
    """Return the checked site; raises ConfigError that lists all mistakes.

    ``strict`` refuses unknown keys (typing mistakes in a file); Odoo may send more than we know.
    """
    problems = Problems()
    tables = {
        part: parse_list(document.get(part) or [], part, problems) for part in PARTS
    }
    lines = [_line(entry, path, problems, strict) for path, entry in tables["lines"]]
    zone = _zone(document.get("tz") or DEFAULT_ZONE, problems)
    schedules = [
        _schedule(entry, path, zone, problems, strict) for path, entry in tables["schedules"]
    ]
    devices = [_device(entry, path, problems, strict) for path, entry in tables["devices"]]
    site = Site(
        version=int(document.get("version") or 0),
        lines=_by_key(lines, "lines", problems),
        schedules=_by_key(schedules, "schedules", problems),
        devices=_by_key(devices, "devices", problems),
    )
    _check_references(devices, site, problems)
    problems.finish(source)
    return site


def _line(entry: object, path: str, problems: Problems, strict: bool) -> LineSpec:
    values = parse_table(entry, _LINE, path, problems, strict)
    _load_secret(values, path, problems)
    line = LineSpec(**values)
    if line.kind in ("serial", "replay") and not line.device_path:
        problems.add(f"{path}.device_path", f"is required for a {line.kind} line")
    if line.kind in ("tcp", "rtu_tcp") and not line.host:
        problems.add(f"{path}.host", f"is required for a {line.kind} line")
    if line.kind not in ("serial", "replay", "udp") and not line.port:
        problems.add(f"{path}.port", f"is required for a {line.kind} line")
    check_settings(line, path, problems)
    return line


def _zone(name: object, problems: Problems) -> str:
    try:
        parse_zone(str(name))
    except ConfigError as error:
        problems.add("tz", error.message)
        return "UTC"
    return str(name)


def _schedule(
    entry: object, path: str, zone: str, problems: Problems, strict: bool
) -> ScheduleSpec:
    values = parse_table(entry, _SCHEDULE, path, problems, strict)
    values["snapshots"] = tuple(map(str, values["snapshots"]))
    plans = [("poll_plan", values["poll_plan"]), ("store_plan", values["store_plan"])]
    plans = [pair for pair in plans if pair[1]]
    plans += [(f"snapshots[{at}]", text) for at, text in enumerate(values["snapshots"])]
    for key, text in plans:
        try:
            parse_cron(text, parse_zone(zone))
        except ConfigError as error:
            problems.add(f"{path}.{key}", error.message)
    return ScheduleSpec(**values, tz=zone)


def _device(entry: object, path: str, problems: Problems, strict: bool) -> DeviceSpec:
    values = parse_table(entry, _DEVICE, path, problems, strict)
    _load_secret(values, path, problems)
    listed = parse_list(values["parameters"], f"{path}.parameters", problems)
    values["parameters"] = tuple(
        ParameterSpec(**parse_table(parameter, _PARAMETER, where, problems, strict))
        for where, parameter in listed
    )
    phase = values["settings"].get("phase_seconds") or 0
    if not isinstance(phase, int | float):
        problems.add(f"{path}.settings.phase_seconds", f"{phase!r} is not a number")
    if not isinstance(values["settings"].get("poll", True), bool):
        problems.add(f"{path}.settings.poll", "must be true or false")
    if not listed:
        problems.add(f"{path}.parameters", "a device without parameters would deliver nothing")
    return DeviceSpec(**values)


def _load_secret(values: dict, path: str, problems: Problems) -> None:
    secret_file = values.pop("secret_file")
    if secret_file:
        values["secret"] = _secret(secret_file, f"{path}.secret_file", problems)


def _secret(name: str, path: str, problems: Problems) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.add(path, f"cannot be read: {error}")
        return ""


def _by_key(specs: list, part: str, problems: Problems) -> dict:
    found: dict = {}
    for at, spec in enumerate(specs):
        if spec.key in found:
            problems.add(f"{part}[{at}].key", f"{spec.key!r} is used twice")
        found[spec.key] = spec
    return found


def _check_references(devices: list[DeviceSpec], site: Site, problems: Problems) -> None:
    taken: dict[str, str] = {}
    for at, device in enumerate(devices):
        path = f"devices[{at}]"
        if device.line not in site.lines:
            problems.add(f"{path}.line", f"there is no line {device.line!r}")
        if device.schedule not in site.schedules:
            problems.add(f"{path}.schedule", f"there is no schedule {device.schedule!r}")
        for number, parameter in enumerate(device.parameters):
            owner = taken.setdefault(parameter.channel, device.key)
            if (owner, parameter) != (device.key, parameter) or _repeats(device, number):
                problems.add(
                    f"{path}.parameters[{number}].channel",
                    f"{parameter.channel!r} is already fed by {owner}",
                )


def _repeats(device: DeviceSpec, number: int) -> bool:
    channels = [parameter.channel for parameter in device.parameters]
    return channels[number] in channels[:number]


def secrets_of(site: Site) -> list[str]:
    """Return the passwords and keys of all lines and devices, for whoever keeps them hidden."""
    specs = (*site.lines.values(), *site.devices.values())
    return [spec.secret for spec in specs if spec.secret]


def save_cache(document: Mapping, path: Path) -> None:
    """Keep a document as last good copy; readable by the owner only, it holds secrets."""
    write_atomic(path, json.dumps(document, indent=1, sort_keys=True, default=str))


def load_cache(path: Path) -> dict | None:
    """Return the last good document, None when there is none; raises ConfigError when damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"the cached configuration {path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"the cached configuration {path} is not a table")
    return document

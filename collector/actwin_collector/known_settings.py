# SPDX-License-Identifier: MIT
"""Settings that nobody understands: a typing mistake would silently do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .listening.settings import TABLES
from .model import ConfigError, DeviceSpec, LineSpec
from .protocol.registry import driver_class

# What the collector itself reads of any device's settings, whatever its driver.
DEVICE_SETTINGS: Mapping[str, str] = {
    "phase_seconds": "shifts the polls on the grid by so many seconds",
    "poll": "false: never asked, only heard",
    "modem": "name of the modem that the device is behind, on a line that modems dial in to",
}

# What lines that call read of their settings, by kind.
LINE_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "replay": {"match": "exact (default), or order: answer whatever is asked with what came next"},
}


def device_mistakes(device: DeviceSpec) -> list[str]:
    """Return what is wrong with the settings of a device: one text a mistake."""
    try:
        known = {*driver_class(device.driver).SETTINGS, *DEVICE_SETTINGS}
    except ConfigError as error:
        return [error.message]
    return _unknown(device.settings, known)


def line_mistakes(line: LineSpec, devices: Iterable[DeviceSpec]) -> list[str]:
    """Return what is wrong with the settings of a line; its devices' drivers know some as well."""
    known = {*TABLES.get(line.kind, ()), *LINE_SETTINGS.get(line.kind, ())}
    for name in {device.driver for device in devices if device.line == line.key}:
        try:
            known |= set(driver_class(name).LINE_SETTINGS)
        except ConfigError:
            continue  # named with its device
    return _unknown(line.settings, known)


def _unknown(settings: Mapping, known: set[str]) -> list[str]:
    listed = ", ".join(sorted(known)) or "none"
    return [
        f"unknown setting {key!r} (known: {listed})" for key in sorted(set(settings) - known)
    ]

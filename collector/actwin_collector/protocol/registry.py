# SPDX-License-Identifier: MIT
"""Finds drivers and channels by entry point, so that a new one is a separate package."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from ..channel.base import Link
from ..model import ConfigError, LineSpec
from .base import Driver

DRIVERS = "actwin.collector.drivers"
CHANNELS = "actwin.collector.channels"
LISTENING = ("dialin", "mqtt", "http")
EXPLAINERS = "actwin.collector.explainers"
DIAGNOSERS = "actwin.collector.diagnosers"
_WHAT = {
    DRIVERS: "driver",
    CHANNELS: "line kind",
    EXPLAINERS: "explainer",
    DIAGNOSERS: "diagnoser",
}


def names(group: str) -> list[str]:
    """Return the sorted names registered in an entry point group."""
    return sorted({entry.name for entry in entry_points(group=group)})


def driver_class(name: str) -> type[Driver]:
    """Return the driver class registered as ``name``; raises ConfigError."""
    return load_named(DRIVERS, name)


def get_driver(name: str) -> Driver:
    """Return a driver by name; raises ConfigError."""
    return driver_class(name)()


def make_link(line: LineSpec) -> Link:
    """Return a closed link for a line; raises ConfigError for an unknown kind.

    On some kinds of lines nobody can be asked, or only by the running collector.
    """
    if line.kind in LISTENING:
        raise ConfigError(f"line {line.key} ({line.kind}) listens: nobody can be called on it")
    return load_named(CHANNELS, line.kind)(line)


def load_named(group: str, name: str) -> Any:
    """Return what an installed package registered under a name; raises ConfigError."""
    for entry in entry_points(group=group):
        if entry.name == name:
            try:
                return entry.load()
            except (ImportError, AttributeError) as error:
                raise ConfigError(f"{name} cannot be loaded: {error}") from error
    known = ", ".join(names(group)) or "none"
    raise ConfigError(f"unknown {_WHAT[group]} {name!r} (known: {known})")

# SPDX-License-Identifier: MIT
"""Which lines listen, which devices are asked, and what runs a line."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ..device import DeviceState
from ..model import ConfigError, DeviceSpec, LineSpec
from ..protocol.base import Driver
from ..protocol.registry import LISTENING
from .base import ListeningLine, Tools
from .ear import StreamEar
from .intake import Source
from .line import LineHealth
from .settings import STREAMS, bind_port_of, settings_of

# Loaded when a site has such a line: a broker's client costs memory.
LINES: Mapping[str, str] = {
    "udp": "udp:UdpLine",
    "dialin": "dialin:DialinLine",
    "mqtt": "mqtt:MqttLine",
    "http": "http:HttpLine",
}


def is_polled(line: LineSpec, driver: Driver, device: DeviceSpec) -> bool:
    """Whether a device is asked, or only heard; raises ConfigError when neither can be."""
    asked = (
        driver.POLLS
        and (line.kind == "dialin" or not listens(line))
        and device.settings.get("poll", True)
    )
    if asked:
        return True
    if driver.listener(line.settings) is None:
        raise ConfigError(f"{device.driver} meters send nothing by themselves: they must be polled")
    driver.sender_of(device)
    return False


def listens(line: LineSpec) -> bool:
    """Whether nobody can be called on a line: others call, or only send."""
    return line.kind in LISTENING or (line.kind == "udp" and not line.host)


def make_listening(
    line: LineSpec, states: list[DeviceState], health: LineHealth, tools: Tools
) -> ListeningLine | None:
    """Return what listens on a line beside or instead of a worker; raises ConfigError."""
    if line.kind not in LINES or (line.kind == "udp" and not bind_port_of(line)):
        return None
    module, name = LINES[line.kind].split(":")
    found: type[ListeningLine] = getattr(import_module(f".{module}", __package__), name)
    return found(line, states, health, tools)


def served(
    line: LineSpec, states: list[DeviceState], health: LineHealth, tools: Tools
) -> tuple[list[DeviceState], StreamEar | None]:
    """Return the devices that the line's worker serves, and its ear when it has one."""
    if line.kind not in STREAMS:
        return [each for each in states if each.polled and line.kind != "dialin"], None
    listens = settings_of(line)["listen"] or any(not state.polled for state in states)
    ear = StreamEar(Source(line, health), states, tools.intake, tools.clock) if listens else None
    return states, ear

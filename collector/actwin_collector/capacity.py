# SPDX-License-Identifier: MIT
"""How much of a line's time the configured polls are expected to need."""

from __future__ import annotations

from dataclasses import dataclass

from .grids import poll_grid
from .model import DeviceSpec, LineSpec
from .site import Site

# Above this share, retries and back-fill find no room any more.
BUSY_SHARE = 0.7
# The day whose polls are counted; plans repeat.
_DAY_START = 1767225600
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Effort:
    """What one dialogue of a protocol moves: bytes in all, bytes a parameter, and turns."""

    fixed: int
    each: int
    turns: int
    turns_each: float = 0.0


# Rough figures of usual meters; a driver that is not listed is taken for a middling one.
_EFFORTS = {
    "modbus": Effort(0, 25, 0, 0.4),
    "mbus": Effort(300, 0, 2),
    "iec62056-21": Effort(1500, 30, 3),
    "dlms": Effort(500, 60, 6, 1.0),
}
_USUAL = Effort(400, 40, 4)
# A meter thinks and a converter turns round: seconds a turn, by medium.
_TURN_SERIAL, _TURN_NETWORK = 0.2, 0.1
# Behind a gateway there is a bus again; a meter with a network port of its own has none.
_BAUDS = {"tcp": 1_000_000, "udp": 1_000_000}
_GATEWAY_BAUD = 9600


@dataclass(frozen=True, slots=True)
class LineLoad:
    """``share`` of the time that the polls of a line need, when no meter fails."""

    line: str
    devices: int
    seconds_a_day: float

    @property
    def share(self) -> float:
        """Needed by available time; above 1 polls come late and slots are missed."""
        return self.seconds_a_day / _DAY

    @property
    def text(self) -> str:
        """What to tell people of it."""
        return (
            f"the polls of its {self.devices} devices need about {self.share:.0%} of its time"
            f" (of which {BUSY_SHARE:.0%} should do)"
        )


def dialogue_seconds(line: LineSpec, device: DeviceSpec) -> float:
    """Return how long one dialogue with a device is expected to take."""
    effort = _EFFORTS.get(device.driver, _USUAL)
    count = len(device.parameters)
    serial = line.kind == "serial"
    baud = line.baudrate if serial else _BAUDS.get(line.kind, _GATEWAY_BAUD)
    bits = 1 + line.bytesize + (line.parity != "N") + line.stopbits
    turns = effort.turns + effort.turns_each * count
    sent = (effort.fixed + effort.each * count) * bits / baud
    return sent + max(1.0, turns) * (_TURN_SERIAL if serial else _TURN_NETWORK)


def polls_a_day(site: Site, device: DeviceSpec) -> float:
    """Return how often a device is asked on a usual day."""
    schedule = site.schedules[device.schedule]
    grid = poll_grid(schedule, 0.0)
    if not schedule.poll_plan:
        return _DAY / schedule.poll_seconds
    count, at = 0, grid.next_after(_DAY_START)
    while at <= _DAY_START + 7 * _DAY:
        count, at = count + 1, grid.next_after(at)
    return count / 7


def line_loads(site: Site) -> list[LineLoad]:
    """Return the load of every line that is enabled and has devices that are asked."""
    found = []
    for line in site.lines.values():
        asked = [
            device
            for device in site.devices.values()
            if device.line == line.key and device.settings.get("poll", True)
        ]
        if asked and line.enabled:
            needed = sum(polls_a_day(site, each) * dialogue_seconds(line, each) for each in asked)
            found.append(LineLoad(line.key, len(asked), needed))
    return found


def busy_lines(site: Site) -> list[LineLoad]:
    """Return the lines whose polls need too much of their time."""
    return [load for load in line_loads(site) if load.share > BUSY_SHARE]

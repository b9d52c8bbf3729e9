# SPDX-License-Identifier: MIT
"""What a scenario's meters would have delivered over a span of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from ..model import DeviceSpec, ParameterSpec, Reading
from ..site import Site
from ..units import EXACT, convert, plain
from .meters import SimulatedMeter
from .scenario import Scenario

BATCH = 20_000
Column = tuple[str, Callable[[int], str]]


def columns(scenario: Scenario, site: Site) -> list[Column]:
    """Return (channel, value text at an instant) of all parameters of devices in the scenario.

    Devices the scenario does not know are left out: a site may have real meters too. Raises
    ConfigError for a register that a simulated meter does not have.
    """
    return [
        (parameter.channel, _text(scenario.meters[device.key], parameter))
        for device in site.devices.values()
        if device.key in scenario.meters
        for parameter in device.parameters
    ]


def left_out(scenario: Scenario, site: Site) -> list[DeviceSpec]:
    """Return the devices that ``columns`` leaves out."""
    return [device for key, device in site.devices.items() if key not in scenario.meters]


def history(
    wanted: list[Column], start: int, end: int, step: int, batch: int = BATCH
) -> Iterator[list[Reading]]:
    """Yield batches of readings with start < ts <= end on multiples of ``step``, oldest first."""
    readings: list[Reading] = []
    for at in range((start // step + 1) * step, end + 1, step):
        readings += [Reading(channel, at, text(at)) for channel, text in wanted]
        if len(readings) >= batch:
            yield readings
            readings = []
    if readings:
        yield readings


def _text(meter: SimulatedMeter, parameter: ParameterSpec) -> Callable[[int], str]:
    read, unit = meter.reader(parameter.register)
    factor = convert(Decimal(1), unit, parameter.unit or unit)
    factor = EXACT.multiply(factor, parameter.scale)
    return lambda at: plain(EXACT.multiply(read(at), factor))

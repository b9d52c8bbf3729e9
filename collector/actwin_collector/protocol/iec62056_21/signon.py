# SPDX-License-Identifier: MIT
"""Opening a dialogue: request, identification, and the choice of protocol, speed and mode."""

from __future__ import annotations

import asyncio

from ...model import ConfigError, UnsupportedError
from .codec import (
    SPEEDS,
    SPEEDS_B,
    Identification,
    option_select,
    request_message,
)
from .errors import ParityError
from .identify import NoIdentification, await_identification
from .options import Options
from .wire import Wire

READOUT, PROGRAMMING = "0", "1"
_FAST = 0.02


async def sign_on(wire: Wire, options: Options, timeout: float) -> Identification:
    """Send the request and return the meter's identification; raises CollectorError."""
    if options.software_7e1:
        wire.use_software_7e1()
    if options.mode != "fixed":
        await wire.set_speed(options.baudrate)
    await wire.discard()
    if options.wakeup:
        await wire.send(bytes(options.wakeup))
        await asyncio.sleep(options.wakeup_pause)
    await wire.send(request_message(options.address))
    identification = await _identification(wire, timeout)
    wire.reaction = min(options.reaction, _FAST) if identification.fast else options.reaction
    return identification


async def choose(wire: Wire, options: Options, identification: Identification, mode: str) -> None:
    """Acknowledge with a mode character and follow the meter to its speed, as its mode asks."""
    kind = mode_of(identification, options)
    if kind in "ab":
        if mode == PROGRAMMING:
            raise UnsupportedError(f"a meter of mode {kind.upper()} has no programming mode here")
        if kind == "b":
            await wire.set_speed(SPEEDS_B[identification.speed])
        return
    if not options.acknowledge and mode != PROGRAMMING:
        return
    speed = _speed(identification, options)
    await wire.send(option_select(options.protocol, speed, mode))
    if kind == "c" and SPEEDS.get(speed, options.baudrate) != options.baudrate:
        await asyncio.sleep(options.switch_delay)
        await wire.set_speed(SPEEDS[speed])


def mode_of(identification: Identification, options: Options) -> str:
    """Return a, b, c or fixed: what the settings say, else what the speed character means."""
    speed = identification.speed
    if options.mode == "b" and speed not in SPEEDS_B:
        raise ConfigError(f"mode b, but the meter names its speed {speed!r}")
    if options.mode != "c":
        return options.mode
    if speed in SPEEDS_B:
        return "b"
    return "c" if speed.isdecimal() or not options.acknowledge else "a"


def _speed(identification: Identification, options: Options) -> str:
    offered = identification.speed
    if options.mode == "fixed" or offered not in SPEEDS:
        return offered
    return min(offered, options.max_speed)


async def _identification(wire: Wire, timeout: float) -> Identification:
    try:
        return await await_identification(lambda: wire.line(timeout))
    except NoIdentification as error:
        if not wire.parity_errors:
            raise
        text = f"{error.message}; characters of wrong parity came"
        raise ParityError(text) from error

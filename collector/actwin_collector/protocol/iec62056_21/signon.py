# SPDX-License-Identifier: MIT
"""Opening a dialogue: request, identification, and the choice of protocol, speed and mode."""

from __future__ import annotations

import asyncio
import contextlib

from ...channel.base import Link
from ...model import ConfigError, FrameError, UnsupportedError
from .codec import (
    SPEEDS,
    SPEEDS_B,
    Identification,
    option_select,
    parse_identification,
    request_message,
)
from .errors import ParityError
from .options import Options
from .wire import Wire

READOUT, PROGRAMMING = "0", "1"
_LINES_BEFORE_IDENTIFICATION = 6
_OPENING_SPEED = 300


async def sign_on(wire: Wire, options: Options, timeout: float) -> Identification:
    """Send the request and return the meter's identification; raises CollectorError."""
    if options.software_7e1:
        wire.use_software_7e1()
    if options.mode != "fixed":
        await wire.set_speed(options.baudrate)
    await wire.discard()
    if options.wakeup:
        await wire.send(bytes(options.wakeup))
    await wire.send(request_message(options.address))
    return await _identification(wire, timeout)


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


async def enter_mode_e(
    link: Link, address: str = "", timeout: float = 2.0, switch_delay: float = 0.25
) -> Identification:
    """Sign on at 300 Bd and switch the meter to HDLC (mode E); the link is then 8N1 at its speed.

    For the DLMS driver. Raises UnsupportedError when the identification does not offer it.
    """
    wire = Wire(link)
    await wire.set_speed(_OPENING_SPEED)
    await wire.discard()
    await wire.send(request_message(address))
    identification = await _identification(wire, timeout)
    if not identification.offers_dlms or identification.speed not in SPEEDS:
        raise UnsupportedError(f"{identification.text} does not offer DLMS in mode E")
    speed = identification.speed
    await wire.send(option_select("2", speed, "2"))
    await asyncio.sleep(switch_delay)
    await link.set_serial(baudrate=SPEEDS[speed], bytesize=8, parity="N")
    await link.discard_input()  # the meter repeats the acknowledgement; HDLC needs nothing of it
    return identification


def _speed(identification: Identification, options: Options) -> str:
    offered = identification.speed
    if options.mode == "fixed" or offered not in SPEEDS:
        return offered
    return min(offered, options.max_speed)


async def _identification(wire: Wire, timeout: float) -> Identification:
    last = b""
    for _ in range(_LINES_BEFORE_IDENTIFICATION):
        last = await wire.line(timeout)
        with contextlib.suppress(FrameError):  # an echoed request, an empty line, noise
            return parse_identification(last)
    if wire.parity_errors:
        raise ParityError(f"no identification came, but characters of wrong parity: {last[:40]!r}")
    raise FrameError(f"no identification came, but {last[:40]!r}")

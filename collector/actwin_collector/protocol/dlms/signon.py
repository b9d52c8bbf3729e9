# SPDX-License-Identifier: MIT
"""Mode E: a meter is woken as in IEC 62056-21 and goes over to HDLC (IEC 62056-21 annex E).

Request at 300 baud 7E1, the meter's identification, ``ACK 2 Z 2``, then 8N1 at the speed of Z.
"""

from __future__ import annotations

import asyncio
import contextlib

from ...channel.base import Link
from ...model import CollectorError, NoAnswer, ProtocolError
from ..iec62056_21.codec import (
    SPEEDS,
    Identification,
    option_select,
    request_message,
    strip_parity,
)
from ..iec62056_21.identify import await_identification

_FIRST_SPEED = 300
# The standard lets the meter take 0.2 to 1.5 s to say that it agrees.
_CONFIRMATION = 1.5
_SWITCH = 0.25


async def sign_on(link: Link, address: str, timeout: float, switch: float = _SWITCH) -> None:
    """Bring the meter and the line over to HDLC; raises CollectorError."""
    await link.set_serial(baudrate=_FIRST_SPEED, bytesize=7, parity="E")
    # A serial line knows by itself what it must do in software; a device server's socket does not.
    in_software = link.line.kind != "serial"
    if in_software:
        link.software_7e1 = True
    try:
        speed = await _agree(link, address, timeout)
    finally:
        if in_software:
            link.software_7e1 = False
    await asyncio.sleep(switch)
    await link.set_serial(baudrate=SPEEDS[speed], bytesize=8, parity="N")


async def restore(link: Link) -> None:
    """Give the line back as its settings say; never raises CollectorError."""
    line = link.line
    with contextlib.suppress(CollectorError):
        await link.set_serial(baudrate=line.baudrate, bytesize=line.bytesize, parity=line.parity)


async def _agree(link: Link, address: str, timeout: float) -> str:
    await link.discard_input()
    await link.write(request_message(address))

    async def line() -> bytes:
        return strip_parity(await link.read_until(b"\n", timeout, limit=512))

    speed = _speed(await await_identification(line))
    await link.write(option_select("2", speed, "2"))
    with contextlib.suppress(NoAnswer):  # many meters say nothing more at 300 baud
        await link.read_until(b"\n", min(timeout, _CONFIRMATION), limit=64)
    return speed


def _speed(identification: Identification) -> str:
    if identification.speed not in SPEEDS:
        raise ProtocolError(f"the meter offers no speed for HDLC but {identification.speed!r}")
    return identification.speed

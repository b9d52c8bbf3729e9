# SPDX-License-Identifier: MIT
"""Finding the meters on a wired bus: by primary address one by one, by secondary with wildcards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

from ...channel.base import Link
from ...model import FrameError, MeterIdentity, NoAnswer, ProtocolError
from .address import parse_address
from .dialogue import at_speed
from .header import FIXED, LONG
from .link import (
    ACK,
    FCB,
    REQ_UD2,
    SECONDARY,
    SELECT,
    SND_NKE,
    SND_UD,
    answer_seconds,
    long_frame,
    parse_frame,
    receive,
    short_frame,
)
from .options import BAUDRATES
from .telegram import decode_answer

_DIGITS = 8
_USUAL = (2400, 300, 9600)
# What the machine and a USB converter add.
_SLACK = 0.1
_NOBODY, _ONE, _SEVERAL = range(3)


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """``address`` is what a device's address field takes."""

    address: str
    meter: MeterIdentity


async def sweep_primary(
    link: Link, timeout: float, addresses: Iterable[int] = range(1, 251)
) -> AsyncIterator[FoundMeter]:
    """Yield the meter at each primary address that answers, in order."""
    for address in addresses:
        await link.discard_input()
        await link.write(short_frame(SND_NKE, address))
        state = await _acknowledgement(link, timeout)
        if state != _NOBODY:
            found = (await _request(link, timeout, address))[1]
            if found is not None:
                yield FoundMeter(str(address), found.meter)


async def search(link: Link, timeout: float) -> list[FoundMeter]:
    """Return every meter on the bus, at whatever speed it listens; raises CollectorError.

    On a serial line a silent probe lasts as long as the standard allows a meter, not longer; when
    nobody answers at the line's own speed the others are tried, the usual ones first.
    """
    found = [meter async for meter in search_secondary(link, _probe_seconds(link, timeout))]
    if found or link.line.kind != "serial":
        return found
    for baudrate in sorted(BAUDRATES, key=lambda rate: (rate not in _USUAL, rate)):
        async with at_speed(link, baudrate):
            seconds = answer_seconds(baudrate) + _SLACK
            found += [
                replace(each, meter=_at(each.meter, baudrate))
                async for each in search_secondary(link, seconds)
            ]
    return found


def _probe_seconds(link: Link, timeout: float) -> float:
    if link.line.kind != "serial":  # a gateway has delays of its own
        return timeout
    return min(timeout, answer_seconds(link.line.baudrate) + _SLACK)


def _at(meter: MeterIdentity, baudrate: int) -> MeterIdentity:
    return replace(meter, extra={**meter.extra, "baudrate": str(baudrate)})


async def search_secondary(link: Link, timeout: float) -> AsyncIterator[FoundMeter]:
    """Yield every meter on the bus, whatever its primary address.

    Splits the identification number digit by digit where more than one meter answers; meters
    that share all eight digits cannot be told apart this way and are left out.
    """
    open_prefixes = [""]
    while open_prefixes:
        prefix = open_prefixes.pop()
        state, found = await _probe(link, timeout, prefix.ljust(_DIGITS, "F"))
        if state == _ONE:
            yield found
        elif state == _SEVERAL and len(prefix) < _DIGITS:
            open_prefixes += [prefix + digit for digit in "9876543210"]


async def _probe(link: Link, timeout: float, number: str) -> tuple[int, FoundMeter | None]:
    await link.discard_input()
    selection = parse_address(number).selection
    await link.write(long_frame(SND_UD, SECONDARY, bytes((SELECT,)) + selection))
    state = await _acknowledgement(link, timeout)
    if state != _ONE:
        return state, None
    # One clean E5 may be two at the same instant: only the answer itself tells.
    return await _request(link, timeout, SECONDARY)


async def _acknowledgement(link: Link, timeout: float) -> int:
    try:
        answer = await receive(link, timeout)
    except NoAnswer:
        return _NOBODY
    except FrameError:
        return _SEVERAL
    return _ONE if answer == ACK else _SEVERAL


async def _request(link: Link, timeout: float, address: int) -> tuple[int, FoundMeter | None]:
    await link.write(short_frame(REQ_UD2 | FCB, address))
    try:
        frame = parse_frame(await receive(link, timeout))
        answer = decode_answer(frame)
    except ProtocolError:
        return _SEVERAL, None
    except NoAnswer:
        return _NOBODY, None
    return _ONE, FoundMeter(_secondary_text(frame.data), answer.meter)


def _secondary_text(data: bytes) -> str:
    number = data[4:0:-1].hex().upper()
    if data[0] == LONG:
        return number + data[5:9].hex().upper()
    return number if data[0] == FIXED else ""

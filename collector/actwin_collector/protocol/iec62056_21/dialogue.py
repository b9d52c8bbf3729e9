# SPDX-License-Identifier: MIT
"""The dialogue with a meter: request, identification, acknowledgement, data block, repeats."""

from __future__ import annotations

import asyncio
import contextlib

from ...channel.base import Link
from ...model import ChecksumError, FrameError, NoAnswer
from .codec import (
    DAMAGED,
    ETX,
    NAK,
    SPEEDS,
    STX,
    Identification,
    Readout,
    option_select,
    parse_identification,
    request_message,
    strip_parity,
    unframe,
)
from .options import Options

_REPEATS = 3
_LINES_BEFORE_IDENTIFICATION = 6
_LIMIT = 262_144


class Dialogue:
    """One readout over an open link; ``timeout`` bounds the wait for the first character."""

    def __init__(self, link: Link, options: Options, timeout: float) -> None:
        self._link = link
        self._options = options
        self._timeout = timeout

    async def read(self) -> tuple[Identification, Readout]:
        """Return identification and data; raises CollectorError."""
        try:
            async with asyncio.timeout(self._options.max_seconds):
                identification = await self._identify()
                await self._acknowledge(identification)
                return identification, await self._data()
        except TimeoutError:
            raise NoAnswer(f"the readout took more than {self._options.max_seconds:g} s") from None

    async def _identify(self) -> Identification:
        options, link = self._options, self._link
        if options.software_7e1:
            link.software_7e1 = True
        if options.mode == "c":
            await link.set_serial(baudrate=options.baudrate, bytesize=7, parity="E")
        await link.discard_input()
        if options.wakeup:
            await link.write(bytes(options.wakeup))
        await link.write(request_message(options.address))
        return await self._identification()

    async def _identification(self) -> Identification:
        last = b""
        for _ in range(_LINES_BEFORE_IDENTIFICATION):
            last = strip_parity(await self._link.read_until(b"\n", self._timeout, limit=512))
            with contextlib.suppress(FrameError):  # an echoed request, an empty line, noise
                return parse_identification(last)
        raise FrameError(f"no identification came, but {last[:40]!r}")

    async def _acknowledge(self, identification: Identification) -> None:
        options = self._options
        if not options.acknowledge:
            return
        speed = self._speed(identification)
        await self._link.write(option_select(options.protocol, speed, options.select))
        if options.mode == "c" and SPEEDS.get(speed, options.baudrate) != options.baudrate:
            await asyncio.sleep(options.switch_delay)
            await self._link.set_serial(baudrate=SPEEDS[speed], bytesize=7, parity="E")

    def _speed(self, identification: Identification) -> str:
        offered = identification.speed
        if self._options.mode == "fixed" or offered not in SPEEDS:
            return offered
        return min(offered, self._options.max_speed)

    async def _data(self) -> Readout:
        """Return the data block; a damaged one is asked for again three times."""
        for attempt in range(_REPEATS + 1):
            try:
                readout = unframe(await self._collect())
            except NoAnswer:
                if attempt:
                    break  # the meter does not repeat: what counts is the damage
                raise
            if readout.state != DAMAGED:
                return readout
            if attempt < _REPEATS:
                await self._link.discard_input()
                await self._link.write(bytes([NAK]))
        raise ChecksumError("the readout arrived damaged each time")

    async def _collect(self) -> bytes:
        """Return bytes up to the check character, or what there is when the meter falls silent."""
        data = bytearray()
        wait = max(self._timeout, self._options.char_timeout)
        while not _complete(data):
            try:
                data += strip_parity(await self._link.read(4096, wait))
            except NoAnswer:
                if not data.strip(b"\x00\x7f\r\n"):
                    raise
                return bytes(data)
            if len(data) > _LIMIT:
                raise FrameError(f"no end of the readout within {_LIMIT} bytes")
            wait = self._options.char_timeout
        return bytes(data)


def _complete(data: bytearray) -> bool:
    start = data.find(STX)
    if start < 0:
        # Without STX there is no check character: the closing mark ends the text.
        return data.rstrip(b"\r\n").endswith(b"!") and data.endswith(b"\n")
    end = data.find(ETX, start)
    return 0 <= end < len(data) - 1

# SPDX-License-Identifier: MIT
"""A readout: sign-on, data block, repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...channel.base import Link
from ...model import ChecksumError, DeviceSpec, FrameError, NoAnswer
from .codec import DAMAGED, ETX, NAK, STX, Identification, Readout, unframe
from .errors import DlmsMeter, ParityError
from .options import Options
from .quirks import options_for
from .signon import choose, sign_on
from .wire import Wire

_REPEATS = 3
_LIMIT = 262_144
_HDLC_FLAG = 0x7E


class Dialogue:
    """One readout over an open link; ``timeout`` bounds the wait for the first character.

    ``options`` are those of the meter once it has identified itself, before that of the ``known``
    identification; ``identified`` is what it said, empty until then.
    """

    def __init__(
        self, link: Link, device: DeviceSpec, timeout: float, known: str = ""
    ) -> None:
        self.options: Options = options_for(device, known)
        self._device = device
        self._wire = Wire(link)
        self._timeout = timeout
        self.identified = ""

    async def read(
        self, select: Callable[[Options], str] = lambda options: options.select
    ) -> tuple[Identification, Readout]:
        """Return identification and data; ``select`` gives the mode character."""
        limit = self.options.max_seconds
        try:
            async with asyncio.timeout(limit):
                identification = await sign_on(self._wire, self.options, self._timeout)
                self.identified = identification.text
                self.options = options_for(self._device, identification.text)
                await choose(self._wire, self.options, identification, select(self.options))
                return identification, await self._checked(identification)
        except TimeoutError:
            raise NoAnswer(f"the readout took more than {limit:g} s") from None
        finally:
            await self._wire.restore()

    async def _checked(self, identification: Identification) -> Readout:
        """Return the data; a meter that offers DLMS and gives none is named as such."""
        text = f"{identification.text} gives no readout: read it with the driver dlms"
        try:
            readout = await self._data()
        except (NoAnswer, ChecksumError):
            if identification.offers_dlms:
                raise DlmsMeter(text) from None
            raise
        if identification.offers_dlms and readout.text.lstrip("\r\n").startswith(chr(_HDLC_FLAG)):
            raise DlmsMeter(text)
        return readout

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
            parity = self._wire.parity_errors
            if attempt < _REPEATS:
                await self._wire.discard()
                await self._wire.send(bytes([NAK]))
        if parity:
            raise ParityError(f"the readout arrived damaged, {parity} characters of wrong parity")
        raise ChecksumError("the readout arrived damaged each time")

    async def _collect(self) -> bytes:
        """Return bytes up to the check character, or what there is when the meter falls silent."""
        data = bytearray()
        wait = max(self._timeout, self.options.char_timeout)
        while not _complete(data):
            try:
                data += await self._wire.some(wait)
            except NoAnswer:
                if not data.strip(b"\x00\x7f\r\n"):
                    raise
                return bytes(data)
            if len(data) > _LIMIT:
                raise FrameError(f"no end of the readout within {_LIMIT} bytes")
            wait = self.options.char_timeout
        return bytes(data)


def _complete(data: bytearray) -> bool:
    start = data.find(STX)
    if start < 0:
        # Without STX there is no check character: the closing mark ends the text.
        return data.rstrip(b"\r\n").endswith(b"!") and data.endswith(b"\n")
    end = data.find(ETX, start)
    return 0 <= end < len(data) - 1

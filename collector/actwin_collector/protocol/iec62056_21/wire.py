# SPDX-License-Identifier: MIT
"""A meter's line as this protocol sees it: seven-bit characters, echoes dropped, parity watched."""

from __future__ import annotations

import asyncio
import contextlib

from ...channel.base import Link
from ...model import LinkError, NoAnswer
from .codec import strip_parity

_ODD = bytes(byte for byte in range(256) if byte.bit_count() % 2)
_LOW = bytes(range(128))


class Wire:
    """Wraps an open link for one dialogue; ``restore`` gives the line its own form back.

    ``reaction`` is how long the meter is left alone after its last character.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._echo = b""
        self._changed = False
        self._odd = 0
        self._marked = False
        self.reaction = 0.0
        self._heard_at = -60.0

    @property
    def parity_errors(self) -> int:
        """Characters with wrong parity since the last ``send``, where parity reaches us at all."""
        seen = (self._odd, self._marked)
        odd, marked = self._link.parity_seen if self._link.software_7e1 else seen
        return odd if marked else 0

    async def set_speed(self, baudrate: int) -> None:
        """Change to 7E1 at a speed."""
        self._changed = True
        await self._link.set_serial(baudrate=baudrate, bytesize=7, parity="E")

    def use_software_7e1(self) -> None:
        """Do parity here, for device servers set to 8N1."""
        self._link.software_7e1 = True

    async def restore(self) -> None:
        """Give the line the form of its configuration back, for the next device on it."""
        if self._changed:
            line = self._link.line
            with contextlib.suppress(LinkError):
                await self._link.set_serial(
                    baudrate=line.baudrate, bytesize=line.bytesize, parity=line.parity
                )

    async def discard(self) -> None:
        """Forget what came unasked."""
        self._echo = b""
        await self._link.discard_input()

    async def send(self, data: bytes) -> None:
        """Send; an echo of it, as two-wire lines give, will be dropped from what is read."""
        pause = self._heard_at + self.reaction - asyncio.get_running_loop().time()
        if pause > 0:
            await asyncio.sleep(pause)
        self._odd, self._marked = 0, False
        self._link.parity_seen = (0, False)
        self._echo = data
        await self._link.write(data)

    async def line(self, timeout: float) -> bytes:
        """Return one line with its end."""
        return self._count(await self._link.read_until(b"\n", timeout, limit=512))

    async def some(self, timeout: float) -> bytes:
        """Return at least one byte; raises NoAnswer, also when only the echo came."""
        held, echoed = b"", False
        while True:
            try:
                held += self._count(await self._link.read(4096, timeout))
            except NoAnswer:
                if held or echoed:
                    raise NoAnswer("nothing came but the echo of what was sent") from None
                raise
            if not self._echo or not self._echo.startswith(held):
                break
            if held == self._echo:
                self._echo, held, echoed = b"", b"", True
        heard = held.removeprefix(self._echo) if self._echo else held
        self._echo = b""
        return heard

    def _count(self, data: bytes) -> bytes:
        self._heard_at = asyncio.get_running_loop().time()
        self._odd += len(data) - len(data.translate(None, _ODD))
        self._marked = self._marked or bool(data.translate(None, _LOW))
        return strip_parity(data)

# SPDX-License-Identifier: MIT
"""The programming mode: password, reading and writing by command, partial blocks, break."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...channel.base import Link
from ...model import (
    AddressError,
    ChecksumError,
    CollectorError,
    ConfigError,
    DeviceSpec,
    FrameError,
    NoAnswer,
)
from .codec import ACK, NAK, Block, Identification, command_message, take_block
from .errors import AccessDenied, MeterError, ParityError, PasswordRefused
from .options import Options
from .passwords import PasswordGuard, default_guard
from .quirks import options_for
from .signon import PROGRAMMING, choose, sign_on
from .wire import Wire

_T = TypeVar("_T")
_REPEATS = 3
_LIMIT = 4_194_304
# ``P.01(ERROR)`` is how meters say that the span holds nothing; without the P it is an error.
_ERROR = re.compile(r"\s*[0-9A-OQ-Za-z.:*&-]*\(\s*(ER[^()]*)\)\s*")
# By the VDEW list: 06 no reading or writing permitted, 07 access denied.
_DENIED = re.compile(r"ER(?:R(?:OR)?)?\s*0?[67]\b")
_SERIAL = re.compile(r"\(([^()]*)\)")


class Programming:
    """One visit in programming mode over an open link; see ``hold``."""

    def __init__(
        self,
        link: Link,
        device: DeviceSpec,
        timeout: float,
        guard: PasswordGuard | None = None,
        known: str = "",
    ) -> None:
        self.identification = known
        self.options: Options = options_for(device, known)
        self._device = device
        self._wire = Wire(link)
        self._timeout = timeout
        self._guard = guard
        self._rest = b""

    async def hold(self, work: Callable[[Programming], Awaitable[_T]]) -> _T:
        """Sign on, check the serial, do the work, and leave; raises CollectorError."""
        entered = False
        try:
            async with asyncio.timeout(self.options.profile_seconds):
                identification = await sign_on(self._wire, self.options, self._timeout)
                self.identification = identification.text
                self.options = options_for(self._device, identification.text)
                entered = True
                await self._enter(identification)
                await self._check_serial()
                return await work(self)
        except TimeoutError:
            limit = self.options.profile_seconds
            raise NoAnswer(f"the visit took more than {limit:g} s") from None
        finally:
            if entered:
                with contextlib.suppress(CollectorError):
                    await self._wire.send(command_message("B0"))
            await self._wire.restore()

    async def authenticate(self) -> None:
        """Give the password, at most once, and only while no refusal of it is known."""
        secret = self._device.secret
        if not secret:
            raise ConfigError("the meter's password is not configured", "password_missing")
        if not secret.isascii() or not secret.isprintable() or set(secret) & set("()"):
            raise ConfigError("the password has characters that cannot be sent")
        guard = self._guard or default_guard(self.options.state_dir)
        key = self._device.key
        await asyncio.to_thread(guard.begin, key, secret, self.options.password_confirm)
        answer = await self._ask(self.options.password_command, f"({secret})", repeats=0)
        if answer.command == "ACK":
            await asyncio.to_thread(guard.accepted, key)
            return
        if not answer.sound:
            raise ChecksumError("the answer to the password arrived damaged")
        await asyncio.to_thread(guard.refused, key)
        said = answer.command or answer.text[:20]
        raise PasswordRefused(f"the meter answered {said!r} to the password; it is not used again")

    async def read(self, command: str, text: str, pause: float = 0.0) -> str:
        """Return the text of an answer, all its blocks; raises CollectorError."""
        answer = await self._ask(command, text, pause)
        parts = []
        size = 0
        while True:
            parts.append(_data_of(answer))
            size += len(answer.text)
            if size > _LIMIT:
                raise FrameError(f"no end of the answer within {_LIMIT} characters")
            if not answer.more:
                return "".join(parts)
            await self._wire.send(bytes([ACK]))
            answer = await self._repeated(pause, _REPEATS)

    async def write(self, text: str) -> None:
        """Write one register; raises CollectorError when the meter does not acknowledge it."""
        answer = await self._ask(self.options.write_command, text, repeats=0)
        if answer.command != "ACK":
            _data_of(answer)
            raise MeterError(f"the meter did not take {text}: {answer.command or answer.text!r}")

    async def _enter(self, identification: Identification) -> None:
        await choose(self._wire, self.options, identification, PROGRAMMING)
        answer = await self._repeated(0.0, _REPEATS)
        if answer.command not in ("P0", "ACK"):
            _data_of(answer)
            raise FrameError(f"the meter began programming mode with {answer.command!r}")

    async def _check_serial(self) -> None:
        wanted = self.options.serial
        if not wanted:
            return
        text = await self.read(self.options.read_command, f"{self.options.serial_code}()")
        found = _SERIAL.search(text)
        serial = found[1].strip() if found else ""
        if serial.lstrip("0") != wanted.lstrip("0"):
            raise AddressError(f"meter {serial or '?'} answered, not {wanted}")

    async def _ask(
        self, command: str, text: str, pause: float = 0.0, repeats: int = _REPEATS
    ) -> Block:
        """Send a command; a meter that heard it damaged (NAK) gets it again, if that is safe."""
        for attempt in range(repeats + 1):
            self._rest = b""
            await self._wire.send(command_message(command, text))
            answer = await self._repeated(pause, repeats)
            if answer.command != "NAK" or attempt == repeats:
                break
        return answer

    async def _repeated(self, pause: float, repeats: int) -> Block:
        """Return the next block; a damaged one is asked for again."""
        for attempt in range(repeats + 1):
            block = await self._block(pause)
            if block.sound:
                return block
            parity = self._wire.parity_errors
            if attempt < repeats:
                await self._wire.discard()
                self._rest = b""
                await self._wire.send(bytes([NAK]))
        if not repeats:
            return block
        if parity:
            raise ParityError(f"a block arrived damaged, {parity} characters of wrong parity")
        raise ChecksumError("a block arrived damaged each time")

    async def _block(self, pause: float) -> Block:
        data, wait = self._rest, max(self._timeout, pause)
        while True:
            block, data = take_block(data)
            if block:
                self._rest = data
                return block
            try:
                data += await self._wire.some(wait)
            except NoAnswer:
                if not data:
                    raise
                return Block("", sound=False)  # cut off: like any other damage
            if len(data) > _LIMIT:
                raise FrameError(f"no end of the block within {_LIMIT} bytes")
            wait = max(self.options.char_timeout, pause)


def _data_of(answer: Block) -> str:
    """Return a data block's text; raises MeterError for anything else."""
    if answer.command == "B0":
        raise AccessDenied("the meter ended the dialogue: it may want the password")
    if answer.command == "NAK":
        raise MeterError("the meter does not understand the command")
    if answer.command:
        raise FrameError(f"the meter answered {answer.command!r} instead of data")
    error = _ERROR.fullmatch(answer.text)
    if error:
        kind = AccessDenied if _DENIED.match(error[1]) else MeterError
        raise kind(f"the meter answered ({error[1]})")
    return answer.text

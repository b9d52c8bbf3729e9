# SPDX-License-Identifier: MIT
"""The dialogue that starts a radio receiver: each answer is looked at, telegrams are not lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping

from ...channel.base import Link
from ...model import CollectorError, NoAnswer
from .receiver_frames import amber_is_sound, amber_length, imst_is_sound, imst_length, xor
from .starts import Start, Step, start_of

ATTEMPTS = 3
_ANSWER_SECONDS = 1.0
# A prompt is one when nothing comes after it for so long.
_PROMPT_SILENCE = 0.15
_READ = 4096
_FLAGS_AT = 4


class ReceiverError(CollectorError):
    """A radio receiver that did not do what its maker says it does."""

    default_code = "receiver_refused"


async def start(link: Link, settings: Mapping[str, object]) -> str:
    """Start the receiver of a line; returns what is ready, "" where there is nothing to start.

    Raises ReceiverError ``receiver_no_answer``, ``receiver_refused``, ``receiver_setup``, and
    LinkError. What came that was no answer is handed to ``link.overheard``.
    """
    wanted = start_of(settings)
    if wanted is None:
        return ""
    failure = CollectorError("nothing was tried")
    for _ in range(ATTEMPTS):
        talk = _TALKS[wanted.framing](link, wanted)
        try:
            await talk.run()
            return f"{wanted.title}, radio mode {wanted.mode}"
        except ReceiverError as error:
            failure = error
            if error.code == "receiver_setup":
                break
        finally:
            talk.hand_over()
    raise failure


async def try_start(link: Link) -> tuple[bytes, ReceiverError | None]:
    """Start the receiver of a link; returns what it delivered meanwhile, and why it failed."""
    came: list[bytes] = []
    before, link.overheard = link.overheard, came.append
    failure = None
    try:
        await start(link, link.line.settings)
    except ReceiverError as error:
        failure = error
    finally:
        link.overheard = before
    return b"".join(came), failure


class _Talk:
    """One attempt; subclasses tell messages apart."""

    def __init__(self, link: Link, wanted: Start) -> None:
        self._link = link
        self._wanted = wanted
        self._buffer = bytearray()
        self._rest = bytearray()

    async def run(self) -> None:
        """Go through the steps; raises ReceiverError, LinkError."""
        entered = False
        try:
            for step in self._wanted.steps:
                await self._take(step)
                entered = True
        finally:
            if entered and self._wanted.end:
                await self._link.write(self._framed(self._wanted.end))

    def hand_over(self) -> None:
        """Give what was no answer to whoever listens."""
        self._rest += self._buffer
        self._buffer.clear()
        if self._link.overheard and self._rest:
            self._link.overheard(bytes(self._rest))

    async def _take(self, step: Step) -> None:
        await self._link.write(self._framed(step.send))
        if step.reply is None:
            return
        message, text = await self._reply(step)
        if not any(answer.fullmatch(text) for answer in step.answers):
            raise ReceiverError(f"{self._name} does not {step.does}: it answers {text[:80]}")
        for name, wanted in step.fields.items():
            told = _field(message, step, name)
            if told == wanted:
                continue
            shown = "nothing" if told is None else told.hex().upper()
            text = f"{self._name}: {name} is {shown}, not {wanted.hex().upper()}"
            raise ReceiverError(text, "receiver_setup" if step.permanent else "")

    async def _reply(self, step: Step) -> tuple[bytes, str]:
        """Return the message that answers a step, and as its patterns see it."""
        deadline = asyncio.get_running_loop().time() + _ANSWER_SECONDS
        while (message := await self._next(deadline)) is not None:
            text = self._text(message)
            found = step.reply.fullmatch(text)
            if found:
                self._rest += bytes.fromhex(found.groupdict().get("before") or "")
                return message, text
            self._rest += message
        sent = self._framed(step.send)
        shown = sent.hex(" ").upper() if self._wanted.framing != "text" else repr(step.send)[1:]
        text = f"{self._name} does not {step.does} ({shown}); usual are {self._wanted.speed} baud"
        raise ReceiverError(text, "receiver_no_answer")

    async def _next(self, deadline: float) -> bytes | None:
        """Return the next whole message, None when none came in time."""
        while True:
            for message in self._messages():
                return message
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return None
            try:
                self._buffer += await self._link.read(_READ, left)
            except NoAnswer:
                return None

    def _messages(self) -> Iterator[bytes]:
        """Give whole messages from the buffer; what begins none goes to the rest."""
        while self._buffer:
            length = self._length()
            if length == 0 or length > len(self._buffer):
                return
            taken = bytes(self._buffer[: max(length, 1)])
            del self._buffer[: len(taken)]
            if length > 0 and self._is_sound(taken):
                yield taken
            else:
                self._rest += taken

    @property
    def _name(self) -> str:
        return f"the receiver ({self._wanted.title})"

    def _framed(self, command: bytes) -> bytes:
        return command

    def _text(self, message: bytes) -> str:
        return message.hex().upper()

    def _length(self) -> int:
        """As ``Receiver._length``."""
        raise NotImplementedError

    def _is_sound(self, message: bytes) -> bool:
        return True


class _HciTalk(_Talk):
    def _length(self) -> int:
        return imst_length(self._buffer)

    def _is_sound(self, message: bytes) -> bool:
        return imst_is_sound(message)


class _AmberTalk(_Talk):
    def _framed(self, command: bytes) -> bytes:
        return command + bytes((xor(command),))

    def _length(self) -> int:
        return amber_length(self._buffer)

    def _is_sound(self, message: bytes) -> bool:
        return amber_is_sound(message)


class _LineTalk(_Talk):
    def _framed(self, command: bytes) -> bytes:
        return command + b"\r\n"

    def _text(self, message: bytes) -> str:
        return message.decode("ascii", "replace").strip()

    def _length(self) -> int:
        return self._buffer.find(b"\n") + 1


class _PromptTalk(_Talk):
    """A prompt has no length: it is what came when nothing more does."""

    async def _next(self, deadline: float) -> bytes | None:
        clock = asyncio.get_running_loop()
        with contextlib.suppress(NoAnswer):
            while (left := deadline - clock.time()) > 0:
                pause = min(left, _PROMPT_SILENCE) if self._buffer else left
                self._buffer += await self._link.read(_READ, pause)
        message = bytes(self._buffer)
        self._buffer.clear()
        return message or None


def _field(message: bytes, step: Step, name: str) -> bytes | None:
    at = step.where.get(name)
    if at is not None:
        return message[at : at + 1] or None
    at = _FLAGS_AT
    for group in step.flags:
        present = message[at] if at < len(message) else 0
        at += 1
        for bit, (part, length) in enumerate(group):
            if not present >> bit & 1:
                continue
            if part == name:
                return message[at : at + length] or None
            at += length
    return None


_TALKS: Mapping[str, type[_Talk]] = {
    "hci": _HciTalk, "amber": _AmberTalk, "text": _LineTalk, "prompt": _PromptTalk
}  # fmt: skip

# SPDX-License-Identifier: MIT
"""Who is calling: by greeting, by first frame, or because only one can be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channel.modem import Call, Heartbeat
from ..model import Heard, LinkError, NoAnswer, ProtocolError
from .ear import Cutter
from .unassigned import raw_text

UNNAMED = "modem"


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who called, what it said beyond its greeting, and what its listeners have heard so far."""

    who: object
    rest: bytes = b""
    cutter: Cutter | None = None
    messages: tuple[tuple[str, Heard], ...] = ()


def heartbeat_of(settings: Mapping) -> Heartbeat | None:
    """Return the sign of life that a line's modems send, None when they send none."""
    if not settings["heartbeat"]:
        return None
    pattern = re.compile(settings["heartbeat"].encode("latin-1"))
    answer = settings["heartbeat_answer"].encode("latin-1", "replace")
    return Heartbeat(pattern, answer.decode("unicode_escape").encode("latin-1", "replace"))


class Greeter:
    """Listens to one caller until it is known; ``find(name, devices)`` gives who has that name."""

    def __init__(
        self, settings: Mapping, heartbeat: Heartbeat | None, find: Callable[..., object]
    ) -> None:
        self._hello = settings["hello"] and re.compile(settings["hello"].encode("latin-1"))
        self._seconds = settings["hello_seconds"]
        self._most = settings["hello_bytes"]
        self._heartbeat = heartbeat
        self._find = find
        self._said = b""
        self._kept = False
        self._refused = False

    async def greet(self, call: Call, cutter: Cutter) -> Greeting:
        """Return who it is; raises CollectorError, after what it said was kept for the operator."""
        only = None if self._hello else self._find(None)
        if only is not None:
            return Greeting(only)
        try:
            async with asyncio.timeout(self._seconds):
                while True:
                    greeting = await self._hear(call, cutter)
                    if greeting is not None:
                        return greeting
        except TimeoutError:
            await self._keep(cutter)
            text = f"{call.peer} did not say who it is within {self._seconds:g} s"
            raise NoAnswer(text, "hello_timeout") from None

    async def _hear(self, call: Call, cutter: Cutter) -> Greeting | None:
        try:
            data = await call.reader.read(4096)
        except OSError as error:
            raise LinkError(f"{call.peer}: {error}", "hello_failed") from error
        if not data:
            await self._keep(cutter)
            raise LinkError(f"{call.peer} hung up before it said who it is", "hello_failed")
        data = await self._answer_heartbeat(call, data)
        by_name = await self._by_name(data, cutter)
        return by_name or await self._by_frame(call, data, cutter)

    async def _answer_heartbeat(self, call: Call, data: bytes) -> bytes:
        if self._heartbeat is None:
            return data
        data, beats = self._heartbeat.strip(data)
        if beats and self._heartbeat.answer:
            call.writer.write(self._heartbeat.answer * beats)
        return data

    async def _by_name(self, data: bytes, cutter: Cutter) -> Greeting | None:
        if len(self._said) < self._most:
            self._said += data
        match = self._hello.search(self._said) if self._hello and not self._refused else None
        if match is None:
            return None
        name = match["modem"].decode("latin-1")
        who = self._find(name)
        if who is not None:
            return Greeting(who, self._said[match.end() :])
        # A known meter may still speak through a modem that nobody knows.
        self._refused = True
        await self._keep(cutter, name)
        return None

    async def _by_frame(self, call: Call, data: bytes, cutter: Cutter) -> Greeting | None:
        messages = cutter.feed(data)
        for driver, heard in messages:
            found = cutter.intake.candidates(cutter.source, driver, heard.sender)
            who = self._find(None, tuple(state.spec.key for state in found)) if found else None
            if who is not None:
                return Greeting(who, cutter=cutter, messages=tuple(messages))
        for driver, heard in messages:
            raw = raw_text(heard.telegram)
            await cutter.intake.strange(cutter.source, driver, heard.sender, raw)
        self._kept = self._kept or bool(messages)
        if not messages and len(self._said) >= self._most and not self._refused:
            await self._keep(cutter)
            text = f"{call.peer} sent {len(self._said)} bytes without saying who it is"
            raise ProtocolError(text, "hello_too_long")
        return None

    async def _keep(self, cutter: Cutter, name: str = "") -> None:
        """Keep what a caller said, once, so that an operator can see who wants in."""
        if not self._said or self._kept:
            return
        self._kept = True
        where = cutter.source.where.rpartition(":")[0]
        raw = self._said[: self._most].hex()
        await cutter.intake.strange(cutter.source, UNNAMED, name or where, raw)

# SPDX-License-Identifier: MIT
"""Sends Modbus read requests over a link and takes the answers that belong to them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ...channel.base import Link
from ...model import CollectorError, FrameError, NoAnswer
from . import adu
from .planner import Request


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: to wait for an answer, to keep silent at the start and before each request."""

    timeout: float
    settle: float = 0.0
    pause: float = 0.0


# What was asked on a line without transaction ids and not answered: an answer that comes late would
# pass for one to the same question asked again. (what was asked, until when it may still come)
Owed = WeakKeyDictionary[Link, tuple[tuple[int, int, int], float]]


class Dialogue:
    """Requests to one unit."""

    def __init__(
        self, link: Link, framing: str, unit: int, timing: Timing, echo: bool, owed: Owed
    ) -> None:
        self._link = link
        self._framing = framing
        self._unit = unit
        self._timing = timing
        self._echo = echo
        self._owed = owed
        self._asked = False

    async def fetch(self, request: Request) -> tuple[int, ...]:
        """Return the words of a request; raises CollectorError."""
        await self._keep_silent()
        transaction = adu.next_transaction()
        wire = adu.build_request(
            self._framing, self._unit, request.function, request.address, request.count, transaction
        )
        await self._link.discard_input()
        if self._framing == adu.TCP:
            await self._link.write(wire)
            data = await self._receive_tcp(transaction)
            answer = adu.parse_answer(self._framing, data)
            return adu.check_answer(answer, self._unit, request.function, request.count)
        question = (self._unit, request.function, request.count)
        await self._let_late_answers_pass(question)
        await self._link.write(wire)
        try:
            return await self._receive_rtu(wire, question)
        except NoAnswer:
            self._owed[self._link] = (question, _now() + self._timing.timeout)
            raise

    async def _keep_silent(self) -> None:
        pause = self._timing.pause if self._asked else max(self._timing.settle, self._timing.pause)
        self._asked = True
        if pause:
            await asyncio.sleep(pause)

    async def _let_late_answers_pass(self, question: tuple[int, int, int]) -> None:
        asked, until = self._owed.pop(self._link, (None, 0.0))
        if asked != question:
            return
        while (left := until - _now()) > 0:
            try:
                await self._link.read(4096, left)
            except NoAnswer:
                return

    async def _receive_rtu(self, wire: bytes, question: tuple[int, int, int]) -> tuple[int, ...]:
        """Return the words of the answer; frames of other questions are heard and dropped.

        Their error is what is raised when nothing else comes.
        """
        if self._echo and await self._link.read_exactly(len(wire), self._timing.timeout) != wire:
            raise FrameError("the line does not echo the request")
        end, other = _now() + self._timing.timeout, None
        while True:
            try:
                data = await self._one_rtu_frame(end - _now())
            except NoAnswer:
                raise other or NoAnswer(f"no answer within {self._timing.timeout:g} s") from None
            try:
                return adu.check_answer(adu.parse_answer(adu.RTU, data), *question)
            except CollectorError as error:
                if adu.belongs_to(data, *question):
                    raise
                other = error

    async def _one_rtu_frame(self, left: float) -> bytes:
        head = await self._link.read_exactly(3, max(left, 0.0))
        size = adu.rtu_answer_size(head)
        return head + await self._link.read_exactly(size - 3, self._timing.timeout)

    async def _receive_tcp(self, transaction: int) -> bytes:
        """Return the answer with our transaction id; late answers to old requests are dropped."""
        timeout = self._timing.timeout
        try:
            async with asyncio.timeout(timeout):
                while True:
                    data = await self._one_tcp_frame(timeout)
                    if int.from_bytes(data[:2], "big") == transaction:
                        return data
        except TimeoutError:
            raise NoAnswer(f"no answer within {timeout:g} s") from None

    async def _one_tcp_frame(self, timeout: float) -> bytes:
        head = await self._link.read_exactly(adu.MBAP_SIZE, timeout)
        size = int.from_bytes(head[4:6], "big") - 1
        if head[2:4] != b"\0\0" or not 2 <= size <= 254:
            await self._link.discard_input()
            raise FrameError(f"not a Modbus TCP header: {head.hex()}")
        return head + await self._link.read_exactly(size, timeout)


def _now() -> float:
    return asyncio.get_running_loop().time()

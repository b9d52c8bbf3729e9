# SPDX-License-Identifier: MIT
"""Sends Modbus read requests over a link and takes the answers that belong to them."""

from __future__ import annotations

import asyncio

from ...channel.base import Link
from ...model import FrameError, NoAnswer
from . import adu
from .planner import Request


class Dialogue:
    """Requests to one unit; ``timeout`` seconds for each answer."""

    def __init__(
        self, link: Link, framing: str, unit: int, timeout: float, pause: float, echo: bool
    ) -> None:
        self._link = link
        self._framing = framing
        self._unit = unit
        self._timeout = timeout
        self._pause = pause
        self._echo = echo

    async def fetch(self, request: Request) -> tuple[int, ...]:
        """Return the words of a request; raises CollectorError."""
        if self._pause:
            await asyncio.sleep(self._pause)
        transaction = adu.next_transaction()
        wire = adu.build_request(
            self._framing, self._unit, request.function, request.address, request.count, transaction
        )
        await self._link.discard_input()
        await self._link.write(wire)
        if self._framing == adu.RTU:
            data = await self._receive_rtu(wire)
        else:
            data = await self._receive_tcp(transaction)
        answer = adu.parse_answer(self._framing, data)
        return adu.check_answer(answer, self._unit, request.function, request.count)

    async def _receive_rtu(self, wire: bytes) -> bytes:
        if self._echo and await self._link.read_exactly(len(wire), self._timeout) != wire:
            raise FrameError("the line does not echo the request")
        head = await self._link.read_exactly(3, self._timeout)
        rest = await self._link.read_exactly(adu.rtu_answer_size(head) - 3, self._timeout)
        return head + rest

    async def _receive_tcp(self, transaction: int) -> bytes:
        """Return the answer with our transaction id; late answers to old requests are dropped."""
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    data = await self._one_tcp_frame()
                    if int.from_bytes(data[:2], "big") == transaction:
                        return data
        except TimeoutError:
            raise NoAnswer(f"no answer within {self._timeout:g} s") from None

    async def _one_tcp_frame(self) -> bytes:
        head = await self._link.read_exactly(adu.MBAP_SIZE, self._timeout)
        size = int.from_bytes(head[4:6], "big") - 1
        if head[2:4] != b"\0\0" or not 2 <= size <= 254:
            await self._link.discard_input()
            raise FrameError(f"not a Modbus TCP header: {head.hex()}")
        return head + await self._link.read_exactly(size, self._timeout)

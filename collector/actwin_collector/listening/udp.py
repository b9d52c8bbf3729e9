# SPDX-License-Identifier: MIT
"""Datagrams that meters and gateways send by themselves."""

from __future__ import annotations

import asyncio
import contextlib

from ..model import CollectorError, LinkError
from .base import Inbox, ListeningLine
from .ear import Cutter
from .intake import Source
from .settings import bind_port_of

_MOST_SENDERS = 500


class UdpLine(ListeningLine):
    """A bound UDP port; each datagram is one whole message, answered after it is stored.

    UDP has no way to say "later": when the outbox is full nothing is answered, and the sender
    repeats or the value is lost to it; the refusal is counted.
    """

    _transport: asyncio.DatagramTransport | None = None
    _consumer: asyncio.Task | None = None
    _cutters: dict[str, Cutter]

    @property
    def is_open(self) -> bool:
        """Whether the port is bound and served."""
        return self._transport is not None and not self._transport.is_closing()

    async def open(self) -> None:
        """Bind the port; raises LinkError."""
        await self.close()
        where = (self.settings["bind_host"], bind_port_of(self.line))
        loop = asyncio.get_running_loop()
        inbox = Inbox()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Receiver(self, inbox), local_addr=where
            )
        except OSError as error:
            raise LinkError(f"udp {where[0]}:{where[1]}: {error.strerror or error}") from error
        self._cutters = {}
        self._consumer = asyncio.create_task(self._consume(inbox, self._transport))

    @property
    def port(self) -> int:
        """The port that is bound."""
        return self._transport.get_extra_info("sockname")[1] if self._transport else 0

    async def close(self) -> None:
        """Release the port."""
        consumer, self._consumer = self._consumer, None
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
        if consumer is not None:
            consumer.cancel()
            await asyncio.gather(consumer, return_exceptions=True)

    async def _consume(self, inbox: Inbox, transport: asyncio.DatagramTransport) -> None:
        while True:
            data, peer = await inbox.get()
            cutter = self._cutter_of(f"{peer[0]}:{peer[1]}")
            messages = cutter.message(data)
            if not messages:
                self.health.errors["nothing_heard"] += 1
            for message in messages:
                with contextlib.suppress(CollectorError):
                    for heard, _ in await cutter.take([message]):
                        if heard.reply:
                            transport.sendto(heard.reply, peer)


    def _cutter_of(self, peer: str) -> Cutter:
        """Return a sender's own listeners: a long push may come in several datagrams."""
        cutter = self._cutters.pop(peer, None)
        if cutter is None:
            source = Source(self.line, self.health, peer)
            cutter = Cutter(source, self.drivers, self.tools.intake)
        self._cutters[peer] = cutter
        if len(self._cutters) > _MOST_SENDERS:
            del self._cutters[next(iter(self._cutters))]
        return cutter


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, line: UdpLine, inbox: Inbox) -> None:
        self._line = line
        self._inbox = inbox

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if self._line.allows(addr[0]) and not self._inbox.put((data, addr)):
            self._line.health.errors["overrun"] += 1

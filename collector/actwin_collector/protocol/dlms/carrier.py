# SPDX-License-Identifier: MIT
"""How messages travel: inside TCP wrapper frames, through a gateway; see ``hdlc_carrier`` too."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from ...channel.base import Link
from ...model import AddressError, NoAnswer
from . import apdu as wire
from . import gateway, wrapper

_log = logging.getLogger(__name__)

# Frames of pushes that may come before an answer until it counts as none.
MAX_ASIDE = 64


class Carrier(ABC):
    """Takes one message to the meter and brings the answer; ``client`` may change between uses.

    ``broken``: the stream stands in the middle of something and must begin anew.
    """

    broken = False

    def __init__(self, link: Link, timeout: float, client: int) -> None:
        self.link = link
        self.timeout = timeout
        self.client = client

    async def connect(self) -> None:  # noqa: B027 - the wrapper has nothing to set up
        """Make ready; raises CollectorError."""

    @abstractmethod
    async def send(self, message: bytes) -> None:
        """Send one message."""

    @abstractmethod
    async def receive(self) -> bytes:
        """Return the next message; raises CollectorError."""

    async def exchange(self, message: bytes) -> bytes:
        """Return the answer to a message; pushes that come first go to whoever listens."""
        await self.send(message)
        return await self.receive()

    def overhear(self, frame: bytes) -> None:
        """Pass on a frame that is no answer, also of another meter behind the same address."""
        if self.link.overheard:
            self.link.overheard(frame)
        else:
            _log.info("a push came instead of an answer, and nobody listens on this line")

    async def disconnect(self) -> None:  # noqa: B027 - nor anything to take down
        """End; never raises CollectorError."""


class WrapperCarrier(Carrier):
    """TCP wrapper; ``server`` is the meter's port number in it."""

    def __init__(self, link: Link, timeout: float, client: int, server: int) -> None:
        super().__init__(link, timeout, client)
        self.server = server

    async def send(self, message: bytes) -> None:
        """Send one message."""
        await self.link.write(wrapper.build(self.client, self.server, message))

    async def receive(self) -> bytes:
        """Return the next message; raises AddressError, FrameError, NoAnswer.

        What another meter behind the same address answers too late is passed over.
        """
        stranger: AddressError | None = None
        deadline = asyncio.get_running_loop().time() + self.timeout
        try:
            for _ in range(MAX_ASIDE):
                source, target, message, raw = await self._frame(deadline)
                if is_push(message):
                    self.overhear(raw)
                elif (source, target) == (self.server, self.client):
                    return message
                else:
                    text = f"expected {self.server} to {self.client}"
                    stranger = AddressError(f"{source} answered {target}, {text}")
        except NoAnswer as nothing:
            raise stranger or nothing from None
        raise stranger or NoAnswer("only pushes came")

    async def _frame(self, deadline: float) -> tuple[int, int, bytes, bytes]:
        self.broken = False
        first = await self.link.read_exactly(1, self._left(deadline))
        # From here on the stream is of use to nobody unless the frame comes whole.
        self.broken = True
        rest = await self.link.read_exactly(wrapper.HEADER_BYTES - 1, self._left(deadline))
        source, target, length = wrapper.parse_header(first + rest)
        message = await self.link.read_exactly(length, self._left(deadline))
        self.broken = False
        return source, target, message, first + rest + message

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - asyncio.get_running_loop().time())


def is_push(message: bytes) -> bool:
    """Whether a message is no answer to anything that we ask.

    Answers to our requests are never in general ciphering or general blocks: neither is proposed.
    """
    bare = gateway.strip(message)[0]
    return bare[:1] != b"" and (bare[0] in wire.PUSHED_TAGS or bare[0] == wire.BLOCK)


class GatewayCarrier(Carrier):
    """Puts a gateway's header before each message and takes it off the answers."""

    def __init__(self, inner: Carrier, network: int, address: bytes) -> None:
        super().__init__(inner.link, inner.timeout, inner.client)
        self._inner = inner
        self._network = network
        self._address = address

    async def connect(self) -> None:
        """Make ready."""
        self._inner.client = self.client
        await self._inner.connect()

    async def send(self, message: bytes) -> None:
        """Send one message."""
        self._inner.client = self.client
        framed = gateway.build(gateway.REQUEST, self._network, self._address, message)
        await self._inner.send(framed)

    @property
    def broken(self) -> bool:
        """Whether the stream must begin anew."""
        return self._inner.broken

    async def receive(self) -> bytes:
        """Return the next message; raises AddressError when it is another meter's."""
        stranger: AddressError | None = None
        try:
            for _ in range(MAX_ASIDE):
                message = await self._inner.receive()
                if message[:1] != bytes((gateway.RESPONSE,)):
                    return message  # what the gateway itself says
                network, address, inner = gateway.parse(message)
                if (network, address) == (self._network, self._address):
                    return inner
                stranger = AddressError(f"meter {address!r} answered behind the gateway")
        except NoAnswer as nothing:
            raise stranger or nothing from None
        raise stranger or NoAnswer("only others answered")

    async def disconnect(self) -> None:
        """End."""
        await self._inner.disconnect()

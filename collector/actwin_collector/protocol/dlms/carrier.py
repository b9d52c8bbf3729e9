# SPDX-License-Identifier: MIT
"""How messages travel: inside TCP wrapper frames, through a gateway; see ``hdlc_carrier`` too."""

from __future__ import annotations

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
    """Takes one message to the meter and brings the answer; ``client`` may change between uses."""

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
        """Return the next message; raises AddressError, FrameError, NoAnswer."""
        for _ in range(MAX_ASIDE):
            header = await self.link.read_exactly(wrapper.HEADER_BYTES, self.timeout)
            source, target, length = wrapper.parse_header(header)
            message = await self.link.read_exactly(length, self.timeout)
            if is_push(message):
                self.overhear(header + message)
                continue
            if (source, target) != (self.server, self.client):
                raise AddressError(
                    f"{source} answered {target}, expected {self.server} to {self.client}"
                )
            return message
        raise NoAnswer("only pushes came")


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

    async def receive(self) -> bytes:
        """Return the next message; raises AddressError when it is another meter's."""
        message = await self._inner.receive()
        if message[:1] != bytes((gateway.RESPONSE,)):
            return message  # what the gateway itself says
        network, address, inner = gateway.parse(message)
        if (network, address) != (self._network, self._address):
            raise AddressError(f"meter {address!r} answered behind the gateway")
        return inner

    async def disconnect(self) -> None:
        """End."""
        await self._inner.disconnect()

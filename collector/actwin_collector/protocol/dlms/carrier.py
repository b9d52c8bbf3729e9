# SPDX-License-Identifier: MIT
"""How messages travel: inside TCP wrapper frames or over an HDLC connection."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from ...channel.base import Link
from ...model import AddressError, CollectorError, FrameError, NoAnswer, ProtocolError
from . import apdu as wire
from . import hdlc, wrapper

_log = logging.getLogger(__name__)

# Pushes that may come between a request and its answer before it counts as no answer.
MAX_ASIDE = 8
MAX_MESSAGE = 1 << 20
_MAX_SEGMENTS = 16384
_FAREWELL = 1.0


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
        """Return the answer to a message; pushes that come first are put aside."""
        await self.send(message)
        for _ in range(MAX_ASIDE):
            answer = await self.receive()
            if answer and answer[0] not in wire.PUSHES:
                return answer
            _log.info("a push came instead of an answer and is not taken here")
        raise NoAnswer("only pushes came")

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
        header = await self.link.read_exactly(wrapper.HEADER_BYTES, self.timeout)
        source, target, length = wrapper.parse_header(header)
        message = await self.link.read_exactly(length, self.timeout)
        if (source, target) != (self.server, self.client):
            raise AddressError(
                f"{source} answered {target}, expected {self.server} to {self.client}"
            )
        return message


class HdlcCarrier(Carrier):
    """HDLC with window 1 and modulo 8 numbers."""

    def __init__(
        self, link: Link, timeout: float, client: int, server: bytes, max_info: int
    ) -> None:
        super().__init__(link, timeout, client)
        self.server = server
        self._offer = max_info
        self._max_send = self._max_receive = 128
        self._sent = self._received = 0
        self._connected = False

    async def connect(self) -> None:
        """Set the connection up; a meter that still holds an old one is asked to drop it."""
        self._sent = self._received = 0
        try:
            answer = await self._command(hdlc.SNRM, self._parameters())
        except NoAnswer:
            await self._farewell()
            raise
        if answer.control & ~hdlc.FINAL != hdlc.UA & ~hdlc.FINAL:
            raise ProtocolError(f"the meter refused the connection ({answer.control:#04x})")
        self._negotiate(answer.info)
        self._connected = True

    async def send(self, message: bytes) -> None:
        """Send one message in as many segments as it takes."""
        data = hdlc.LLC_REQUEST + message
        pieces = [data[at : at + self._max_send] for at in range(0, len(data), self._max_send)]
        for number, piece in enumerate(pieces, 1):
            more = number < len(pieces)
            control = self._received << 5 | hdlc.FINAL | self._sent << 1
            await self._write(control, piece, more)
            self._sent = (self._sent + 1) % 8
            if more:
                self._check_ready(await self._frame())

    async def receive(self) -> bytes:
        """Return the next message put together from its segments; raises CollectorError."""
        data = b""
        for _ in range(_MAX_SEGMENTS):
            frame = await self._frame()
            if frame.is_unnumbered_information:
                return hdlc.strip_llc(frame.info)
            self._check_numbers(frame)
            self._received = (self._received + 1) % 8
            data += frame.info
            if not frame.segmented:
                if data[:3] != hdlc.LLC_RESPONSE:
                    raise FrameError("an answer without its LLC header")
                return data[3:]
            if len(data) > MAX_MESSAGE:
                raise FrameError("an answer that never ends", "too_long")
            await self._write(self._received << 5 | hdlc.FINAL | 1)
        raise FrameError("an answer that never ends", "too_long")

    async def disconnect(self) -> None:
        """Tell the meter that we leave; what it says to that does not matter."""
        if self._connected:
            self._connected = False
            await self._farewell()

    async def _farewell(self) -> None:
        timeout, self.timeout = self.timeout, min(self.timeout, _FAREWELL)
        try:
            await self.link.discard_input()
            await self._command(hdlc.DISC)
        except CollectorError as error:
            _log.debug("disconnect: %s", error)
        finally:
            self.timeout = timeout

    async def _command(self, control: int, info: bytes = b"") -> hdlc.Frame:
        await self._write(control, info)
        for _ in range(MAX_ASIDE):
            frame = await self._frame()
            if not frame.is_unnumbered_information:
                return frame
        raise NoAnswer("only pushes came")

    async def _write(self, control: int, info: bytes = b"", more: bool = False) -> None:
        client = hdlc.encode_address(self.client, size=1)
        await self.link.write(hdlc.build(self.server, client, control, info, more))

    async def _frame(self) -> hdlc.Frame:
        """Return the next frame for us; noise before a flag is dropped."""
        deadline = asyncio.get_running_loop().time() + self.timeout
        byte = b""
        while byte != bytes((hdlc.FLAG,)):
            byte = await self.link.read_exactly(1, self._left(deadline))
        start = await self.link.read_exactly(2, self._left(deadline))
        while start[0] == hdlc.FLAG:
            start = start[1:] + await self.link.read_exactly(1, self._left(deadline))
        rest = await self.link.read_exactly(hdlc.frame_length(start) - 1, self._left(deadline))
        frame = hdlc.parse(start + rest[:-1])
        if rest[-1] != hdlc.FLAG:
            raise FrameError("an HDLC frame without its end")
        expected = (self.client, hdlc.address_number(self.server))
        if (frame.target, frame.source) != expected and not frame.is_unnumbered_information:
            raise AddressError(f"{frame.source} answered {frame.target}, expected {expected}")
        return frame

    def _left(self, deadline: float) -> float:
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise NoAnswer("no whole frame in time")
        return left

    def _check_numbers(self, frame: hdlc.Frame) -> None:
        if frame.control & ~hdlc.FINAL in (hdlc.DM & ~hdlc.FINAL, hdlc.FRMR & ~hdlc.FINAL):
            raise ProtocolError(f"the meter dropped the connection ({frame.control:#04x})")
        if not frame.is_information:
            raise ProtocolError(f"frame {frame.control:#04x} instead of an answer")
        numbers = (frame.control >> 1 & 7, frame.control >> 5)
        if numbers != (self._received, self._sent):
            raise ProtocolError(
                f"frame {numbers} instead of {(self._received, self._sent)}", "replayed"
            )

    def _check_ready(self, frame: hdlc.Frame) -> None:
        if frame.control & 0x0F != 0x01 or frame.control >> 5 != self._sent:
            raise ProtocolError(f"frame {frame.control:#04x} instead of receive ready")

    def _parameters(self) -> bytes:
        if self._offer == 128:
            return b""
        size = self._offer.to_bytes(2, "big")
        both = b"\x05\x02" + size + b"\x06\x02" + size
        rest = b"\x07\x04\x00\x00\x00\x01\x08\x04\x00\x00\x00\x01"
        return b"\x81\x80" + bytes((len(both + rest),)) + both + rest

    def _negotiate(self, info: bytes) -> None:
        """Take the meter's limits: its longest receive field is the longest we send."""
        self._max_send = 128
        at = 3
        while at + 2 <= len(info):
            kind, size = info[at], info[at + 1]
            number = int.from_bytes(info[at + 2 : at + 2 + size], "big")
            if kind == 6 and 16 <= number <= 2048:
                self._max_send = min(number, max(self._offer, 128))
            at += 2 + size

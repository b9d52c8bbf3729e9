# SPDX-License-Identifier: MIT
"""How messages travel over an HDLC connection, also to a meter that must be woken first."""

from __future__ import annotations

import asyncio
import logging

from ...channel.base import Link
from ...model import AddressError, CollectorError, FrameError, NoAnswer, ProtocolError
from . import hdlc, signon
from .carrier import MAX_ASIDE, Carrier, is_push

_log = logging.getLogger(__name__)

MAX_MESSAGE = 1 << 20
_MAX_SEGMENTS = 16384
_FAREWELL = 1.0


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
        for _ in range(MAX_ASIDE):
            frames = await self._segments()
            data = b"".join(frame.info for frame in frames)
            if not is_push(hdlc.strip_llc(data)):
                if data[:3] != hdlc.LLC_RESPONSE:
                    raise FrameError("an answer without its LLC header")
                return data[3:]
            for frame in frames:
                client = hdlc.encode_address(self.client, size=1)
                more = frame.segmented
                raw = hdlc.build(client, self.server, frame.control, frame.info, more)
                self.overhear(raw)
            # A push took the meter's turn to speak: give it another for the answer.
            await self._write(self._received << 5 | hdlc.FINAL | 1)
        raise NoAnswer("only pushes came")

    async def _segments(self) -> list[hdlc.Frame]:
        """Return the frames of one message."""
        frames: list[hdlc.Frame] = []
        size = 0
        for _ in range(_MAX_SEGMENTS):
            frame = await self._frame()
            self._check_numbers(frame)
            self._received = (self._received + 1) % 8
            frames.append(frame)
            size += len(frame.info)
            if not frame.segmented:
                return frames
            if size > MAX_MESSAGE:
                break
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
        return await self._frame()

    async def _write(self, control: int, info: bytes = b"", more: bool = False) -> None:
        client = hdlc.encode_address(self.client, size=1)
        await self.link.write(hdlc.build(self.server, client, control, info, more))

    async def _frame(self) -> hdlc.Frame:
        """Return the next frame for us; noise before it is dropped, flags in the noise too."""
        deadline = asyncio.get_running_loop().time() + self.timeout
        expected = (self.client, hdlc.address_number(self.server))
        for _ in range(MAX_ASIDE):
            start = await self._start(deadline)
            rest = await self.link.read_exactly(hdlc.frame_length(start) - 1, self._left(deadline))
            frame = hdlc.parse(start + rest[:-1])
            if rest[-1] != hdlc.FLAG:
                raise FrameError("an HDLC frame without its end")
            if frame.is_unnumbered_information:
                self.overhear(bytes((hdlc.FLAG,)) + start + rest)
                continue
            if (frame.target, frame.source) != expected:
                text = f"{frame.source} answered {frame.target}, expected {expected}"
                raise AddressError(text)
            return frame
        raise NoAnswer("only pushes came")

    async def _start(self, deadline: float) -> bytes:
        """Return the two bytes after a flag that begin a frame."""
        noise: FrameError | None = None
        try:
            start = b""
            while True:
                while start[:1] != bytes((hdlc.FLAG,)):
                    start = await self.link.read_exactly(1, self._left(deadline))
                while start[:1] == bytes((hdlc.FLAG,)):
                    start = await self.link.read_exactly(1, self._left(deadline))
                start += await self.link.read_exactly(1, self._left(deadline))
                try:
                    hdlc.frame_length(start)
                    return start
                except FrameError as error:
                    noise = error
                    start = start[1:]
        except NoAnswer:
            raise noise or NoAnswer("no frame in time") from None

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


class ModeECarrier(HdlcCarrier):
    """HDLC to a meter that is woken as in IEC 62056-21, and again after each disconnect."""

    def __init__(self, *hdlc_parts, address: str = "") -> None:
        super().__init__(*hdlc_parts)
        self._address = address

    async def connect(self) -> None:
        """Wake the meter, then set the connection up."""
        await signon.sign_on(self.link, self._address, self.timeout)
        await super().connect()

    async def disconnect(self) -> None:
        """Take leave and give the line back as it was."""
        await super().disconnect()
        await signon.restore(self.link)

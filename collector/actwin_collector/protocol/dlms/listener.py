# SPDX-License-Identifier: MIT
"""Cuts a stream of pushes into messages: frames of any kind, in any order, among noise."""

from __future__ import annotations

import binascii
import re
import time
from collections.abc import Callable, Mapping, Sequence

from ...model import CollectorError, Heard
from ..base import Listener
from ..mbus.link import is_short_frame
from . import apdu as wire
from . import hdlc, mbus_frames
from .assembly import Assembly, Whole
from .cutting import Piece, cut, is_push
from .protection import Security, sender_of
from .transcript import transcribe

_START = re.compile(rb"[\x00\x10\x68\x7e]|\xdb(?:\x08|\Z)")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}\s*)+")
_CONFIRMED = 0x40
CONFIRM = 0x10
# Meters send these without a break: what stops for longer was cut off.
_PAUSE_SECONDS = 5.0


class PushListener(Listener):
    """One stream. ``push_confirm`` answers data notifications that ask for it."""

    def __init__(
        self, settings: Mapping[str, object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._confirm = settings.get("push_confirm") is True
        self._buffer = bytearray()
        self._noisy = False
        self._refused = 0
        self._topic = ""
        self._assembly = Assembly(self.note)
        self._clock = clock
        self._last = clock()

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes as they arrive; return the messages that are whole now."""
        now = self._clock()
        found = self._take(final=True) if now - self._last > _PAUSE_SECONDS else []
        self._last = now
        self._buffer += data
        return found + self._take()

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one datagram or message: frames, or a message without any, also as hex text.

        What is sent in parts is put together by ``topic``.
        """
        self._topic = topic
        if _HEX.fullmatch(data.strip()):
            data = binascii.unhexlify(b"".join(data.split()))
        self._buffer.clear()
        if _is_framed(data):
            self._buffer += data
            found = self._take(final=True)
            if self._buffer.strip(bytes((hdlc.FLAG,))):
                self.note("truncated")
                self._buffer.clear()
            return found
        bare = hdlc.strip_llc(data)
        if is_push(bare):
            return self._whole(Piece("", 0, 0, bare, data))
        self.note("bad_frame")
        return ()

    def _take(self, final: bool = False) -> list[Heard]:
        found: list[Heard] = []
        while (piece := self._next(final)) is not None:
            self._noisy = False
            found += self._whole(piece)
        return found

    def _whole(self, piece: Piece) -> list[Heard]:
        found = [self._heard(piece, whole) for whole in self._assembly.add(piece, self._topic)]
        return [heard for heard in found if heard]

    def _heard(self, piece: Piece, whole: Whole) -> Heard | None:
        try:
            sender = sender_name(whole.message)
        except CollectorError as error:
            self.note(error.code)
            return None
        telegram = {"frames": [raw.hex().upper() for raw in whole.frames]}
        return Heard(sender or whole.address, telegram, self._reply(piece, whole.message))

    def _reply(self, piece: Piece, message: bytes) -> bytes:
        asked = message[0] == wire.NOTIFICATION and message[1] & _CONFIRMED
        if not (self._confirm and asked):
            return b""
        return piece.answer(bytes((CONFIRM,)) + message[1:5] + b"\x00")

    def _next(self, final: bool) -> Piece | None:
        """Return what the next whole frame carries, None when more bytes must come first."""
        while self._buffer:
            found = cut(self._buffer, final, inside=self._refused > 0)
            if found.error:
                self.note(found.error)
                self._noisy = self._noisy or found.lost
            self._refused = max(self._refused, found.refused)
            if not (found.lost or found.length):
                return None
            self._drop(found.length or self._noise())
            if found.piece:
                return found.piece
        return None

    def _noise(self) -> int:
        """Return how many bytes begin nothing, up to the next that may."""
        if not self._noisy:
            self.note("noise")
            self._noisy = True
        match = _START.search(self._buffer, 1)
        return match.start() if match else len(self._buffer)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._refused = max(0, self._refused - count)


def _is_framed(data: bytes) -> bool:
    if data[:1] == bytes((hdlc.FLAG,)) or data[:2] == b"\x00\x01" or is_short_frame(data[:5]):
        return True
    return len(data) > 4 and mbus_frames.may_begin(data)


def sender_name(message: bytes) -> str:
    """Return whom a message names as its sender, "" for nobody; raises CollectorError.

    A protected one names a system title, a clear one the serial number or logical device name in
    its body.
    """
    title = sender_of(message)
    if title or message[0] in wire.PROTECTED_TAGS:
        return title.hex().upper()
    return transcribe([message], Security()).meter.id

# SPDX-License-Identifier: MIT
"""Cuts a stream of pushes into messages: HDLC and wrapper frames, in any order, among noise."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...model import CollectorError, Heard
from ..base import Listener
from . import apdu as wire
from . import blocks, hdlc, wrapper
from .assembly import Assembly, Whole
from .protection import Security, sender_of
from .transcript import transcribe

_START = re.compile(rb"[\x00\x7e]")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}\s*)+")
_PUSHES = frozenset(
    {*wire.PUSHES, wire.GENERAL_GLO, wire.GENERAL_DED, wire.GENERAL, wire.BLOCK, 0xE6, 0xE7}
)
# What a meter may say on this line that is no push: late answers to a poll.
_ANSWERS = frozenset({wire.AARE, wire.RELEASED, wire.EXCEPTION, wire.SERVICE_ERROR, 0x28})
_ANSWERS |= frozenset({wire.GOT, wire.WAS_SET, wire.ACTED, 0xCC, 0xCD, 0xCF})
_CONFIRMED = 0x40
CONFIRM = 0x10


@dataclass(frozen=True, slots=True)
class Piece:
    """What one frame carried; ``source`` and ``target`` as the frame tells them."""

    framing: str
    source: int
    target: int
    data: bytes
    raw: bytes
    segmented: bool = False

    def answer(self, message: bytes) -> bytes:
        """Return a message framed for the way back."""
        if self.framing == "wrapper":
            return wrapper.build(self.target, self.source, message)
        meter = _address_bytes(self.raw, 1 + 2, self.source)
        ours = hdlc.encode_address(self.target & 0x7F, size=1)
        return hdlc.build(meter, ours, hdlc.UI | hdlc.FINAL, hdlc.LLC_REQUEST + message)


_WAIT, _SKIP = object(), object()


class PushListener(Listener):
    """One stream. ``push_confirm`` answers data notifications that ask for it."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__()
        self._confirm = settings.get("push_confirm") is True
        self._buffer = bytearray()
        self._noisy = False
        self._assembly = Assembly(self.note)

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes as they arrive; return the messages that are whole now."""
        self._buffer += data
        found = []
        while (piece := self._next()) is not None:
            self._noisy = False
            for whole in self._assembly.add(piece):
                heard = self._heard(piece, whole)
                if heard:
                    found.append(heard)
        return found

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one datagram or message: frames, or a message without any, also as hex text."""
        if _HEX.fullmatch(data.strip()):
            data = binascii.unhexlify(b"".join(data.split()))
        self._buffer.clear()
        if data[:1] == bytes((hdlc.FLAG,)) or data[:2] == b"\x00\x01":
            found = self.feed(data)
            if self._buffer.strip(bytes((hdlc.FLAG,))):
                self.note("truncated")
                self._buffer.clear()
            return found
        if hdlc.strip_llc(data)[:1] and hdlc.strip_llc(data)[0] in _PUSHES:
            piece = Piece("", 0, 0, hdlc.strip_llc(data), data)
            found = [self._heard(piece, whole) for whole in self._assembly.add(piece)]
            return [heard for heard in found if heard]
        self.note("bad_frame")
        return ()

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
        if not (self._confirm and asked and piece.framing):
            return b""
        return piece.answer(bytes((CONFIRM,)) + message[1:5] + b"\x00")

    def _next(self) -> Piece | None:
        """Return what the next whole frame carries, None when more bytes must come first."""
        while self._buffer:
            first = self._buffer[0]
            found = _SKIP
            if first == hdlc.FLAG:
                found = self._hdlc()
            elif first == 0:
                found = self._wrapped()
            if found is _WAIT:
                return None
            if isinstance(found, Piece):
                return found
            if found is _SKIP:
                self._skip()
        return None

    def _skip(self) -> None:
        """Drop the byte that begins nothing, and what follows up to the next that may."""
        match = _START.search(self._buffer, 1)
        del self._buffer[: match.start() if match else len(self._buffer)]
        if not self._noisy:
            self.note("noise")
            self._noisy = True

    def _hdlc(self) -> object:
        buffer = self._buffer
        while len(buffer) > 1 and buffer[1] == hdlc.FLAG:
            del buffer[0]
        if len(buffer) < 3:
            return _WAIT
        try:
            end = 1 + hdlc.frame_length(buffer[1:3])
        except CollectorError:
            return self._lone_flag()
        if len(buffer) <= end:
            return _WAIT
        try:
            frame = hdlc.parse(bytes(buffer[1:end]))
        except CollectorError as error:
            return self._refused(error)
        raw = bytes(buffer[: end + 1])
        # The closing flag may open the next frame.
        del buffer[:end]
        if not frame.info or not (frame.is_information or frame.is_unnumbered_information):
            return None
        return Piece("hdlc", frame.source, frame.target, frame.info, raw, frame.segmented)

    def _lone_flag(self) -> object:
        """A closing flag before anything else is no noise."""
        del self._buffer[0]
        return None

    def _refused(self, error: CollectorError) -> object:
        """Count it and look for a frame inside what was taken for one."""
        self.note(error.code)
        self._noisy = True
        return _SKIP

    def _wrapped(self) -> object:
        buffer = self._buffer
        if len(buffer) > 1 and buffer[1] != 1:
            return _SKIP
        if len(buffer) < wrapper.HEADER_BYTES:
            return _WAIT
        length = int.from_bytes(buffer[6:8], "big")
        if not length:
            # A sign of life of some modems.
            del buffer[: wrapper.HEADER_BYTES]
            return None
        end = wrapper.HEADER_BYTES + length
        if len(buffer) > wrapper.HEADER_BYTES:
            tag = buffer[wrapper.HEADER_BYTES]
            if tag not in _PUSHES and tag not in _ANSWERS:
                return _SKIP
        if len(buffer) < end:
            return _WAIT
        return self._whole_wrapped(bytes(buffer[:end]))

    def _whole_wrapped(self, raw: bytes) -> object:
        message = raw[wrapper.HEADER_BYTES :]
        if message[0] in _ANSWERS:
            self.note("not_a_push")
            del self._buffer[: len(raw)]
            return None
        try:
            blocks.check_form(message)
        except CollectorError as error:
            # Perhaps cut short, and the next frame is in it.
            return self._refused(error)
        del self._buffer[: len(raw)]
        source, target = int.from_bytes(raw[2:4], "big"), int.from_bytes(raw[4:6], "big")
        return Piece("wrapper", source, target, message, raw)


def sender_name(message: bytes) -> str:
    """Return whom a message names as its sender, "" for nobody; raises CollectorError.

    A protected one names a system title, a clear one the serial number or logical device name in
    its body.
    """
    title = sender_of(message)
    if title or message[0] in wire.PROTECTED_TAGS:
        return title.hex().upper()
    return transcribe([message], Security()).meter.id


def _address_bytes(raw: bytes, target_at: int, number: int) -> bytes:
    """Return the sender's address as its frame has it."""
    at = target_at
    while not raw[at] & 1:
        at += 1
    start = at = at + 1
    while not raw[at] & 1:
        at += 1
    return raw[start : at + 1]

# SPDX-License-Identifier: MIT
"""Puts pushed messages together: HDLC segments, general block transfers, gateway headers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...model import CollectorError
from . import apdu as wire
from . import blocks, gateway, hdlc, mbus_frames

if TYPE_CHECKING:
    from .cutting import Piece

MAX_SENDERS = 64
MAX_MESSAGE = 1 << 18


@dataclass(frozen=True, slots=True)
class Whole:
    """One message, the frames it came in, and its sender's address for people."""

    message: bytes
    frames: tuple[bytes, ...]
    address: str


@dataclass(slots=True)
class _Open:
    """What has come of a message so far."""

    parts: list[bytes] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, part: bytes, frame: bytes) -> None:
        self.parts.append(part)
        self.frames.append(frame)
        self.size += len(part)


class Assembly:
    """What senders have begun and not ended; bounded in number and size."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._segments: OrderedDict[tuple, _Open] = OrderedDict()
        self._blocks: OrderedDict[tuple, _Open] = OrderedDict()

    def add(self, piece: Piece, origin: str = "") -> list[Whole]:
        """Take what a frame carried; returns the messages that are whole now.

        ``origin`` keeps senders apart whose frames name the same addresses.
        """
        data, frames = piece.data, (piece.raw,)
        way = (piece.framing, piece.source, piece.target, origin)
        if piece.segmented or piece.number or way in self._segments:
            whole = self._segment(way, piece)
            if whole is None:
                return []
            data, frames = whole
        message, behind = gateway.strip(hdlc.strip_llc(data))
        address = behind or address_text(piece)
        try:
            if message[:1] == bytes((wire.BLOCK,)):
                return self._block((*way, address), message, frames, address)
        except CollectorError as error:
            self._note(error.code)
            return []
        if not message or message[0] not in wire.PUSHED_TAGS:
            self._note("not_a_push")
            return []
        return [Whole(message, frames, address)]

    def _segment(self, way: tuple, piece: Piece) -> tuple[bytes, tuple[bytes, ...]] | None:
        if piece.number is not None and not self._follows(way, piece.number):
            return None
        begun = self._begun(self._segments, way)
        begun.add(piece.data, piece.raw)
        if piece.segmented:
            self._bound(self._segments, way, begun)
            return None
        self._segments.pop(way, None)
        return b"".join(begun.parts), tuple(begun.frames)

    def _follows(self, way: tuple, number: int) -> bool:
        """Whether a segment is the one to come; what it does not go on with is given up."""
        begun = self._segments.get(way)
        try:
            mbus_frames.check_order(number, len(begun.parts) if begun else 0)
        except CollectorError as error:
            self._segments.pop(way, None)
            self._note("truncated" if number == 0 else error.code)
            return number == 0
        return True

    def _block(self, way: tuple, message: bytes, frames, address: str) -> list[Whole]:
        last, number, data = blocks.parse_block(message)
        if number == 1 and self._blocks.pop(way, None):
            self._note("truncated")
        begun = self._begun(self._blocks, way)
        if number != len(begun.parts) + 1:
            del self._blocks[way]
            self._note("bad_block")
            return []
        begun.add(data, b"".join(frames))
        if not last:
            self._bound(self._blocks, way, begun)
            return []
        del self._blocks[way]
        whole = hdlc.strip_llc(b"".join(begun.parts))
        if not whole or whole[0] not in wire.PUSHED_TAGS:
            self._note("not_a_push")
            return []
        blocks.check_form(whole)
        return [Whole(whole, tuple(begun.frames), address)]

    def _begun(self, table: OrderedDict[tuple, _Open], way: tuple) -> _Open:
        begun = table.setdefault(way, _Open())
        while len(table) > MAX_SENDERS:
            table.popitem(last=False)
            self._note("truncated")
        return begun

    def _bound(self, table: OrderedDict[tuple, _Open], way: tuple, begun: _Open) -> None:
        if begun.size > MAX_MESSAGE or len(begun.parts) > blocks.MAX_BLOCKS:
            del table[way]
            self._note("too_long")


def address_text(piece: Piece) -> str:
    """Return the sender's address as a device's ``address`` has it."""
    number = piece.source
    if not piece.framing:
        return ""
    if piece.framing == "wrapper" or number < 0x80:
        return str(number)
    bits = 7 if number < 0x4000 else 14
    return f"{number >> bits}/{number & (1 << bits) - 1}"

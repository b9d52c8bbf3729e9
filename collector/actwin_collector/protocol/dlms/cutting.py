# SPDX-License-Identifier: MIT
"""What a stream of pushes begins with: an HDLC, wrapper or M-Bus frame, or a sealed message alone.

Each function looks at the beginning of a buffer and takes nothing from it. ``final``: no more
bytes will come, so what is unfinished stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...model import CollectorError
from ..mbus.link import is_short_frame
from . import apdu as wire
from . import blocks, hdlc, mbus_frames, wrapper
from .gcm import PROTECTED, TITLE_BYTES
from .protection import SUITES

_PUSHES = frozenset(
    {*wire.PUSHES, wire.GENERAL_GLO, wire.GENERAL_DED, wire.GENERAL, wire.BLOCK, 0xE6, 0xE7}
)
# What a meter may say on this line that is no push: late answers to a poll.
_ANSWERS = frozenset({wire.AARE, wire.RELEASED, wire.EXCEPTION, wire.SERVICE_ERROR, 0x28})
_ANSWERS |= frozenset({wire.GOT, wire.WAS_SET, wire.ACTED, 0xCC, 0xCD, 0xCF})
_MAKERS_LETTERS = 3
_LONGEST_LENGTH = 2
_CONTROL_AND_COUNTER = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """What one frame carried; ``source`` and ``target`` as the frame tells them.

    ``segmented``: more of the message follows. ``number`` is that of the segment where the framing
    counts them.
    """

    framing: str
    source: int
    target: int
    data: bytes
    raw: bytes
    segmented: bool = False
    number: int | None = None

    def answer(self, message: bytes) -> bytes:
        """Return a message framed for the way back, b"" where that way is not known."""
        if self.framing == "wrapper":
            return wrapper.build(self.target, self.source, message)
        if self.framing != "hdlc":
            return b""
        meter = _address_bytes(self.raw, 1 + 2, self.source)
        ours = hdlc.encode_address(self.target & 0x7F, size=1)
        return hdlc.build(meter, ours, hdlc.UI | hdlc.FINAL, hdlc.LLC_REQUEST + message)


@dataclass(frozen=True, slots=True)
class Cut:
    """What a buffer begins with: so many bytes that are done with, and what they carried.

    ``error`` is counted. ``lost``: no frame begins here, the next has to be found. Without either
    and without bytes, more must come first. ``refused``: so many bytes are those of a frame that
    was not sound, so what looks like a message alone is a part of it.
    """

    length: int = 0
    piece: Piece | None = None
    error: str = ""
    lost: bool = False
    refused: int = 0


WAIT = Cut()
NOISE = Cut(lost=True)
Cutter = Callable[[bytearray, bool], Cut]


def is_push(message: bytes) -> bool:
    """Whether bytes begin like a message that a meter pushes."""
    return message[:1] != b"" and message[0] in _PUSHES


def cut(buffer: bytearray, final: bool, inside: bool = False) -> Cut:
    """Return what a buffer that is not empty begins with; ``inside``: of a refused frame."""
    cutter = _CUTTERS.get(buffer[0])
    if cutter is None or (inside and cutter is _alone):
        return NOISE
    return cutter(buffer, final)


def _refused(error: CollectorError, size: int) -> Cut:
    """Count it and look for a frame inside what was taken for one."""
    return Cut(error=error.code, lost=True, refused=size)


def _hdlc(buffer: bytearray, final: bool) -> Cut:
    start = 0
    while buffer[start + 1 : start + 2] == bytes((hdlc.FLAG,)):
        start += 1
    if start:
        return Cut(start)
    if len(buffer) < 3:
        return WAIT
    try:
        end = 1 + hdlc.frame_length(buffer[1:3])
    except CollectorError:
        # A closing flag before anything else is no noise.
        return Cut(1)
    if len(buffer) <= end:
        return WAIT
    try:
        frame = hdlc.parse(bytes(buffer[1:end]))
    except CollectorError as error:
        return _refused(error, end)
    raw = bytes(buffer[: end + 1])
    # The closing flag may open the next frame.
    if not frame.info or not (frame.is_information or frame.is_unnumbered_information):
        return Cut(end)
    return Cut(end, Piece("hdlc", frame.source, frame.target, frame.info, raw, frame.segmented))


def _wrapped(buffer: bytearray, final: bool) -> Cut:
    if len(buffer) > 1 and buffer[1] != 1:
        return NOISE
    if len(buffer) < wrapper.HEADER_BYTES:
        return WAIT
    length = int.from_bytes(buffer[6:8], "big")
    if not length:
        # A sign of life of some modems.
        return Cut(wrapper.HEADER_BYTES)
    end = wrapper.HEADER_BYTES + length
    if len(buffer) > wrapper.HEADER_BYTES:
        tag = buffer[wrapper.HEADER_BYTES]
        if tag not in _PUSHES and tag not in _ANSWERS:
            return NOISE
    if len(buffer) < end:
        return WAIT
    return _whole_wrapped(bytes(buffer[:end]))


def _whole_wrapped(raw: bytes) -> Cut:
    message = raw[wrapper.HEADER_BYTES :]
    if message[0] in _ANSWERS:
        return Cut(len(raw), error="not_a_push")
    try:
        blocks.check_form(message)
    except CollectorError as error:
        # Perhaps cut short, and the next frame is in it.
        return _refused(error, len(raw))
    source, target = int.from_bytes(raw[2:4], "big"), int.from_bytes(raw[4:6], "big")
    return Cut(len(raw), Piece("wrapper", source, target, message, raw))


def _mbus(buffer: bytearray, final: bool) -> Cut:
    if not mbus_frames.may_begin(buffer):
        return NOISE
    try:
        segment, size = mbus_frames.segment_at(bytes(buffer[: mbus_frames.LONGEST]))
    except CollectorError as error:
        # Its length byte may have run over: then it is longer than it tells.
        enough = len(buffer) >= mbus_frames.longest_of(buffer)
        refused = _refused(error, buffer[1] if len(buffer) > 1 else 0)
        return refused if enough or final else WAIT
    raw = bytes(buffer[:size])
    ways = (segment.source, segment.target)
    return Cut(size, Piece("mbus", *ways, segment.data, raw, not segment.last, segment.number))


def _short_mbus(buffer: bytearray, final: bool) -> Cut:
    """Masters and some meters send resets before their frames."""
    if is_short_frame(bytes(buffer[:5])):
        return Cut(5)
    return NOISE if final or len(buffer) >= 5 else WAIT


def _alone(buffer: bytearray, final: bool) -> Cut:
    """A message sealed with the global key and nothing around it."""
    head = 2 + TITLE_BYTES
    letters = bytes(buffer[2 : 2 + _MAKERS_LETTERS])
    if buffer[1:2] not in (b"", bytes((TITLE_BYTES,))) or not (letters or b"A").isupper():
        return NOISE
    more = buffer[head] - 0x80 if len(buffer) > head and buffer[head] > 0x80 else 0
    start = head + 1 + more
    if more > _LONGEST_LENGTH:
        return NOISE
    if len(buffer) <= start:
        return Cut(error="truncated", lost=True) if final else WAIT
    length = int.from_bytes(buffer[head + 1 : start], "big") if more else buffer[head]
    control = buffer[start]
    if length <= _CONTROL_AND_COUNTER or not control & PROTECTED or control & 0x0F not in SUITES:
        return NOISE
    if len(buffer) < start + length:
        return Cut(error="truncated", lost=True) if final else WAIT
    raw = bytes(buffer[: start + length])
    return Cut(len(raw), Piece("", 0, 0, raw, raw))


_CUTTERS: Mapping[int, Cutter] = {
    0x00: _wrapped,
    mbus_frames.SHORT: _short_mbus,
    mbus_frames.START: _mbus,
    hdlc.FLAG: _hdlc,
    wire.GENERAL_GLO: _alone,
}


def _address_bytes(raw: bytes, target_at: int, number: int) -> bytes:
    """Return the sender's address as its frame has it."""
    at = target_at
    while not raw[at] & 1:
        at += 1
    start = at = at + 1
    while not raw[at] & 1:
        at += 1
    return raw[start : at + 1]

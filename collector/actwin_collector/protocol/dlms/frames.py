# SPDX-License-Identifier: MIT
"""Stored telegrams to application messages: HDLC, wrapper, M-Bus, or the messages themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...model import AddressError, FrameError
from ..hexadecimal import hex_bytes
from . import gateway, hdlc, mbus_frames, wrapper
from .blocks import join_blocks

MAX_BYTES = 1 << 20


def messages_of(telegram: Mapping) -> list[bytes]:
    """Return the messages of ``{"frames": [hex…]}`` or ``{"telegram": hex}``; raises FrameError.

    A frame may also be a pair of who sent it and the hex, as recorded sessions have it.
    """
    pieces = _pieces(telegram)
    data = b"".join(pieces)
    if not data:
        raise FrameError("no bytes at all", "empty")
    if _is_hdlc(data):
        messages = _from_hdlc(hdlc.split(data))
    elif data[:2] == b"\x00\x01":
        messages = _from_wrapper(wrapper.split(data))
    elif mbus_frames.is_mbus(data):
        messages = mbus_frames.messages_in(data)
    else:
        messages = [piece for piece in pieces if piece]
    messages = [_bare(message) for message in join_blocks(map(_bare, messages))]
    messages = [message for message in messages if message]
    if not messages:
        raise FrameError("frames without a message in them", "empty")
    return messages


def _bare(message: bytes) -> bytes:
    """Return a message without LLC header and gateway header."""
    return gateway.strip(hdlc.strip_llc(message))[0]


def _pieces(telegram: Mapping) -> list[bytes]:
    given = telegram.get("frames")
    if given is None:
        given = [telegram.get("telegram")]
    if not isinstance(given, list) or not given:
        raise FrameError("'frames' must be a list of hex texts", "bad_hex")
    pieces = [_bytes(each[-1] if isinstance(each, list) and each else each) for each in given]
    if sum(map(len, pieces)) > MAX_BYTES:
        raise FrameError("more than a megabyte is no telegram", "too_long")
    return pieces


def _bytes(text: object) -> bytes:
    return hex_bytes(text, "a frame")


def _is_hdlc(data: bytes) -> bool:
    if data[0] == hdlc.FLAG:
        return True
    return data[0] & 0xF0 == 0xA0 and len(data) > 2 and hdlc.frame_length(data[:2]) == len(data)


def _from_hdlc(frames: Iterable[hdlc.Frame]) -> list[bytes]:
    messages: list[bytes] = []
    open_parts: dict[tuple[int, int], bytes] = {}
    for frame in frames:
        if not (frame.is_information or frame.is_unnumbered_information):
            continue
        way = (frame.source, frame.target)
        data = open_parts.pop(way, b"") + frame.info
        if frame.segmented:
            open_parts[way] = data
        elif data:
            messages.append(data)
    if open_parts:
        raise FrameError("the last segment is missing", "truncated")
    return messages


def _from_wrapper(frames: Iterable[tuple[int, int, bytes]]) -> list[bytes]:
    messages = []
    pair: set[int] = set()
    for source, target, apdu in frames:
        if pair and pair != {source, target}:
            raise AddressError(f"a frame from {source} to {target} in another's dialogue")
        pair = {source, target}
        messages.append(apdu)
    return messages

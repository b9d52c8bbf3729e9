# SPDX-License-Identifier: MIT
"""Decodes recorded frames: an answer alone, with its request, or both in one string of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ...model import ConfigError, FrameError, MeterIdentity, Record, Telegram
from . import adu
from .ascii import frame_bytes
from .planner import Request
from .registermap import RegisterMap, map_of
from .results import by_register, digits, record_of, values_of

_ANSWERS = ("telegram", "response", "answer")
_REQUESTS = ("request", "query")


def decode_exchange(given: Mapping) -> Telegram:
    """Decode the JSON object of the ``decode`` command; raises CollectorError.

    ``telegram`` (or ``response``) is an answer as hex, ``request`` what was asked; ``frames`` is a
    list of both; a telegram may also be a request and its answer one after the other. ``map``
    names or holds the register map. Without a request, ``address`` (of the first register) and
    ``function`` may be given; without a map each register is a record of its own.
    """
    data = b"".join(_parts(given))
    framing, frames = split_frames(data)
    asked = adu.parse_request(framing, frames[0])
    if asked is not None and len(frames) == 1:
        raise FrameError("a request alone carries no readings", "request_only")
    answer = adu.parse_answer(framing, frames[-1])
    unit, _, function, words = answer
    if asked is not None:
        _check_transaction(framing, frames)
        words = adu.check_answer(answer, asked[0], asked[1], asked[3])
    start = asked[2] if asked else _address(given.get("address", 0))
    if given.get("function", function) != function:
        raise FrameError(f"an answer to function {function}, not {given['function']}")
    if given.get("map"):
        found = map_of(given["map"])
        identity = MeterIdentity(str(unit), found.manufacturer, version=found.name)
        return Telegram(identity, _mapped(found, function, start, words))
    return Telegram(MeterIdentity(str(unit)), _plain(start, words))


def split_frames(data: bytes) -> tuple[str, list[bytes]]:
    """Return the framing and the frames: an answer, or a request and its answer."""
    if adu.parse_request(adu.RTU, data):  # one for two registers has what looks like a TCP length
        return adu.RTU, [data]
    framing = adu.detect_framing(data)
    if framing == adu.TCP:
        return framing, [data]
    first = int.from_bytes(data[4:6], "big") + 6
    if data[2:4] == b"\0\0" and adu.parse_request(adu.TCP, data[:first]) and len(data) > first:
        return adu.TCP, [data[:first], data[first:]]
    if adu.parse_request(adu.RTU, data[:8]) and len(data) > 8:
        return adu.RTU, [data[:8], data[8:]]
    return adu.RTU, [data]


def _parts(given: Mapping) -> list[bytes]:
    frames = given.get("frames")
    if isinstance(frames, list | tuple):
        return [frame_bytes(frame) for frame in frames]
    asked = next((given[key] for key in _REQUESTS if given.get(key)), None)
    answer = next((given[key] for key in _ANSWERS if given.get(key)), None)
    texts = [text for text in (asked, answer) if text is not None] or [answer]
    return [frame_bytes(text) for text in texts]


def _check_transaction(framing: str, frames: list[bytes]) -> None:
    if framing == adu.TCP and frames[0][:2] != frames[-1][:2]:
        raise FrameError("the answer carries another transaction id", "wrong_transaction")


def _address(start: object) -> int:
    if isinstance(start, bool) or not isinstance(start, int) or not 0 <= start <= 65535:
        raise ConfigError(f"{start!r} is not a register address")
    return start


def _mapped(
    register_map: RegisterMap, function: int, start: int, words: tuple[int, ...]
) -> tuple[Record, ...]:
    """Return a record of each register within the answer; no value where another one is needed."""
    inside = tuple(
        register
        for register in register_map.registers
        if register.function == function
        and start <= register.address
        and register.end <= start + len(words)
    )
    found = by_register(Request(function, start, len(words), inside), words)
    values = values_of(inside, found)
    return tuple(record_of(each, values[each.name], found[each.name]) for each in inside)


def _plain(start: int, words: tuple[int, ...]) -> tuple[Record, ...]:
    return tuple(
        Record("register", Decimal(word), raw={"address": start + at, "words": digits((word,))})
        for at, word in enumerate(words)
    )

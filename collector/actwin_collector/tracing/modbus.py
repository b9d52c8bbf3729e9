# SPDX-License-Identifier: MIT
"""Modbus frames in words."""

from __future__ import annotations

import struct

from pymodbus.framer import FramerRTU

from ..model import CollectorError
from ..protocol.modbus import adu
from .files import TX

_FUNCTIONS = {
    1: "read coils",
    2: "read discrete inputs",
    3: "read holding registers",
    4: "read input registers",
    5: "write one coil",
    6: "write one register",
    15: "write coils",
    16: "write registers",
    43: "read identification",
}
_SHOWN = 16


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what a frame says: unit, function, addresses, values or the exception's name."""
    if direction == TX:
        return [_request(message)]
    if message[: len(before)] == before and before:
        rest = message[len(before) :]
        echo = "the request came back (echo of the converter)"
        return [echo, *explain(direction, rest, before)] if rest else [echo]
    return [_answer(message, before)]


def _request(message: bytes) -> str:
    unit, function, rest = _split(message)
    text = f"unit {unit}: {_FUNCTIONS.get(function, f'function {function}')}"
    if function in (1, 2, 3, 4) and len(rest) == 4:
        address, count = struct.unpack(">HH", rest)
        text += f" {address} to {address + count - 1} ({count})"
    return text


def _answer(message: bytes, before: bytes) -> str:
    try:
        unit, _, function, words = adu.parse_answer(adu.detect_framing(message), message)
    except CollectorError as error:
        unit = _split(message)[0] if len(message) > 2 else "?"
        return f"unit {unit}: {error.message} [{error.code}]"
    start = _asked_address(before)
    shown = " ".join(f"{word:04x}" for word in words[:_SHOWN])
    more = " …" if len(words) > _SHOWN else ""
    return f"unit {unit}: {len(words)} registers from {start}: {shown}{more}"


def _asked_address(before: bytes) -> object:
    rest = _split(before)[2] if before else b""
    return struct.unpack(">H", rest[:2])[0] if len(rest) >= 2 else "?"


def _split(message: bytes) -> tuple[int, int, bytes]:
    """Return unit, function and what follows, whatever the framing."""
    sound = len(message) > 3 and FramerRTU.check_CRC(
        message[:-2], int.from_bytes(message[-2:], "big")
    )
    # A request for two registers from 0 looks like either framing; its CRC is no accident.
    if not sound and adu.detect_framing(message) == adu.TCP:
        return message[6], message[7], message[8:]
    return message[0], message[1], message[2:-2]

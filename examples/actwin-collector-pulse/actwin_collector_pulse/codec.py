# SPDX-License-Identifier: MIT
"""The messages as bytes and back: pure, so that it is tested without a line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actwin_collector.model import ChecksumError, ConfigError, FrameError

END = b"\r"
COUNTERS = 4
WIRE_CUT = 0x01
_MESSAGE = re.compile(
    r"([>!])(\d{2});([A-Z0-9]{1,12});((?:\d{1,10};){4})([0-9A-F]{2})\*([0-9A-F]{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Message:
    """What a module says; ``unasked`` when nobody had asked."""

    address: int
    serial: str
    counters: tuple[int, ...]
    flags: int
    unasked: bool = False


def request(address: int) -> bytes:
    """Return the question to a module; raises ConfigError."""
    if not 0 <= address <= 99:
        raise ConfigError(f"{address} is no module address (0 to 99)")
    return f"#{address:02}".encode() + END


def build(message: Message) -> bytes:
    """Return the bytes of a message; what a module sends."""
    mark = "!" if message.unasked else ">"
    counters = "".join(f"{count};" for count in message.counters)
    body = f"{mark}{message.address:02};{message.serial};{counters}{message.flags:02X}"
    return f"{body}*{_checksum(body):02X}".encode() + END


def parse(data: bytes) -> Message:
    """Return the message that ``data`` is; raises FrameError, ChecksumError."""
    text = data.decode("ascii", "replace").strip()
    match = _MESSAGE.fullmatch(text)
    if not match:
        raise FrameError(f"not a message of a pulse module: {text[:40]!r}")
    mark, address, serial, counters, flags, check = match.groups()
    if _checksum(text.partition("*")[0]) != int(check, 16):
        raise ChecksumError("the checksum is wrong")
    counts = tuple(int(count) for count in counters.split(";")[:COUNTERS])
    return Message(int(address), serial, counts, int(flags, 16), mark == "!")


def _checksum(body: str) -> int:
    return sum(body.encode()) % 256

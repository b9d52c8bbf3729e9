# SPDX-License-Identifier: MIT
"""The header a DLMS gateway puts before a message (Green Book, gateway protocol).

Network number, then the physical address of the meter behind the gateway, then the message.
"""

from __future__ import annotations

from ...model import FrameError
from .axdr import Reader

REQUEST, RESPONSE = 0xE6, 0xE7


def build(tag: int, network: int, address: bytes, message: bytes) -> bytes:
    """Return a message with its header."""
    return bytes((tag, network, len(address))) + address + message


def parse(data: bytes) -> tuple[int, bytes, bytes]:
    """Return network, address and message; raises FrameError."""
    reader = Reader(data, 1)
    network, address = reader.byte(), reader.take(reader.byte())
    message = reader.take(reader.rest)
    if not message:
        raise FrameError("a gateway header without a message", "empty")
    return network, address, message


def strip(message: bytes) -> tuple[bytes, str]:
    """Return a message without its header, and the address that the header tells, "" for none."""
    if message[:1] not in (bytes((REQUEST,)), bytes((RESPONSE,))):
        return message, ""
    try:
        _, address, inner = parse(message)
    except FrameError:
        return message, ""
    text = address.decode("ascii", "replace")
    return inner, text if text.isprintable() and text else f"hex:{address.hex().upper()}"

# SPDX-License-Identifier: MIT
"""Pushes of a simulated meter to a collector's port: data notifications, plain or ciphered."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from ...protocol.dlms import apdu as wire
from ...protocol.dlms import hdlc, wrapper
from ...protocol.dlms.axdr import encode_length
from ...protocol.dlms.cosem import encode_clock
from .objects import ObjectModel
from .security import MeterSecurity

_log = logging.getLogger(__name__)

COLLECTOR_ADDRESS = 1
_BLOCK = 112


class Pusher:
    """Makes the pushes of one meter."""

    def __init__(self, model: ObjectModel, security: MeterSecurity) -> None:
        self._model = model
        self._security = security
        self._number = 0

    def message(self) -> bytes:
        """Return the next notification, ciphered when the meter has keys."""
        identity, model = self._model.identity, self._model
        self._number += 1
        stamp = encode_clock(identity.local(model.shown))
        plain = bytes((wire.NOTIFICATION,)) + (self._number & 0xFFFFFF).to_bytes(4, "big")
        plain += bytes((len(stamp),)) + stamp + model.push_body()
        if identity.keys.encryption and not identity.push_plain:
            return self._security.seal(plain, general=True)
        return plain

    def frames(self) -> bytes:
        """Return the next notification as it goes over the line."""
        identity = self._model.identity
        message = self.message()
        if identity.framing == "wrapper":
            return wrapper.build(identity.unit, COLLECTOR_ADDRESS, message)
        source = hdlc.encode_address(1, identity.unit)
        target = hdlc.encode_address(COLLECTOR_ADDRESS, size=1)
        first, *rest = blocks(message)
        parts = [hdlc.LLC_RESPONSE + first, *rest]
        control = hdlc.UI | hdlc.FINAL
        return b"".join(hdlc.build(target, source, control, part) for part in parts)


def blocks(message: bytes, size: int = _BLOCK) -> list[bytes]:
    """Return a message as general block transfers that need no confirmation, when it is long."""
    if len(message) <= size:
        return [message]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    found = []
    for number, part in enumerate(parts, 1):
        control = 0x40 | (0x80 if number == len(parts) else 0)
        head = bytes((wire.BLOCK, control)) + number.to_bytes(2, "big") + b"\x00\x00"
        found.append(head + encode_length(len(part)) + part)
    return found


async def push_forever(pusher: Pusher, place: str, seconds: float) -> None:
    """Push to ``host:port``, each time over a connection of its own, until cancelled."""
    host, _, port = place.rpartition(":")
    while True:
        await asyncio.sleep(seconds)
        try:
            await send(pusher.frames(), host, int(port))
        except (OSError, ValueError) as error:
            _log.info("nobody takes the push at %s: %s", place, error)


async def send(data: bytes, host: str, port: int) -> None:
    """Send bytes over a connection of their own; raises OSError."""
    _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 10)
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()

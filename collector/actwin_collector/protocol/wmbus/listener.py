# SPDX-License-Identifier: MIT
"""Hears what a receiver delivers and names the meter of each telegram."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from ...model import CollectorError, Heard
from ..base import Listener
from ..mbus.media import identification
from .captures import Capture, capture
from .frame import RAW, parse_frame
from .layers import sender_address
from .receivers import make_receiver

# A telegram takes 15 ms on the air and 0.3 s at 9600 Bd: what stops for longer was cut off.
_PAUSE_SECONDS = 2.0


class WmbusListener(Listener):
    """One receiver's stream; the sender is the meter's eight-digit identification number."""

    def __init__(
        self, settings: Mapping[str, object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._receiver = make_receiver(settings, self.note)
        self._settings = settings
        self._clock = clock
        self._last = clock()

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes as they arrive; return the telegrams that are whole now."""
        now = self._clock()
        if now - self._last > _PAUSE_SECONDS:
            self._receiver.pause()
        self._last = now
        return [_heard(found) for found in self._receiver.feed(data)]

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one datagram or MQTT message: the same forms, whole by itself."""
        receiver = make_receiver(self._settings, self.note)
        found = receiver.feed(data)
        if not found and not data.endswith(b"\n"):
            found = receiver.feed(b"\n")
        return [_heard(each) for each in found or self._bare(data)]

    def _bare(self, data: bytes) -> list[Capture]:
        """A message that is one telegram and nothing else needs no check value to be told."""
        try:
            return [capture(data)]
        except CollectorError as error:
            self.note(error.code)
            return []


def _heard(found: Capture) -> Heard:
    address = sender_address(parse_frame(found.wire, RAW))
    telegram = {"telegram": found.wire.hex().upper(), "format": RAW}
    return Heard(identification(address[2:6]), telegram, rssi=found.rssi)

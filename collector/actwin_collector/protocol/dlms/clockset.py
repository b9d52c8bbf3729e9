# SPDX-License-Identifier: MIT
"""Sets a meter's clock, in the form in which the meter tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from ...model import FrameError, ProtocolError
from . import apdu as wire
from . import encode
from .cosem import CLOCK, encode_clock, parse_clock, raw_value

if TYPE_CHECKING:
    from .dialogue import Dialogue

_TIME = wire.Attribute(CLOCK, bytes((0, 0, 1, 0, 0, 255)), 2)
_NO_DEVIATION = b"\x80\x00"
# Reading it back takes a moment, and some meters set only whole seconds.
TOLERANCE_SECONDS = 10


async def set_clock(dialogue: Dialogue, zone: tzinfo, now: Callable[[], datetime]) -> None:
    """Set the clock and read it back; raises ProtocolError ``clock_not_set`` and others."""
    before = await dialogue.get(_TIME)
    told = parse_clock(before, zone)
    if told is None:
        raise FrameError(f"{raw_value(before)} is no time")
    data = encode_clock(now().astimezone(told.tzinfo))
    if before[9:11] == _NO_DEVIATION:
        data = data[:9] + _NO_DEVIATION + data[11:]
    await dialogue.set(_TIME, encode.octets(data))
    after = parse_clock(await dialogue.get(_TIME), zone)
    if after is None or abs((after - now()).total_seconds()) > TOLERANCE_SECONDS:
        raise ProtocolError(f"the meter shows {after} after its clock was set", "clock_not_set")

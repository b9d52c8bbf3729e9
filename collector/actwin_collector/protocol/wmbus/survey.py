# SPDX-License-Identifier: MIT
"""Which meters a receiver hears, for whoever sets a site up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ...channel.base import Link
from ...model import ConfigError, MeterIdentity, NoAnswer
from ..mbus.header import meter_address
from .frame import RAW, parse_frame
from .layers import sender_address
from .listener import WmbusListener
from .starting import try_start

# Most meters send every 8 to 120 s; who wants to be sure scans again.
SECONDS = 60.0
_MOST = 2000


@dataclass(frozen=True, slots=True)
class HeardMeter:
    """``address`` is what a device's address field takes."""

    address: str
    meter: MeterIdentity


async def survey(link: Link, timeout: float) -> list[HeardMeter]:
    """Start the receiver, listen for a while, and return the meters heard by their addresses.

    Raises ConfigError, and ReceiverError when the receiver could not be started and heard nobody.
    """
    settings = link.line.settings
    try:
        seconds = float(settings.get("scan_seconds") or SECONDS)
    except (TypeError, ValueError):
        raise ConfigError("scan_seconds must be a number of seconds") from None
    listener = WmbusListener(settings)
    loop = asyncio.get_running_loop()
    data, failure = await try_start(link)
    end, found = loop.time() + seconds, {}
    while len(found) < _MOST:
        for heard in listener.feed(data):
            meter = identity_of(bytes.fromhex(str(heard.telegram["telegram"])), heard.rssi)
            found[meter.address] = meter
        left = end - loop.time()
        if left <= 0:
            break
        try:
            data = await link.read(4096, min(left, max(timeout, 0.1)))
        except NoAnswer:
            data = b""
    if failure and not found:
        raise failure
    return [found[address] for address in sorted(found)]


def identity_of(wire: bytes, rssi: int | None) -> HeardMeter:
    """Return who sent a telegram (without CRCs), as far as it says so in the open."""
    raw = sender_address(parse_frame(wire, RAW))
    number, letters, medium, version = meter_address(raw[2:6] + raw[:2] + raw[6:])
    strength = "" if rssi is None else f" {rssi} dBm"
    meter = MeterIdentity(number, letters, medium + strength, version)
    return HeardMeter(letters + number if letters.isalpha() else number, meter)

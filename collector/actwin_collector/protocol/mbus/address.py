# SPDX-License-Identifier: MIT
"""Addresses of M-Bus meters as devices name them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...model import ConfigError
from .header import FIXED, LONG
from .link import BROADCAST, BROADCAST_ANSWERED, SECONDARY

_WILD = "F"


@dataclass(frozen=True, slots=True)
class MbusAddress:
    """``link`` is the address byte on the wire; ``selection`` the 8 bytes of a secondary one."""

    text: str
    link: int
    selection: bytes = b""

    @property
    def secondary(self) -> bool:
        """Whether the meter must be selected by its identification first."""
        return bool(self.selection)

    def check_readable(self) -> None:
        """Raise ConfigError for an address that no meter answers at."""
        if self.link == BROADCAST:
            raise ConfigError("M-Bus address 255: nobody answers a broadcast")

    def matches(self, data: bytes) -> bool:
        """Whether application data (from the CI field on) comes from a selected meter."""
        length = {LONG: 8, FIXED: 4}.get(data[0], 0)
        return selects(self.selection[:length], data[1 : 1 + length])


def selects(selection: bytes, address: bytes) -> bool:
    """Whether wildcard bytes (F digits of the number, FF elsewhere) cover a meter's own bytes."""
    number = zip(selection[:4].hex(), address[:4].hex(), strict=True)
    if any(want not in ("f", have) for want, have in number):
        return False
    rest = zip(selection[4:], address[4:], strict=True)
    return all(want in (0xFF, have) for want, have in rest)


def parse_address(text: str) -> MbusAddress:
    """Parse a device address; raises ConfigError.

    Up to three digits are a primary address (0..250, 254 for the only meter on a line, 255 for
    clock messages to all of them). Eight hex
    digits are an identification number, sixteen add manufacturer, version and medium as sent on
    the wire (``1149037804770E16``); F digits are wildcards.
    """
    text = text.strip().upper()
    if text.isascii() and text.isdecimal() and len(text) <= 3:
        if int(text) > 250 and int(text) not in (BROADCAST_ANSWERED, BROADCAST):
            raise ConfigError(f"M-Bus address {text}: 0 to 250, or 254")
        return MbusAddress(text, int(text))
    if not re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{16}", text):
        raise ConfigError(f"M-Bus address {text!r}: 1..3 digits, or 8 or 16 hex digits")
    raw = bytes.fromhex(text.ljust(16, _WILD))
    return MbusAddress(text, SECONDARY, raw[3::-1] + raw[4:])

# SPDX-License-Identifier: MIT
"""Names of device types and manufacturers in M-Bus headers."""

from __future__ import annotations

_MEDIA = {
    0x00: "other",
    0x01: "oil",
    0x02: "electricity",
    0x03: "gas",
    0x04: "heat",
    0x05: "steam",
    0x06: "warm water",
    0x07: "water",
    0x08: "heat cost allocation",
    0x09: "compressed air",
    0x0A: "cooling load volume at outlet",
    0x0B: "cooling load volume at inlet",
    0x0C: "heat volume at inlet",
    0x0D: "heat/cooling load",
    0x0E: "bus/system component",
    0x0F: "unknown",
    0x14: "calorific value",
    0x15: "hot water",
    0x16: "cold water",
    0x17: "dual register water",
    0x18: "pressure",
    0x19: "a/d converter",
    0x1A: "smoke detector",
    0x1B: "room sensor",
    0x1C: "gas detector",
    0x20: "breaker",
    0x21: "valve",
    0x25: "customer unit",
    0x28: "waste water",
    0x29: "garbage",
    0x2A: "carbon dioxide",
    0x31: "communication controller",
    0x32: "unidirectional repeater",
    0x33: "bidirectional repeater",
    0x36: "radio converter (system side)",
    0x37: "radio converter (meter side)",
    0x38: "bus converter (system side)",
    0x39: "bus converter (meter side)",
}


def medium_name(code: int) -> str:
    """Return the name of a device type byte (EN 13757-7 table)."""
    return _MEDIA.get(code, f"reserved {code:02X}")


def manufacturer_letters(raw: bytes) -> str:
    """Return the three-letter FLAG code of two bytes, low byte first; hex when it is none."""
    number = int.from_bytes(raw, "little")
    letters = [(number >> shift & 0x1F) + 64 for shift in (10, 5, 0)]
    if all(65 <= letter <= 90 for letter in letters):
        return bytes(letters).decode("ascii")
    return f"{number:04X}"


def manufacturer_bytes(letters: str) -> bytes:
    """Return the two bytes, low byte first, of a three-letter FLAG code."""
    first, second, third = (ord(letter) - 64 for letter in letters.upper())
    return (first << 10 | second << 5 | third).to_bytes(2, "little")


def identification(raw: bytes) -> str:
    """Return the 8 digits of a 4-byte identification number; hex digits stay where BCD is bad."""
    return raw[::-1].hex().upper()

# SPDX-License-Identifier: MIT
"""How long the messages of radio receivers are, and their check values."""

from __future__ import annotations

_IMST_START, _AMBER_START = 0xA5, 0xFF


def imst_length(buffer: bytes | bytearray) -> int:
    """Return the bytes of the HCI message that begins here; 0: too few to tell; -1: none does."""
    if buffer[0] != _IMST_START:
        return -1
    if len(buffer) < 4:
        return 0
    # Time stamp, RSSI and CRC behind the payload.
    control = buffer[1]
    extra = 4 * (control >> 5 & 1) + (control >> 6 & 1) + 2 * (control >> 7 & 1)
    return 4 + buffer[3] + extra


def imst_is_sound(message: bytes) -> bool:
    """Whether no CRC of an HCI message is wrong."""
    has_crc = message[1] & 0x80
    return not has_crc or crc_x25(message[1:-2]) == int.from_bytes(message[-2:], "little")


def amber_length(buffer: bytes | bytearray) -> int:
    """Return the bytes of the Amber message that begins here; 0: too few to tell; -1: none does.

    An RSSI byte may stand before the check byte; the module does not say.
    """
    if buffer[0] != _AMBER_START:
        return -1
    if len(buffer) < 3:
        return 0
    short = 4 + buffer[2]
    if len(buffer) < short or amber_is_sound(buffer[:short]):
        return short
    return short + 1


def amber_is_sound(message: bytes | bytearray) -> bool:
    """Whether the check byte at the end of an Amber message is right."""
    return xor(message[:-1]) == message[-1]


def xor(data: bytes | bytearray) -> int:
    """Return all bytes XORed."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def crc_x25(data: bytes) -> int:
    """Return the CRC-16 of X.25."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF

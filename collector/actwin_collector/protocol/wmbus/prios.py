# SPDX-License-Identifier: MIT
"""PRIOS, the payload of Diehl's IZAR radios (CI A0..A2), scrambled with a shift register.

The scrambling keys are the same in every meter and public; this is no encryption.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...model import Record

PLACES = ("A0", "A1", "A2")
_MANUFACTURERS = ("SAP", "DME", "HYD")
_KEYS = (0x39BC8A10 ^ 0xE66D83F8, 0x51728910 ^ 0xE66D83F8)
_HEADER = 4
_START = 0x4B
_LITRE = Decimal("0.001")


def read(manufacturer: str, link: bytes, data: bytes) -> Iterator[Record]:
    """Yield the numbers of a telegram; none when no key gives the start byte.

    ``link`` is the link header from the L field to the CI field, ``data`` what follows it.
    """
    if manufacturer not in _MANUFACTURERS or len(data) < _HEADER + 5:
        return
    for key in _KEYS:
        plain = _unscrambled(key, link + data)
        if plain[0] == _START:
            yield from _numbers(data, plain)
            return


def _numbers(data: bytes, plain: bytes) -> Iterator[Record]:
    for storage, raw in enumerate((plain[1:5], plain[5:9])):
        if len(raw) == 4:
            value = Decimal(int.from_bytes(raw, "little")) * _LITRE
            yield Record("volume", value, "m3", storage=storage, raw=raw.hex().upper())
    yield Record("transmission_interval", Decimal(1 << ((data[0] & 0x0F) + 2)), "s")
    half_years = Decimal(data[1] & 0x1F)
    yield Record("battery_remaining_years", half_years / 2)


def _unscrambled(key: int, frame: bytes) -> bytes:
    for at in (2, 6, 10):
        key ^= int.from_bytes(frame[at : at + 4], "big")
    plain = bytearray()
    for byte in frame[15:]:
        for _ in range(8):
            bit = (key >> 1 ^ key >> 2 ^ key >> 11 ^ key >> 31) & 1
            key = key << 1 & 0xFFFFFFFF | bit
        plain.append(byte ^ key & 0xFF)
    return bytes(plain)

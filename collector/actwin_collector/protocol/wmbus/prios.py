# SPDX-License-Identifier: MIT
"""Diehl's radios (IZAR, HYDRUS, SHARKY): addresses, PRIOS payloads, and their shift register.

The scrambling keys are the same in every meter and public; this is no encryption. The AES key that
Diehl's meters leave the factory with is public as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...model import FrameError, Record
from ..mbus.header import SHORT
from ..mbus.records import decode_records
from ..mbus.values import time_text
from .transforms import Origin

MANUFACTURERS = ("DME", "EWT", "HYD", "SAP", "SPL")
FACTORY_KEY = bytes.fromhex("51728910E66D83F8" * 2)
_PRIOS = range(0xA0, 0xA8)
_SWAPPED = (*range(0xA0, 0xA8), 0xB1, 0xB2, 0xB3, 0x71)
# Bit 4 of the security mode: "real data", records under the shift register.
_REAL_DATA = 0x1000
_KEYS = (0x39BC8A10 ^ 0xE66D83F8, 0x51728910 ^ 0xE66D83F8)
_HEADER = 4
_START = 0x4B
_LITRE = Decimal("0.001")
_WATER = 0x07
_ALARMS = (
    (0x800000, "back_flow"),
    (0x400000, "underflow"),
    (0x200000, "overflow"),
    (0x100000, "submarine"),
    (0x080000, "sensor_fraud"),
    (0x040000, "previous_sensor_fraud"),
    (0x020000, "mechanical_fraud"),
    (0x010000, "previous_mechanical_fraud"),
    (0x008000, "leakage"),
    (0x004000, "previous_leakage"),
    (0x002000, "blocked"),
)


def is_real_data(manufacturer: str, data: bytes) -> bool:
    """Whether a payload (from its CI field on) is records under the shift register."""
    configuration = int.from_bytes(data[3:5], "little")
    return (
        manufacturer in MANUFACTURERS
        and data[:1] == bytes((SHORT,))
        and bool(configuration & _REAL_DATA)
    )


def plain_address(manufacturer: str, address: bytes, data: bytes) -> bytes:
    """Return id, version and medium as the standard orders them.

    These meters send version and medium before the id in their own telegrams; SAP's use the two
    bytes for more digits of the id.
    """
    ci = data[0] if data else 0
    if manufacturer not in MANUFACTURERS:
        return address
    if manufacturer == "SAP" and ci in _PRIOS:
        return address[:4] + bytes((0, _WATER))
    if ci in _SWAPPED or is_real_data(manufacturer, data):
        return address[2:] + address[:2]
    return address


def real_data(frame: bytes, key: bytes | None) -> bytes | None:
    """Return the records of "real data"; ``frame`` from the L field on. None: no key fits.

    The check value has seven bits only, so the bytes must be whole records as well. A receiver may
    have unscrambled them already.
    """
    keys = _KEYS if key is None else (_folded(key),)
    already = () if key is not None else (frame[15:],)
    for plain in (*(_unscrambled(candidate, frame) for candidate in keys), *already):
        if sum(plain) & 0xEF == frame[14] & 0xEF and _is_records(plain):
            return plain
    return None


def _is_records(data: bytes) -> bool:
    try:
        decode_records(data)
    except FrameError:
        return False
    return True


def read(origin: Origin, place: str, data: bytes) -> Iterator[Record]:
    """Yield the numbers of a PRIOS telegram; none when no key gives the start byte."""
    ci = int(place, 16) if len(place) == 2 else 0
    if origin.manufacturer not in MANUFACTURERS or ci not in _PRIOS or len(data) < _HEADER + 5:
        return
    for key in _KEYS:
        plain = _unscrambled(key, origin.link + data)
        if plain[0] == _START:
            yield from _numbers(data, plain)
            return


def _numbers(data: bytes, plain: bytes) -> Iterator[Record]:
    due = time_text(plain[9:11]) if len(plain) >= 11 else None
    for storage, raw in enumerate((plain[1:5], plain[5:9])):
        if len(raw) == 4:
            value = Decimal(int.from_bytes(raw, "little")) * _LITRE
            stamp = due if storage else None
            yield Record("volume", value, "m3", ts=stamp, storage=storage, raw=raw.hex().upper())
    yield Record("transmission_interval", Decimal(1 << ((data[0] & 0x0F) + 2)), "s")
    half_years = Decimal(data[1] & 0x1F)
    yield Record("battery_remaining_years", half_years / 2)
    status = int.from_bytes(data[:3], "little")
    yield Record("alarms", ",".join(name for bit, name in _ALARMS if status & bit))


def _folded(key: bytes) -> int:
    return int.from_bytes(key[:4], "big") ^ int.from_bytes(key[4:8], "big")


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

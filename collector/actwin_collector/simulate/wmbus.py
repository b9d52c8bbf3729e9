# SPDX-License-Identifier: MIT
"""Simulated wireless M-Bus meters, and what radio receivers make of their telegrams."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from ..protocol.mbus.media import manufacturer_bytes
from ..protocol.mbus.values import date_time_bytes
from ..protocol.wmbus.frame import HEADER, crc16
from .mbus import WATER, RegisterForm

_SND_NR = 0x44
_FILLER = b"\x2f"
_BLOCK = 16
_BLOCK_B = 126
# Fields present: length of the message is not among them; counter, MAC and control are.
_AFL_FIELDS = b"\x00\x2c"
_AFL_CONTROL = 0x25


@dataclass(slots=True)
class RadioMeter:
    """One meter; ``values(now)`` gives base units by register name, ``mode`` is 0, 5 or 7."""

    values: Callable[[datetime], Mapping[str, Decimal]]
    id: str = "12345678"
    manufacturer: str = "BAY"
    version: int = 1
    medium: int = 0x07
    mode: int = 0
    key: bytes = b""
    layout: Sequence[RegisterForm] = WATER[0]
    zone: timezone = timezone(timedelta(hours=3))
    counter: int = 0

    @property
    def address(self) -> bytes:
        """Maker, id, version and medium as the link layer sends them."""
        number = bytes.fromhex(self.id)[::-1]
        return manufacturer_bytes(self.manufacturer) + number + bytes((self.version, self.medium))

    def telegram(self, now: datetime) -> bytes:
        """Return the next telegram without CRCs, L field first."""
        self.counter += 1
        body = bytes((_SND_NR,)) + self.address + self._application(now)
        return bytes((len(body),)) + body

    def _application(self, now: datetime) -> bytes:
        records = self._records(now)
        access = self.counter & 0xFF
        if self.mode == 0:
            return bytes((0x7A, access, 0, 0, 0)) + records
        plain = _FILLER * 2 + records
        plain += _FILLER * (-len(plain) % _BLOCK)
        blocks = len(plain) // _BLOCK << 4
        if self.mode == 5:
            vector = self.address + bytes((access,)) * 8
            return bytes((0x7A, access, 0, blocks, 5)) + _cbc(self.key, vector, plain)
        return self._sealed(access, blocks, plain)

    def _sealed(self, access: int, blocks: int, plain: bytes) -> bytes:
        """Mode 7: keys derived from the message counter, and a MAC in front."""
        counter = self.counter.to_bytes(4, "little")
        number = bytes.fromhex(self.id)[::-1] + b"\x07" * 7
        encryption = _cmac(self.key, b"\x00" + counter + number)
        authentication = _cmac(self.key, b"\x01" + counter + number)
        inner = bytes((0x7A, access, 0, blocks, 7, 0x10)) + _cbc(encryption, bytes(_BLOCK), plain)
        control = bytes((_AFL_CONTROL,))
        mac = _cmac(authentication, control + counter + inner)[:8]
        header = _AFL_FIELDS + control + counter + mac
        return bytes((0x8C, 0x20, access, 0x90, len(header))) + header + inner

    def _records(self, now: datetime) -> bytes:
        values = self.values(now)
        body = b"".join(
            form.encode(values[form.name]) for form in self.layout if form.name in values
        )
        return body + b"\x04\x6d" + date_time_bytes(now.astimezone(self.zone))


def format_a(wire: bytes) -> bytes:
    """Return a telegram with the CRCs of frame format A."""
    blocks = [wire[:HEADER]]
    blocks += [wire[at : at + _BLOCK] for at in range(HEADER, len(wire), _BLOCK)]
    return b"".join(block + crc16(block).to_bytes(2, "big") for block in blocks)


def format_b(wire: bytes) -> bytes:
    """Return a telegram with the CRCs of frame format B, which the L field counts."""
    count = 2 if len(wire) <= _BLOCK_B else 4
    wire = bytes((wire[0] + count,)) + wire[1:]
    parts = [wire[:_BLOCK_B], wire[_BLOCK_B:]]
    return b"".join(part + crc16(part).to_bytes(2, "big") for part in parts if part)


def delivered(receiver: str, wire: bytes, now: datetime, rssi: int = -70) -> bytes:
    """Return what a receiver of this name (as in a line's settings) delivers; raises KeyError."""
    return _RECEIVERS[receiver](wire, now, rssi)


def _rtl_wmbus(wire: bytes, now: datetime, rssi: int) -> bytes:
    number = wire[4:8][::-1].hex()
    stamp = now.strftime("%Y-%m-%d %H:%M:%S.000")
    return f"T1;1;1;{stamp};{rssi};{rssi};{number};0x{wire.hex()}\n".encode()


def _rtl_433(wire: bytes, now: datetime, rssi: int) -> bytes:
    row = {"time": now.isoformat(), "model": "Wireless-MBus", "data": wire.hex(), "rssi": rssi}
    return json.dumps(row).encode() + b"\n"


def _cul(wire: bytes, now: datetime, rssi: int) -> bytes:
    return f"b{format_a(wire).hex()}80{_cc1101(rssi):02x}\r\n".encode()


def _im871a(wire: bytes, now: datetime, rssi: int) -> bytes:
    raw = min(max(2 * (rssi + 100) + 45, 0), 255)
    body = bytes((0xC2, 0x03, len(wire) - 1)) + wire[1:] + bytes((raw,))
    return b"\xa5" + body + _crc_x25(body).to_bytes(2, "little")


def _amb8465(wire: bytes, now: datetime, rssi: int) -> bytes:
    body = bytes((0xFF, 0x03, len(wire) - 1)) + wire[1:] + bytes((_cc1101(rssi),))
    check = 0
    for byte in body:
        check ^= byte
    return body + bytes((check,))


def _cc1101(rssi: int) -> int:
    return 2 * (rssi + 74) & 0xFF


_RECEIVERS: Mapping[str, Callable[[bytes, datetime, int], bytes]] = {
    "hex": lambda wire, now, rssi: wire.hex().upper().encode() + b"\n",
    "rtl-wmbus": _rtl_wmbus,
    "rtl-433": _rtl_433,
    "cul": _cul,
    "im871a": _im871a,
    "amb8465": _amb8465,
    "rc1180": lambda wire, now, rssi: wire,
    "raw": lambda wire, now, rssi: wire,
    "raw-a": lambda wire, now, rssi: format_a(wire),
    "raw-b": lambda wire, now, rssi: format_b(wire),
}
RECEIVERS = tuple(_RECEIVERS)


def _cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return cipher.update(data) + cipher.finalize()


def _cmac(key: bytes, message: bytes) -> bytes:
    cmac = CMAC(algorithms.AES(key))
    cmac.update(message)
    return cmac.finalize()


def _crc_x25(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF

# SPDX-License-Identifier: MIT
"""Simulated Modbus devices: TCP with unit ids, and RTU.

Written without the collector's Modbus library, so that each side checks the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from decimal import Decimal

from ..protocol.modbus.register import Register
from ..protocol.modbus.registermap import RegisterMap
from ..protocol.modbus.texts import TIMES
from .meters import SimulatedMeter

_ILLEGAL_FUNCTION = 1
_ILLEGAL_ADDRESS = 2
_ILLEGAL_VALUE = 3
_GATEWAY_NO_ANSWER = 0x0B
_MAX_COUNT = 125
_BITS, _REGISTERS = (1, 2), (3, 4)
# Simulated meters keep Turkish time.
_ZONE_SECONDS = 3 * 3600
_RTU_REQUEST = 8
_KEPT = 256


class ModbusImage:
    """The registers of one device; asking for one that its map does not have is an exception."""

    def __init__(
        self, meter: SimulatedMeter, register_map: RegisterMap, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._registers = [(r, _reader(meter, r)) for r in register_map.registers]

    def respond(self, pdu: bytes) -> bytes:
        """Return the answer to a request, both without address and check."""
        function = pdu[0]
        if function not in (*_BITS, *_REGISTERS) or len(pdu) != 5:
            return bytes([function | 0x80, _ILLEGAL_FUNCTION])
        address, count = struct.unpack(">HH", pdu[1:])
        if not 1 <= count <= _MAX_COUNT:
            return bytes([function | 0x80, _ILLEGAL_VALUE])
        words = self._words(function, address, count)
        if any(word is None for word in words):
            return bytes([function | 0x80, _ILLEGAL_ADDRESS])
        if function in _BITS:
            size = -(-count // 8)
            packed = sum(bool(word) << at for at, word in enumerate(words))
            return bytes([function, size]) + packed.to_bytes(size, "little")
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)

    def _words(self, function: int, address: int, count: int) -> list[int | None]:
        words: list[int | None] = [None] * count
        now = int(self._clock())
        for register, read in self._registers:
            at = register.address - address
            if register.function == function and -register.size < at < count:
                for offset, word in enumerate(register.encode(read(now)), at):
                    if 0 <= offset < count:
                        words[offset] = word
        return words


def _reader(meter: SimulatedMeter, register: Register) -> Callable[[int], Decimal]:
    if register.type in TIMES:
        return lambda now: Decimal(now + _ZONE_SECONDS)
    return meter.through(register)[0]


class ModbusTcpSession:
    """A gateway with units behind it; for an unknown one it says that nobody answers."""

    def __init__(self, units: Mapping[int, ModbusImage]) -> None:
        self._units = units
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers."""
        self._buffer += data
        answers = b""
        while len(self._buffer) >= 8:
            transaction, protocol, length, unit = struct.unpack(">HHHB", self._buffer[:7])
            if protocol or not 2 <= length <= 254:
                self._buffer = b""
                break
            if len(self._buffer) < 6 + length:
                break
            pdu, self._buffer = self._buffer[7 : 6 + length], self._buffer[6 + length :]
            answer = self._respond(unit, pdu)
            answers += struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer
        return answers

    def _respond(self, unit: int, pdu: bytes) -> bytes:
        if unit not in self._units:
            return bytes([pdu[0] | 0x80, _GATEWAY_NO_ANSWER])
        return self._units[unit].respond(pdu)


class ModbusRtuSession:
    """Devices on one RS-485 line; an unknown address stays silent."""

    def __init__(self, units: Mapping[int, ModbusImage]) -> None:
        self._units = units
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers. Bytes that make no frame are passed over."""
        self._buffer = (self._buffer + data)[-_KEPT:]
        answers = b""
        while len(self._buffer) >= _RTU_REQUEST:
            frame = self._buffer[:_RTU_REQUEST]
            if crc16(frame[:-2]) != frame[-2:]:
                self._buffer = self._buffer[1:]
                continue
            self._buffer = self._buffer[_RTU_REQUEST:]
            if frame[0] in self._units:
                body = frame[:1] + self._units[frame[0]].respond(frame[1:-2])
                answers += body + crc16(body)
        return answers


def crc16(data: bytes) -> bytes:
    """Return the Modbus CRC as sent, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")

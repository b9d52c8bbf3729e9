# SPDX-License-Identifier: MIT
"""What simulated meters send unasked: mode D, mode A, and P1 telegrams."""

from __future__ import annotations

from .meters import SimulatedMeter
from .readout import kilo, local

_P1_CODES = (
    ("1.8.1", "kWh"),
    ("1.8.2", "kWh"),
    ("1.8.3", "kWh"),
    ("1.8.0", "kWh"),
    ("3.8.0", "kvarh"),
    ("4.8.0", "kvarh"),
)
_SHORT_CODES = (("1.8.0", "kWh"), ("2.8.0", "kWh"))
KINDS = ("d", "a", "p1")


def telegram(meter: SimulatedMeter, kind: str, at: int) -> bytes:
    """Return one telegram of a kind at an instant."""
    if kind == "p1":
        return _p1(meter, at)
    lines = [f"C.1({meter.spec.serial})"]
    lines += [f"{code}({kilo(meter, code, at)}*{unit})" for code, unit in _SHORT_CODES]
    body = "\r\n".join([*lines, "!", ""]).encode("ascii")
    if kind == "d":
        return b"/ACT3SIM-D\r\n\r\n" + body
    inner = body + b"\x03"
    check = 0
    for byte in inner:
        check ^= byte
    return b"/ACTaSIM-A\r\n\x02" + inner + bytes([check])


def _p1(meter: SimulatedMeter, at: int) -> bytes:
    serial = meter.spec.serial.encode("ascii").hex().upper()
    lines = ["/ACT5SIM-P1", ""]
    lines.append(f"0-0:1.0.0({local(at):%y%m%d%H%M%S}W)")
    lines.append(f"0-0:96.1.1({serial})")
    lines += [f"1-0:{code}({kilo(meter, code, at)}*{unit})" for code, unit in _P1_CODES]
    power = meter.curve.slot_power(at)
    lines.append(f"1-0:1.7.0({power // 1000:02}.{power % 1000:03}*kW)")
    body = ("\r\n".join(lines) + "\r\n!").encode("ascii")
    return body + f"{_crc(body):04X}\r\n".encode("ascii")


def _crc(data: bytes) -> int:
    """CRC-16/ARC bit by bit, apart from the collector's own."""
    register = 0
    for byte in data:
        for bit in range(8):
            mixed = (register ^ (byte >> bit)) & 1
            register = (register >> 1) ^ (0xA001 if mixed else 0)
    return register

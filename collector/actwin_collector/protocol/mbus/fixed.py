# SPDX-License-Identifier: MIT
"""Fixed data structure (CI 73) of old meters: two counters and their units in two bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from ...model import FrameError, MeterIdentity, Record
from .media import identification
from .values import bcd_number
from .vif import Vif

_BINARY, _STORED = 0x80, 0x40
_SAME_BUT_HISTORIC = 0x3E
_MEDIA = (
    "other",
    "oil",
    "electricity",
    "gas",
    "heat",
    "steam",
    "hot water",
    "water",
    "heat cost allocation",
    "reserved 9",
    "gas",
    "heat",
    "hot water",
    "water",
    "heat cost allocation",
    "reserved F",
)


def _steps(start: int, count: int, exponent: int, quantity: str, unit: str, divisor: int = 1):
    return {
        start + n: Vif(quantity, unit, Decimal(1).scaleb(exponent + n), divisor=divisor)
        for n in range(count)
    }


_UNITS: dict[int, Vif] = {
    **_steps(0x02, 9, 0, "energy", "Wh"),
    **_steps(0x0B, 9, 3, "energy", "J"),
    **_steps(0x14, 9, 0, "power", "W"),
    **_steps(0x1D, 9, 3, "power", "W", 3600),
    **_steps(0x26, 9, -6, "volume", "m3"),
    **_steps(0x2F, 9, -6, "volume_flow", "m3/h"),
    0x38: Vif("temperature", "°C", Decimal("0.001")),
    0x39: Vif("heat_cost_allocation", "HCA"),
    0x3F: Vif("dimensionless"),
}


def decode_fixed(
    data: bytes, known: Mapping[str, str]
) -> tuple[MeterIdentity, tuple[Record, ...]]:
    """Decode application data that starts with CI 73; raises FrameError.

    ``known`` goes before what the meter says into its ``extra``.
    """
    if len(data) < 17:
        raise FrameError("the answer ends inside the fixed structure", "truncated")
    status, first, second = data[6], data[7], data[8]
    meter = MeterIdentity(
        id=identification(data[1:5]),
        medium=_MEDIA[first >> 6 | second >> 6 << 2],
        extra={**known, "access_number": str(data[5]), "status": f"{status:02X}"},
    )
    return meter, tuple(_counters(status, first & 0x3F, second & 0x3F, data[9:17]))


def _counters(status: int, first: int, second: int, data: bytes) -> Iterator[Record]:
    stored = 1 if status & _STORED else 0
    yield _counter(status, _UNITS.get(first), data[:4], stored)
    if second == _SAME_BUT_HISTORIC:
        yield _counter(status, _UNITS.get(first), data[4:], 1)
    else:
        yield _counter(status, _UNITS.get(second), data[4:], stored)


def _counter(status: int, meaning: Vif | None, raw: bytes, storage: int) -> Record:
    vif = meaning or Vif("reserved")
    number = Decimal(int.from_bytes(raw, "little", signed=True))
    value = number if status & _BINARY else bcd_number(raw)
    if value is not None:
        value = vif.scaled(value)
    return Record(vif.quantity, value, vif.unit, storage=storage, raw=raw.hex().upper())

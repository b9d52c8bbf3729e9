# SPDX-License-Identifier: MIT
"""Makers' own payloads whose layout is known: data, by manufacturer letters and place.

The place is the CI field of the frame (``A2``), ``block`` for what follows a DIF 0F or cannot be
read as records, or ``5f`` for the record with VIF FF 5F. Layouts were worked out from real
telegrams with known readings; whatever is not listed keeps its raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ...model import Record
from ..mbus.records import MAKER_BLOCK
from ..mbus.values import bcd_number, time_text
from ..mbus.vif import PRIMARY
from . import prios

_OWN_RECORD = f"{MAKER_BLOCK}_5f"
_HCA, _HCA_UNIT = "heat_cost_allocation", "HCA"


@dataclass(frozen=True, slots=True)
class Item:
    """One number in a block: little-endian bytes at ``offset``, times ``factor``."""

    quantity: str
    unit: str
    offset: int
    size: int
    factor: str = "1"
    storage: int = 0

    def record(self, data: bytes) -> Record:
        """Return the record; the block is long enough."""
        raw = data[self.offset : self.offset + self.size]
        value = Decimal(int.from_bytes(raw, "little")) * Decimal(self.factor)
        return _record(self.quantity, value, self.unit, raw, self.storage)


Reader = Callable[[bytes], Sequence[Record] | None]


def _record(quantity: str, value: Decimal | None, unit: str, raw: bytes, storage: int = 0, **more):
    return Record(quantity, value, unit, storage=storage, raw=raw.hex().upper(), **more)


def _items(*items: Item) -> Reader:
    size = max(item.offset + item.size for item in items)

    def read(data: bytes) -> Sequence[Record] | None:
        return [item.record(data) for item in items] if len(data) >= size else None

    return read


def _qundis(data: bytes) -> Sequence[Record] | None:
    """Walk-by block of Qundis: now, yearly and monthly due value, then monthly differences."""
    vif = PRIMARY.get(data[9]) if len(data) >= 52 else None
    if vif is None or not vif.unit:
        return None
    stamps = {1: time_text(data[16:18]), 17: time_text(data[22:24])}
    found = []
    for storage, offset in ((0, 12), (1, 18), (17, 24)):
        raw = data[offset : offset + 4]
        number = bcd_number(raw)
        value = None if number is None else vif.scaled(number)
        found.append(
            _record(vif.quantity, value, vif.unit, raw, storage, ts=stamps.get(storage))
        )
    for month, offset in enumerate(range(28, 52, 2), 2):
        raw = data[offset : offset + 2]
        if raw != b"\x00\x80":
            value = vif.scaled(Decimal(int.from_bytes(raw, "little")))
            found.append(_record(f"{vif.quantity}_delta", value, vif.unit, raw, month))
    return found


def _bmeters(data: bytes) -> Sequence[Record] | None:
    """Backflow, and where bit 4 of the content byte says so the index at twelve month ends."""
    if len(data) < 6 or data[0] & 0x05 != 0x05:
        return None
    found = [Item("volume_backward", "m3", 2, 4, "0.001").record(data)]
    if data[0] & 0x10 and len(data) >= 42:
        months = (Item("volume_month_end", "m3", 6 + 3 * n, 3, "0.01", n + 1) for n in range(12))
        found += [item.record(data) for item in months]
    return found


def _bfw(data: bytes) -> Sequence[Record] | None:
    """Current and due value high byte first, then 18 months, two numbers in three bytes."""
    if len(data) != 40:
        return None
    found = []
    for storage, raw in enumerate((data[6:8], data[4:6])):
        value = Decimal(int.from_bytes(raw, "big"))
        found.append(_record(_HCA, value, _HCA_UNIT, raw, storage))
    months = [number for at in range(34, 9, -3) for number in _pair(data[at : at + 3])]
    for month, value in enumerate(months, 1):
        found.append(_record(f"{_HCA}_month", Decimal(value), _HCA_UNIT, b"", month))
    return found


def _pair(raw: bytes) -> tuple[int, int]:
    return (raw[1] & 0x0F) << 8 | raw[2], (raw[1] & 0xF0) << 4 | raw[0]


def _techem_sum(quantity: str, unit: str, factor: str, current: int, size: int) -> Reader:
    """Techem counts from zero each year: the index is last year's end plus this year's count."""
    parts = _items(
        Item(f"{quantity}_period", unit, current, size, factor),
        Item(f"{quantity}_period", unit, 3, size, factor, 1),
    )

    def read(data: bytes) -> Sequence[Record] | None:
        found = parts(data)
        if found is None:
            return None
        total = found[0].value + found[1].value
        return [_record(quantity, total, unit, data[3 : current + size]), *found]

    return read


def _apator_hca(data: bytes) -> Sequence[Record] | None:
    # CI B6 puts a block with its length in front, then the CI of the inner payload.
    start = data[0] + 2 if data[:1] == b"\x0e" else 0
    return _APATOR_HCA(data[start:])


_APATOR_HCA = _items(
    Item(_HCA, _HCA_UNIT, 7, 2),
    Item(_HCA, _HCA_UNIT, 3, 2, storage=1),
    Item("room_temperature", "°C", 13, 2, "0.00390625"),
    Item("room_temperature", "°C", 11, 2, "0.00390625", 1),
)
_TECHEM_HCA = _items(
    Item(_HCA, _HCA_UNIT, 7, 2),
    Item(_HCA, _HCA_UNIT, 3, 2, storage=1),
    Item("room_temperature", "°C", 9, 2, "0.01"),
    Item("radiator_temperature", "°C", 11, 2, "0.01"),
)
_HYDROCLIMA = _items(
    Item("room_temperature_average", "°C", 7, 2, "0.01"),
    Item("room_temperature_maximum", "°C", 9, 2, "0.01"),
    Item("room_temperature_average", "°C", 15, 2, "0.01", 1),
    Item("radiator_temperature_average", "°C", 17, 2, "0.01", 1),
)

# Their payloads look like records by chance; reading them as such would invent values.
NEVER_STANDARD = frozenset({"BFW"})

# (manufacturer, place, version as the header gives it or None for any) → reader
_READERS: Mapping[tuple[str, str, str | None], Reader] = {
    ("QDS", "5f", None): _qundis,
    ("BMT", "block", None): _bmeters,
    ("BFW", "block", None): _bfw,
    ("BMP", "block", "83"): _HYDROCLIMA,
    ("TCH", "A0", "105"): _TECHEM_HCA,
    ("TCH", "A1", "69"): _techem_sum("energy", "Wh", "1000", 7, 3),
    ("TCH", "A2", "57"): _techem_sum("energy", "Wh", "1000", 7, 3),
    ("TCH", "A2", "116"): _techem_sum("volume", "m3", "0.1", 7, 2),
    ("APA", "A0", "4"): _apator_hca,
    ("APT", "B6", "4"): _apator_hca,
}


def read_makers_blocks(
    manufacturer: str, version: str, place: str, records: Sequence[Record], link: bytes
) -> tuple[Record, ...]:
    """Return the records with each known maker's block followed by the numbers in it.

    ``place`` is ``block`` or the frame's CI; ``link`` the link header and CI, which PRIOS needs.
    """
    return tuple(_expanded(manufacturer, version, place, records, link))


def _expanded(
    manufacturer: str, version: str, place: str, records: Sequence[Record], link: bytes
) -> Iterator[Record]:
    for record in records:
        yield record
        if record.quantity not in (MAKER_BLOCK, _OWN_RECORD):
            continue
        data = bytes.fromhex(record.raw)
        if record.quantity == _OWN_RECORD:
            # Header 0D FF 5F and the length byte come first.
            where, data = "5f", data[4:]
        else:
            where = place
        reader = _READERS.get((manufacturer, where, version)) or _READERS.get(
            (manufacturer, where, None)
        )
        if reader is not None:
            yield from reader(data) or ()
        elif where in prios.PLACES:
            yield from prios.read(manufacturer, link, data)

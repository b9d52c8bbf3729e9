# SPDX-License-Identifier: MIT
"""Reads payloads by their layouts; never raises for what stands in the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from ...model import CollectorError, Record
from ...units import EXACT, divided
from ..mbus.records import decode_records
from ..mbus.vif import PRIMARY
from .language import Condition, Field, Item, Layout, Tagged
from .numbers import value_type

MAX_ITEMS = 256


@dataclass(slots=True)
class _State:
    """What was read so far: values by field name, and where the next field begins."""

    data: bytes
    at: int = 0
    channel: int = 0
    now: str = ""
    known: dict[str, Decimal | str | None] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)


def read_layout(layout: Layout, data: bytes, now: str = "") -> list[Record] | None:
    """Return the records of a payload, None when the bytes are not of this layout.

    ``now`` is the meter's own time as ISO text, where something else has told it.
    """
    if layout.start is not None:
        at, plus, when = layout.start
        if _hold(when, _State(data)):
            if at >= len(data):
                return None
            data = data[at + 1 + data[at] + plus :]
    if not layout.minimum <= len(data) <= layout.maximum:
        return None
    state = _State(data, now=now)
    if not _hold(layout.when, state) or not all(_take(each, state) for each in layout.fields):
        return None
    if layout.tagged is not None and not _take_tagged(layout.tagged, state):
        return None
    if layout.records_at is not None and not _take_records(layout.records_at, state):
        return None
    return state.records


def _take_records(at: int, state: _State) -> bool:
    try:
        state.records += decode_records(state.data[at:]).records
    except CollectorError:
        return False
    return True


def _hold(conditions: Sequence[Condition], state: _State) -> bool:
    return all(_holds(condition, state) for condition in conditions)


def _holds(condition: Condition, state: _State) -> bool:
    if condition.field:
        value = state.known.get(condition.field)
    else:
        size, decode = value_type(condition.type)
        raw = _slice(state.data, condition.at, size)
        value = None if raw is None else decode(raw)
    if not isinstance(value, Decimal):
        return False
    number = _picked(int(value), condition.bits)
    if condition.equals and number not in condition.equals:
        return False
    return number not in condition.unequal


def _slice(data: bytes, at: int, size: int) -> bytes | None:
    """Bytes at a place counted from the start, or, negative, from the end."""
    start = at if at >= 0 else len(data) + at
    raw = data[start : start + size] if start >= 0 else b""
    return raw if len(raw) == size else None


def _picked(number: int, bits: Sequence[tuple[int, int]]) -> int:
    if not bits:
        return number
    picked = 0
    for low, count in bits:
        picked = picked << count | number >> low & ((1 << count) - 1)
    return picked


def _take(entry: Field, state: _State) -> bool:
    """Read one field; False when the bytes end before it."""
    if entry.when and not _hold(entry.when, state):
        return True
    if entry.sum:
        return _take_sum(entry, state)
    at = state.at if entry.at is None else entry.at
    step = entry.size if entry.step is None else entry.step
    step = 0 if entry.bit_step else step
    running = state.known.get(entry.running) if entry.running else None
    for number in range(entry.repeat):
        raw = _slice(state.data, at + number * step, entry.size)
        if raw is None:
            return number > 0
        value = _value(entry, raw, state, number * entry.bit_step)
        if entry.running:
            running = _added(running, value)
            value = running
        state.known[entry.name] = value
        state.records += _record(entry, value, raw, number, state)
        state.at = at + number * step + entry.size
    return True


def _added(total: object, value: object) -> Decimal | None:
    both = isinstance(total, Decimal) and isinstance(value, Decimal)
    return EXACT.add(total, value) if both else None


def _take_sum(entry: Field, state: _State) -> bool:
    parts = [state.known.get(name) for name in entry.sum]
    numbers = [part for part in parts if isinstance(part, Decimal)]
    value = _scaled(entry, sum(numbers, Decimal(0))) if len(numbers) == len(parts) else None
    state.known[entry.name] = value
    state.records += _record(entry, value, b"", 0, state)
    return True


def _value(entry: Field, raw: bytes, state: _State, shift: int) -> Decimal | str | None:
    value = entry.decode(raw)
    if not isinstance(value, Decimal):
        return value
    if entry.bits:
        value = Decimal(_picked(int(value) >> shift, entry.bits))
    if value in entry.none:
        return None
    if entry.values:
        return entry.values.get(value)
    return _scaled(entry, value, state)


def _scaled(entry: Field, value: Decimal, state: _State | None = None) -> Decimal | None:
    if entry.vif_at is not None and state is not None:
        vif = _vif(entry, state.data)
        return vif.scaled(value) if vif else None
    value = EXACT.multiply(value, entry.factor)
    if entry.divisor != 1:
        value = divided(value, entry.divisor)
    return EXACT.add(value, entry.offset) if entry.offset else value


def _vif(entry: Field, data: bytes):
    vif = PRIMARY.get(data[entry.vif_at]) if entry.vif_at < len(data) else None
    return vif if vif is not None and vif.unit else None


def _record(entry: Field, value, raw: bytes, number: int, state: _State) -> list[Record]:
    quantity, unit = entry.quantity, entry.unit
    if not quantity:
        return []
    if entry.vif_at is not None:
        vif = _vif(entry, state.data)
        if vif is None:
            return []
        quantity, unit = quantity.replace("*", vif.quantity), vif.unit
    record = Record(
        quantity,
        value,
        unit if isinstance(value, Decimal) or value is None else "",
        ts=_stamp(entry, number, state),
        function=entry.function,
        storage=entry.storage + number * entry.storage_step,
        tariff=entry.tariff,
        subunit=entry.subunit or state.channel,
        raw=raw.hex().upper(),
    )
    return [record]


def _stamp(entry: Field, number: int, state: _State) -> str | None:
    if entry.calendar:
        return _month_end(entry.storage + number * entry.storage_step, state.now)
    text = state.known.get(entry.ts) if entry.ts else None
    if not isinstance(text, str) or not entry.ts_step:
        return text if isinstance(text, str) else None
    moment = datetime.fromisoformat(text) + timedelta(seconds=entry.ts_step * number)
    return moment.isoformat()


def _month_end(month: int, now: str) -> str | None:
    """Return the last day of a calendar month the last time it ended."""
    try:
        today = date.fromisoformat(now[:10])
        year = today.year if month < today.month else today.year - 1
        return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).isoformat()
    except ValueError:
        return None


def _take_tagged(tagged: Tagged, state: _State) -> bool:
    at = tagged.at
    for _ in range(MAX_ITEMS):
        tag = state.data[at : at + tagged.tag].hex().upper()
        if at >= len(state.data) or tag in tagged.end or tag[:2] in tagged.end:
            return True
        item = _item(tagged, tag)
        at += tagged.tag
        size = item.size if item else -1
        if tagged.length_byte and at < len(state.data):
            size, at = state.data[at], at + 1
        if item is None and size < 0:
            return bool(state.records)
        taken = _take_item(item, state, at, size) if item else size
        if taken < 0:
            return bool(state.records)
        at += taken
    return True


def _item(tagged: Tagged, tag: str) -> Item | None:
    item = tagged.exact.get(tag)
    if item is not None:
        return item
    return next((item for known, item in tagged.patterns if _fits(known, tag)), None)


def _fits(known: str, tag: str) -> bool:
    pairs = zip(known, tag, strict=False)
    return len(known) == len(tag) and all(digit in (".", sent) for digit, sent in pairs)


def _take_item(item: Item, state: _State, at: int, size: int) -> int:
    """Read one item's fields; returns how many bytes it takes, -1 when they are not all here."""
    inner = _State(state.data[at : at + size] if size >= 0 else state.data[at:], known=state.known)
    if item.channel:
        inner.channel = state.data[at - 2] if at >= 2 else 0
    if len(inner.data) < size or not all(_take(each, inner) for each in item.fields):
        return -1
    state.records += inner.records
    return size if size >= 0 else inner.at

# SPDX-License-Identifier: MIT
"""The record decoder of EN 13757-3, shared by wired and wireless M-Bus.

Meters repeat the same DIF/VIF header bytes in every telegram, so what a header means is worked out
once and kept; a known header costs one dictionary look-up, a known telegram less (``layout``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model import FrameError, Record
from . import layout
from . import vif as kinds
from .profile import expand_profile
from .values import (
    Decoder,
    Unpacked,
    Value,
    fixed_length,
    make_decoder,
    time_text,
    unpacked_decoder,
    variable_length,
)
from .vif import EXTENSION_FB, EXTENSION_FD, PRIMARY, Vif
from .vife import apply_extensions

MAX_EXTENSIONS = 10
# Meters on one site need some hundred headers; noise must not make the table grow for ever.
_CACHE_LIMIT = 8192
_FILLER = 0x2F
_FUNCTIONS = ("instantaneous", "maximum", "minimum", "error")
_EXTENSIONS = {0x7B: EXTENSION_FB, 0x7D: EXTENSION_FD}
_TIME_POINTS = ("date", "datetime")
MAKER_BLOCK = "manufacturer_specific"


@dataclass(slots=True)
class Field:
    """What one DIF/VIF header means; ``length`` -1 says a length byte follows the header.

    ``unpacked`` is another way to the same value for plain integers: a ``struct`` code and what
    makes the value of the integer. ``follower`` is the field that came after this one last time:
    meters keep their order.
    """

    header: bytes
    length: int
    decode: Decoder
    unpacked: Unpacked | None
    quantity: str
    unit: str
    function: str
    storage: int
    tariff: int
    subunit: int
    is_time: bool
    is_event: bool
    profile: Vif | None
    follower: Field | None = None


# One record as found: its meaning, its value in the base unit, and its bytes.
Row = tuple[Field, Value, bytes]


@dataclass(slots=True)
class RecordSet:
    """All records of a telegram; ``more`` says the meter has further telegrams (DIF 1F)."""

    records: tuple[Record, ...]
    more: bool


_cache: dict[bytes, Field] = {}
# Stands before the first record of a telegram.
_START = Field(b"", 0, str, None, "", "", "", 0, 0, 0, False, False, None)


def decode_records(data: bytes, tail: int = 0) -> RecordSet:
    """Decode the application data after the header; raises FrameError.

    Data that ends inside a record is refused as a whole (code ``truncated``): what was lost with
    the end may have changed the meaning of what came before. At most ``tail`` last bytes that are
    no record may be kept instead, for radio receivers that leave a CRC behind; they become, like
    a maker's own block, one last record without value whose ``raw`` holds the bytes.
    """
    known = layout.find(data)
    if known is not None:
        kind, parts = known
        records, maker, more = kind.records(data, parts), kind.makers_part(parts), kind.more
    else:
        rows, maker, more = _split_and_learn(data, tail)
        records = _to_records(rows)
    if maker is not None:
        records.append(maker_block(maker))
    return RecordSet(tuple(records), more)


def _split_and_learn(data: bytes, tail: int) -> tuple[list[Row], bytes | None, bool]:
    try:
        found = rows, _maker, more = split_records(data)
    except FrameError:
        if not tail:
            raise
        return split_records(data, tail)
    layout.learn(data, rows, more)
    return found


def maker_block(data: bytes) -> Record:
    """Return the record that keeps bytes only their maker can read."""
    return Record(MAKER_BLOCK, None, raw=data.hex().upper())


def split_records(data: bytes, tail: int = 0) -> tuple[list[Row], bytes | None, bool]:
    """Return the rows, the maker's block (None when there is none), and the more-follows flag."""
    rows: list[Row] = []
    position, end, before = 0, len(data), _START
    try:
        while position < end:
            field = before.follower
            if field is None or not data.startswith(field.header, position):
                if data[position] == _FILLER:
                    position += 1
                    continue
                if data[position] & 0x0F == 0x0F:
                    return rows, _after_marker(data, position), data[position] == 0x1F
                field = before.follower = _field_at(data, position)
            start = position + len(field.header)
            stop = start + field.length if field.length >= 0 else _variable_end(data, start)
            if stop > end:
                raise _truncated(data)
            rows.append((field, field.decode(data[start:stop]), data[position:stop]))
            position, before = stop, field
    except (FrameError, IndexError) as error:
        if end - position <= tail:
            return rows, data[position:], False
        raise error if isinstance(error, FrameError) else _truncated(data) from None
    return rows, None, False


def split_headers(headers: bytes) -> tuple[tuple[bytes, int], ...]:
    """Return each of the DIF/VIF headers in a row with the number of its data bytes."""
    found, position = [], 0
    while position < len(headers):
        field = _field_at(headers, position)
        found.append((field.header, field.length))
        position += len(field.header)
    return tuple(found)


def _field_at(data: bytes, position: int) -> Field:
    header = data[position : _header_end(data, position)]
    return _cache.get(header) or _learn(header)


def _truncated(data: bytes) -> FrameError:
    return FrameError(f"the last of {len(data)} data bytes is in mid-record", "truncated")


def _after_marker(data: bytes, position: int) -> bytes:
    if data[position] in (0x0F, 0x1F):
        return data[position + 1 :]
    raise FrameError(f"reserved data information field {data[position]:02X}", "bad_record")


def _header_end(data: bytes, position: int) -> int:
    while data[position] & 0x80:
        position += 1
    position += 1
    vif = data[position]
    if vif & 0x7F == 0x7C:
        position += 1 + data[position + 1]
        if not vif & 0x80:
            return position + 1
        position += 1
    while data[position] & 0x80:
        position += 1
    return position + 1


def _variable_end(data: bytes, start: int) -> int:
    length = variable_length(data[start])
    if length < 0:
        raise FrameError(f"reserved length byte {data[start]:02X}", "bad_record")
    return start + 1 + length


def _learn(header: bytes) -> Field:
    if len(_cache) >= _CACHE_LIMIT:
        _cache.clear()
        _START.follower = None
    field = _cache[header] = _parse_header(header)
    return field


def _parse_header(header: bytes) -> Field:
    dif = header[0]
    storage, tariff, subunit = dif >> 6 & 1, 0, 0
    position = 0
    while header[position] & 0x80:
        extension = header[position + 1]
        storage |= (extension & 0x0F) << (1 + 4 * position)
        tariff |= (extension >> 4 & 3) << (2 * position)
        subunit |= (extension >> 6 & 1) << position
        position += 1
    if position > MAX_EXTENSIONS:
        raise FrameError(f"more than {MAX_EXTENSIONS} DIFEs", "bad_record")
    vif = parse_vif(header[position + 1 :])
    function = _FUNCTIONS[dif >> 4 & 3]
    return Field(
        header=header,
        length=fixed_length(dif & 0x0F),
        decode=make_decoder(dif & 0x0F, vif),
        unpacked=unpacked_decoder(dif & 0x0F, vif),
        quantity=vif.quantity,
        unit=vif.unit,
        function=function,
        storage=storage,
        tariff=tariff,
        subunit=subunit,
        is_time=vif.quantity in _TIME_POINTS and dif & 0x30 == 0 and not (tariff or subunit),
        is_event=vif.kind == kinds.EVENT_TIME and fixed_length(dif & 0x0F) > 0,
        profile=vif if vif.kind == kinds.PROFILE and dif & 0x0F == 0x0D else None,
    )


def parse_vif(codes: bytes) -> Vif:
    """Return the meaning of a VIF with all its extensions; raises FrameError."""
    code = codes[0] & 0x7F
    if code == 0x7C:
        stop = 2 + codes[1]
        base = Vif(codes[2:stop][::-1].decode("latin-1").strip("\x00 ") or "plain_text")
        rest = codes[stop:]
    elif codes[0] in (0xFB, 0xFD):
        base, rest = _extended(code, codes[1] & 0x7F), codes[2:]
    else:
        base, rest = PRIMARY.get(code, Vif(f"vif_{code:02x}")), codes[1:]
    if len(rest) > MAX_EXTENSIONS:
        raise FrameError(f"more than {MAX_EXTENSIONS} VIFEs", "bad_record")
    if code == 0x7F and rest:
        own = bytes(byte & 0x7F for byte in rest).hex()
        return Vif(f"{MAKER_BLOCK}_{own}", kind=kinds.BLOCK)
    return apply_extensions(base, rest)


def _extended(table: int, code: int) -> Vif:
    return _EXTENSIONS[table].get(code) or Vif(f"vif_{table | 0x80:02x}{code:02x}")


def _to_records(rows: Sequence[Row]) -> list[Record]:
    stamps = layout.time_stamps((field.storage, value) for field, value, _ in rows if field.is_time)
    records = []
    for field, value, raw in rows:
        # Positional: this line makes every record of every telegram.
        record = Record(
            field.quantity,
            value,
            field.unit,
            "",
            time_text(raw[-field.length :]) if field.is_event else stamps.get(field.storage),
            field.function,
            field.storage,
            field.tariff,
            field.subunit,
            raw.hex().upper(),
        )
        records.append(record)
        if field.profile is not None:
            values = raw[len(field.header) + 1 :]
            records += expand_profile(record, field.profile, values)
    return records

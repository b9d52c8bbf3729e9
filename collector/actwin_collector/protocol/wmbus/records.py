# SPDX-License-Identifier: MIT
"""Records of an opened payload: the standard's, compact frames', and makers' own."""

from __future__ import annotations

from ...model import FrameError, MeterIdentity, Record, Telegram
from ..mbus.header import NONE
from ..mbus.makers import name_makers_codes
from ..mbus.records import decode_records, maker_block
from . import compact
from .frame import RadioFrame
from .layers import COMPACT, Payload
from .layouts import BLOCK, PAYLOAD, read_place, with_makers_blocks
from .security import PLAIN_START
from .transforms import Origin

_CRC_LENGTH = 2


def decode_payload(frame: RadioFrame, payload: Payload, key: bytes | None) -> Telegram:
    """Return the records of an opened payload; raises CollectorError."""
    plain = payload.meter
    extra = {**plain.extra, "ci": f"{payload.form:02X}"}
    meter = MeterIdentity(plain.id, plain.manufacturer, plain.medium, plain.version, extra)
    return Telegram(meter, payload_records(frame, payload, key))


def payload_records(frame: RadioFrame, payload: Payload, key: bytes | None) -> tuple[Record, ...]:
    """Return the records of an opened payload, makers' own included."""
    link = bytes((len(frame.data) + 9, frame.control)) + frame.manufacturer + frame.address
    letters = payload.meter.manufacturer
    origin = Origin(letters, payload.address, frame.data, link + frame.data[:1], key)
    return _records(payload, origin)


def _records(payload: Payload, origin: Origin) -> tuple[Record, ...]:
    """Return the records; what no standard decoder can read is kept as one block of bytes.

    The frame's length, check value and CRCs were right, so this is no damage but a layout that
    only the maker knows (yet); its bytes stay readable once the layout is added as data.
    """
    if payload.form == NONE:
        whole = read_place(origin, PAYLOAD, payload.data.removeprefix(PLAIN_START))
        if whole is not None:
            return (maker_block(payload.data), *whole)
    try:
        records = _standard_records(payload)
    except FrameError:
        records = (maker_block(payload.data),)
    records = name_makers_codes(origin.manufacturer, records)
    place = BLOCK if payload.form in (NONE, COMPACT) else f"{payload.form:02X}"
    return with_makers_blocks(origin, place, records)


def _standard_records(payload: Payload) -> tuple[Record, ...]:
    if payload.form == COMPACT:
        full = compact.expand(payload.data.removeprefix(PLAIN_START), payload.proved)
        return (maker_block(payload.data),) if full is None else decode_records(full).records
    if payload.form != NONE:
        return (maker_block(payload.data),)
    found = decode_records(payload.data, tail=_CRC_LENGTH)
    compact.learn(payload.data, payload.address)
    return found.records

# SPDX-License-Identifier: MIT
"""One wired telegram (RSP_UD) as a whole: frame, header and records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...model import FrameError, MeterIdentity, ProtocolError, Record
from .fixed import decode_fixed
from .header import AUTHENTICATED, FIXED, LONG, NONE, SHORT, parse_header
from .link import MASTER, Frame, parse_frame
from .makers import name_makers_codes
from .records import decode_records

_NOBODY = bytes(4), bytes(2), bytes(2)


@dataclass(slots=True)
class MbusTelegram:
    """``more`` says that the meter has further telegrams; ``status`` is its status byte."""

    meter: MeterIdentity
    records: tuple[Record, ...]
    address: int
    status: int = 0
    more: bool = False


def decode_telegram(wire: bytes, key: bytes | None = None) -> MbusTelegram:
    """Decode the bytes of one answer; raises CollectorError and nothing else."""
    return decode_answer(parse_frame(wire), key)


def decode_answer(frame: Frame, key: bytes | None = None, address: bytes = b"") -> MbusTelegram:
    """Decode an answer frame; raises CollectorError.

    Only with a ``key`` is a telegram taken for an encrypted one: in older meters the same bytes of
    the header mean something else. ``address`` are the eight bytes the meter was selected by.
    """
    if frame.control & MASTER or not frame.data:
        raise FrameError(f"control field {frame.control:02X} is no meter's answer")
    known = {"address": str(frame.address)}
    if frame.data[0] == FIXED:
        meter, records = decode_fixed(frame.data, known)
        return MbusTelegram(meter, records, frame.address)
    if key is not None and frame.data[0] in (LONG, SHORT, AUTHENTICATED):
        return _sealed(frame, key, address, known)
    header = parse_header(frame.data, known)
    found = decode_records(header.body)
    records = name_makers_codes(header.meter.manufacturer, found.records)
    return MbusTelegram(header.meter, records, frame.address, header.status, found.more)


def _sealed(
    frame: Frame, key: bytes, address: bytes, known: Mapping[str, str]
) -> MbusTelegram:
    # Imported only here: sites without keys need not hold the ciphers in memory.
    from ..wmbus.frame import RadioFrame
    from ..wmbus.layers import open_payload

    whole = len(address) == 8 and 0xFF not in address
    if frame.data[0] == SHORT and not whole:
        text = "a short header is opened only for a meter selected by its whole secondary address"
        raise ProtocolError(text, "unsupported_security")
    number, maker, kind = (address[:4], address[4:6], address[6:]) if whole else _NOBODY
    payload = open_payload(RadioFrame(frame.control, maker, number + kind, frame.data), key)
    if payload.form != NONE:
        raise FrameError(f"CI field {payload.form:02X} carries no readings", "unsupported_ci")
    found = decode_records(payload.data)
    records = name_makers_codes(payload.meter.manufacturer, found.records)
    meter = replace(payload.meter, extra={**known, **payload.meter.extra})
    return MbusTelegram(meter, records, frame.address, payload.status, found.more)

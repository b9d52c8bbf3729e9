# SPDX-License-Identifier: MIT
"""One wired telegram (RSP_UD) as a whole: frame, header and records."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import FrameError, MeterIdentity, Record
from .fixed import decode_fixed
from .header import FIXED, parse_header
from .link import MASTER, Frame, parse_frame
from .makers import name_makers_codes
from .records import decode_records


@dataclass(slots=True)
class MbusTelegram:
    """``more`` says that the meter has further telegrams; ``status`` is its status byte."""

    meter: MeterIdentity
    records: tuple[Record, ...]
    address: int
    status: int = 0
    more: bool = False


def decode_telegram(wire: bytes) -> MbusTelegram:
    """Decode the bytes of one answer; raises CollectorError and nothing else."""
    return decode_answer(parse_frame(wire))


def decode_answer(frame: Frame) -> MbusTelegram:
    """Decode an answer frame; raises CollectorError."""
    if frame.control & MASTER or not frame.data:
        raise FrameError(f"control field {frame.control:02X} is no meter's answer")
    known = {"address": str(frame.address)}
    if frame.data[0] == FIXED:
        meter, records = decode_fixed(frame.data, known)
        return MbusTelegram(meter, records, frame.address)
    header = parse_header(frame.data, known)
    found = decode_records(header.body)
    records = name_makers_codes(header.meter.manufacturer, found.records)
    return MbusTelegram(header.meter, records, frame.address, header.status, found.more)

# SPDX-License-Identifier: MIT
"""M-Bus frames in words: link control, secondary addresses, header and records."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Record
from ..protocol.mbus.link import ACK, SECONDARY, SELECT, Frame, parse_frame
from ..protocol.mbus.telegram import decode_answer
from ..units import plain

_CONTROLS = {0x40: "SND_NKE (reset)", 0x53: "SND_UD (send)", 0x5B: "REQ_UD2", 0x5A: "REQ_UD1"}
_FCB, _FCV_MASK = 0x20, 0xDF
_SHOWN = 12


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what a frame says; a second frame in the same bytes is noise and named so."""
    if message == ACK:
        return ["E5: acknowledged"]
    frame = parse_frame(message)
    if not frame.data:
        return [f"{_control(frame)} to address {frame.address}"]
    if frame.address == SECONDARY and frame.data[0] == SELECT:
        selection = frame.data[4:0:-1].hex().upper() + frame.data[5:9].hex().upper()
        return [f"select the meter {selection} (F = any)"]
    if direction == "tx":
        return [f"{_control(frame)} to address {frame.address}, CI {frame.data[0]:02X}"]
    return _answer(frame)


def _control(frame: Frame) -> str:
    name = _CONTROLS.get(frame.control & _FCV_MASK, f"control {frame.control:02X}")
    return f"{name}, FCB {1 if frame.control & _FCB else 0}"


def _answer(frame: Frame) -> list[str]:
    answer = decode_answer(frame)
    meter = answer.meter
    name = " ".join(filter(None, (meter.manufacturer, meter.id, meter.medium)))
    more = ", more telegrams follow" if answer.more else ""
    named = f"RSP_UD from address {frame.address}: {name}, {len(answer.records)} records{more}"
    return [named, *tell_records(answer.records)]


def tell_records(records: Sequence[Record]) -> list[str]:
    """Return the first records, a line each."""
    lines = []
    for record in records[:_SHOWN]:
        value = "" if record.value is None else record.value
        shown = value if isinstance(value, str) else plain(value)
        lines.append(f"  {record.quantity} {shown} {record.unit}".rstrip())
    if len(records) > _SHOWN:
        lines.append("  …")
    return lines

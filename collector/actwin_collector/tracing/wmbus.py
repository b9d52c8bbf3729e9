# SPDX-License-Identifier: MIT
"""Wireless M-Bus telegrams in words: whose they are, their layers, what stands in the open."""

from __future__ import annotations

from ..model import CollectorError, FrameError
from ..protocol.mbus.header import LONG, SHORT, meter_address, parse_header, status_names
from ..protocol.wmbus.captures import capture
from ..protocol.wmbus.frame import RAW, RadioFrame, parse_frame
from ..protocol.wmbus.layers import AFL, ELL_LENGTHS, open_payload, sender_address
from ..protocol.wmbus.listener import WmbusListener
from ..protocol.wmbus.records import payload_records
from .mbus import tell_records

_CONTROLS = {0x44: "SND_NR", 0x46: "SND_IR (to be installed)", 0x08: "RSP_UD"}


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what each telegram says, be they bare or as a receiver delivers them."""
    wires = _wires(message)
    if not wires:
        raise FrameError(f"{len(message)} bytes in which no telegram is found", "noise")
    return [line for wire in wires for line in _telegram(parse_frame(wire, RAW))]


def _wires(message: bytes) -> list[bytes]:
    try:
        return [capture(message).wire]
    except CollectorError:
        heard = WmbusListener({}).message(message)
        return [bytes.fromhex(str(each.telegram["telegram"])) for each in heard]


def _telegram(frame: RadioFrame) -> list[str]:
    raw = sender_address(frame)
    number, maker, medium, version = meter_address(raw[2:6] + raw[:2] + raw[6:])
    control = _CONTROLS.get(frame.control, f"control {frame.control:02X}")
    named = f"{control} from {maker} {number}, {medium}, version {version}"
    lines = [f"{named}, {len(frame.data) + 10} bytes", *_layers(frame.data)]
    try:
        payload = open_payload(frame, None)
    except CollectorError as error:
        return [*lines, f"  {error.message} [{error.code}]"]
    return [*lines, *tell_records(payload_records(frame, payload, None))]


def _layers(data: bytes) -> list[str]:
    lines = []
    while data and data[0] in ELL_LENGTHS:
        lines.append(f"  extended link layer ({data[0]:02X})")
        data = data[1 + ELL_LENGTHS[data[0]] :]
    if data[:1] == bytes((AFL,)) and len(data) > 1:
        lines.append("  authentication layer")
        data = data[2 + data[1] :]
    if data and data[0] in (SHORT, LONG):
        lines.append(_transport(data))
    return lines


def _transport(data: bytes) -> str:
    header = parse_header(data)
    told = ", ".join(status_names(header.status)) or "all well"
    mode = header.configuration >> 8 & 0x1F
    sealed = f"security mode {mode}" if mode else "not encrypted"
    return f"  access number {header.access_number}, status {header.status:02X} ({told}), {sealed}"

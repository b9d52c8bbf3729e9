# SPDX-License-Identifier: MIT
"""DLMS messages in words: frame kinds, APDU kinds, results; what is sealed stays sealed."""

from __future__ import annotations

from ..model import CollectorError
from ..protocol.dlms import apdu as wire
from ..protocol.dlms import axdr, hdlc, wrapper
from ..protocol.dlms.acse import parse_association
from ..protocol.dlms.errors import diagnostic_error, exception_error

_APDUS = {
    wire.AARQ: "AARQ (association request)",
    wire.AARE: "AARE (association answer)",
    wire.RELEASE: "RLRQ (release request)",
    wire.RELEASED: "RLRE (release answer)",
    wire.GET: "get request",
    wire.SET: "set request",
    wire.EVENT: "event notification",
    wire.ACTION: "action request",
    wire.GOT: "get answer",
    wire.WAS_SET: "set answer",
    wire.ACTED: "action answer",
    wire.NOTIFICATION: "data notification (push)",
    wire.REPORT: "information report",
    wire.EXCEPTION: "exception",
    wire.SERVICE_ERROR: "confirmed service error",
    wire.BLOCK: "general block transfer",
    wire.GENERAL_GLO: "general-glo-ciphering (sealed)",
    wire.GENERAL_DED: "general-ded-ciphering (sealed)",
    wire.GENERAL: "general-ciphering (sealed)",
}
_UNNUMBERED = {
    hdlc.SNRM: "SNRM (connect)",
    hdlc.UA: "UA (accepted)",
    hdlc.DISC: "DISC (disconnect)",
    hdlc.DM: "DM (not connected)",
    hdlc.FRMR: "FRMR (frame rejected)",
}
_SHOWN = 100


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what the frames of a message say."""
    if hdlc.FLAG in message[:2]:
        lines = [line for frame in hdlc.split(message) for line in _frame(frame)]
        return lines or ["flags without a frame"]
    if message[0] in _APDUS or message[0] in wire.GLO:
        return [_apdu(message)]  # as the archive keeps it, without its carrier
    lines = []
    for source, target, apdu in wrapper.split(message):
        lines.append(f"wrapper {source} → {target}: {_apdu(apdu)}")
    return lines


def _frame(frame: hdlc.Frame) -> list[str]:
    place = f"{frame.source} → {frame.target}"
    control = frame.control & ~hdlc.FINAL
    if frame.is_information:
        kind = f"I, N(S) {frame.control >> 1 & 7}, N(R) {frame.control >> 5}"
    elif frame.control & 3 == 1:
        kind = f"RR, N(R) {frame.control >> 5}"
    else:
        kind = _UNNUMBERED.get(control | hdlc.FINAL) or _UNNUMBERED.get(control) or "UI"
    line = f"HDLC {place}: {kind}{', a part' if frame.segmented else ''}"
    if not frame.info or kind.startswith(("SNRM", "UA")):
        return [line]
    info = hdlc.strip_llc(frame.info)
    return [line, f"  {_apdu(info)}" if info != frame.info else "  continued"]


def _apdu(apdu: bytes) -> str:
    tag = apdu[0] if apdu else -1
    if tag in wire.GLO:
        return f"{_APDUS.get(wire.GLO[tag][0], 'message')}, sealed, {len(apdu)} bytes"
    name = _APDUS.get(tag, f"tag {tag:02X}, {len(apdu)} bytes")
    try:
        return name + _detail(tag, apdu)
    except CollectorError as error:
        return f"{name}: {error.message}"


def _detail(tag: int, apdu: bytes) -> str:
    if tag == wire.AARE:
        parts = parse_association(apdu)
        if not parts.result:
            return ": accepted"
        return f": {diagnostic_error(parts.diagnostic or 0, False).message}"
    if tag == wire.EXCEPTION:
        return f": {exception_error(apdu).message}"
    if tag == wire.GET and (attribute := wire.parse_get(apdu)):
        name = ".".join(map(str, attribute.name))
        return f": class {attribute.class_id}, {name}, attribute {attribute.number}"
    if tag == wire.GOT and apdu[1:2] == b"\x01" and apdu[3:4] == b"\x00":
        return f": {str(axdr.decode(apdu[4:]))[:_SHOWN]}"
    return ""

# SPDX-License-Identifier: MIT
"""Lines of text that receivers write: rtl-wmbus, CUL, rtl_433, plain hex."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ...model import ChecksumError, CollectorError, FrameError
from .captures import Capture, capture
from .frame import FORMAT_A, FORMAT_B, RAW

_HEX = re.compile(r"[0-9A-Fa-f]{22,}")
_RTL_WMBUS = re.compile(r"[A-Z]\d[a-z]?;")
_RTL_433 = "Wireless-MBus"
_LQI_RSSI = 2
# What recordings put around and between the bytes, and the seconds to the next telegram.
_MARKS, _PAUSE = re.compile(r"[|_#]"), re.compile(r"\|\+\d+$")


def parse_line(line: str) -> list[Capture]:
    """Return the telegrams of a line, none for a comment; raises CollectorError by name."""
    text = line.strip()
    if not text or text.startswith("#"):
        return []
    if _RTL_WMBUS.match(text):
        return _rtl_wmbus(text)
    if text.startswith("{"):
        return _rtl_433_json(text)
    if _RTL_433 in text:
        return _rtl_433_csv(text)
    # A line of hex may begin with b as well, but has an even number of digits.
    if text.startswith("bY") or (text[0] == "b" and len(text) % 2):
        return [_cul(text)]
    text = _PAUSE.sub("", text.removeprefix("telegram="))
    return [capture(_bytes(_MARKS.sub("", text)))]


def _bytes(text: str) -> bytes:
    if not _HEX.fullmatch(text) or len(text) % 2:
        raise FrameError("no telegram", "noise")
    return bytes.fromhex(text)


def _rtl_wmbus(text: str) -> list[Capture]:
    """``mode;crc ok;3 out of 6 ok;time;rssi;…;id;0xHEX``; more telegrams may follow the first."""
    fields = text.split(";")
    if len(fields) < 8:
        raise FrameError("the line ends early", "truncated")
    if fields[1] != "1":
        raise ChecksumError("the receiver found the CRC wrong")
    rssi = _number(fields[4])
    found = [each.strip() for each in fields[7:] if each.strip()]
    return [
        capture(_bytes(each.removeprefix("0x")), RAW, rssi) for each in found if each[:2] == "0x"
    ]


def _rtl_433_json(text: str) -> list[Capture]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("not a JSON object", "bad_json") from None
    data = row.get("data") if isinstance(row, Mapping) else None
    if not isinstance(data, str) or row.get("model") != _RTL_433:
        return []
    return [capture(_bytes(data), None, _number(row.get("rssi")))]


def _rtl_433_csv(text: str) -> list[Capture]:
    for field in text.split(","):
        if _HEX.fullmatch(field) and len(field) % 2 == 0:
            return [capture(bytes.fromhex(field))]
    raise FrameError("no telegram in the line", "noise")


def _cul(text: str) -> Capture:
    """``b`` and format A, ``bY`` and format B; then LQI and RSSI, unless told not to send them."""
    form = FORMAT_B if text[1:2] == "Y" else FORMAT_A
    wire = _bytes(text[2 if form == FORMAT_B else 1 :])
    try:
        return capture(wire[:-_LQI_RSSI], form, cc1101_rssi(wire[-1]))
    except CollectorError:
        return capture(wire, form)


def cc1101_rssi(raw: int) -> int:
    """Return dBm from the RSSI byte of Texas Instruments' radios."""
    return (raw - 256 if raw > 127 else raw) // 2 - 74


def _number(value: object) -> int | None:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None

# SPDX-License-Identifier: MIT
"""IEC 62056-21 messages in words: control characters by name, data sets counted."""

from __future__ import annotations

import re

from ..protocol.iec62056_21.codec import (
    ACK,
    DAMAGED,
    EOT,
    NAK,
    SOH,
    SPEEDS,
    STX,
    UNVERIFIED,
    VERIFIED,
    find_identification,
    strip_parity,
    unframe,
)
from ..protocol.iec62056_21.datasets import parse_data_sets

_REQUEST = re.compile(r"/\?([^!\r\n]*)!")
_SELECT = re.compile(r"\x06([0-9])([0-9A-Z])([0-9A-Z])\r\n")
_COMMAND = re.compile(r"\x01([A-Z])([0-9])(?:\x02([^\x03\x04]*))?[\x03\x04]")
_MODES = {"0": "readout", "1": "programming", "6": "short readout", "7": "history"}
_COMMANDS = {"P": "password", "R": "read", "W": "write", "B": "break", "E": "execute"}
_CHECKS = {
    VERIFIED: "check character right",
    DAMAGED: "check character wrong",
    UNVERIFIED: "without check character",
}


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what a message says."""
    plain = strip_parity(message)
    text = plain.decode("ascii")
    parts = [*_requests(text), *_answers(text, plain)]
    if any(byte & 0x80 for byte in message) and parts:
        parts.append("with parity bits: the line is 7E1, the port 8N1")
    return parts or [f"{len(message)} bytes that are no message"]


def _requests(text: str) -> list[str]:
    found = []
    if match := _REQUEST.search(text):
        found.append(f"request to {match[1] or 'any meter'}")
    if match := _SELECT.search(text):
        speed = SPEEDS.get(match[2], "?")
        mode = _MODES.get(match[3], f"mode {match[3]}")
        found.append(f"ACK: protocol {match[1]}, {speed} Bd, {mode}")
    elif text == chr(ACK):
        found.append("ACK")
    if text == chr(NAK):
        found.append("NAK: again, please")
    if match := _COMMAND.search(text):
        found.append(_command(*match.groups()))
    return found


def _command(letter: str, digit: str, argument: str | None) -> str:
    name = _COMMANDS.get(letter, "command")
    if letter == "P":
        # P0 comes from the meter and holds what it wants answered; the others hold the answer.
        return f"SOH {letter}{digit}: {name} (not shown)"
    return f"SOH {letter}{digit}: {name} {argument or ''}".rstrip()


def _answers(text: str, plain: bytes) -> list[str]:
    found = []
    if identification := find_identification(text):
        speed = SPEEDS.get(identification.speed, "?")
        found.append(
            f"identification: maker {identification.manufacturer}, offers {speed} Bd, "
            f"{identification.product}"
        )
    if bytes([STX]) in plain and bytes([SOH]) not in plain:
        readout = unframe(plain)
        sets = parse_data_sets(readout.text).data_sets
        more = ", more blocks follow" if bytes([EOT]) in plain else ""
        found.append(f"STX, {len(sets)} data sets, ETX, {_CHECKS[readout.state]}{more}")
    return found

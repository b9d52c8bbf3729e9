# SPDX-License-Identifier: MIT
"""IEC 62056-21 messages as bytes: requests, identification, acknowledgement, framed data.

Everything here is pure. Bytes are taken as seven-bit characters: a parity bit that a device
server left in place is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...model import ConfigError, FrameError

SOH, STX, ETX, EOT, ACK, NAK = 0x01, 0x02, 0x03, 0x04, 0x06, 0x15
SPEEDS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}

VERIFIED = "verified"
DAMAGED = "damaged"
UNVERIFIED = "unverified"

_STRIP = bytes(b & 0x7F for b in range(256))
_ADDRESS = re.compile(r"[0-9A-Za-z .<>()_-]{0,32}")
_IDENTIFICATION = re.compile(r"/([A-Za-z]{3})([0-9A-Za-z])((?:\\[^\r\n])*)([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Identification:
    """A meter's identification line; ``speed`` is the speed character it offers."""

    manufacturer: str
    speed: str
    product: str
    text: str

    @property
    def fast(self) -> bool:
        """Whether the meter promises a 20 ms reaction (third letter in lower case)."""
        return self.manufacturer[2].islower()


@dataclass(frozen=True, slots=True)
class Readout:
    """The characters of a data block and whether its check character was right."""

    text: str
    state: str


def bcc(data: bytes) -> int:
    """Return the block check character: XOR of all bytes."""
    check = 0
    for byte in data:
        check ^= byte
    return check


def strip_parity(data: bytes) -> bytes:
    """Return the bytes without their eighth bit."""
    return data.translate(_STRIP)


def request_message(address: str = "") -> bytes:
    """Return ``/?ADDRESS!``; raises ConfigError for characters that cannot stand in it."""
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(f"{address!r} is not a meter address (32 letters or digits at most)")
    return f"/?{address}!\r\n".encode("ascii")


def option_select(protocol: str, speed: str, mode: str) -> bytes:
    """Return the acknowledgement that chooses protocol, speed and mode."""
    return bytes([ACK]) + f"{protocol}{speed}{mode}\r\n".encode("ascii")


def find_identification(text: str) -> Identification | None:
    """Return the first identification in ``text``; an echoed request is passed over."""
    match = _IDENTIFICATION.search(text)
    if not match:
        return None
    flag, speed, _, product = match.groups()
    return Identification(flag, speed, product.strip(), match[0].strip())


def parse_identification(line: bytes) -> Identification:
    """Return the identification in one received line; raises FrameError."""
    found = find_identification(strip_parity(line).decode("ascii"))
    if not found:
        raise FrameError(f"not an identification: {line[:40]!r}")
    return found


def frame(text: str) -> bytes:
    """Return a data block with STX, ETX and check character."""
    inner = text.encode("ascii") + bytes([ETX])
    return bytes([STX]) + inner + bytes([bcc(inner)])


def unframe(data: bytes) -> Readout:
    """Return the text between STX and ETX and the verdict of the check character."""
    return unframe_text(strip_parity(data).decode("ascii"))


def unframe_text(data: str) -> Readout:
    """Like ``unframe`` for characters already received.

    Without STX, ETX or a character after it the text is whatever there is, ``UNVERIFIED``.
    """
    start = data.find(chr(STX)) + 1
    end = data.find(chr(ETX), start)
    if end < 0:
        return Readout(data[start:], UNVERIFIED)
    if not start or len(data) < end + 2:
        return Readout(data[start:end], UNVERIFIED)
    check = bcc(data[start : end + 1].encode("latin-1", "replace"))
    return Readout(data[start:end], VERIFIED if check == ord(data[end + 1]) else DAMAGED)

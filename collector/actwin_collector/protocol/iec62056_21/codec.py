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
# Mode B meters announce their speed by a letter and change to it unasked.
SPEEDS_B = {"A": 600, "B": 1200, "C": 2400, "D": 4800, "E": 9600, "F": 19200}
SPEEDS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}

VERIFIED = "verified"
DAMAGED = "damaged"
UNVERIFIED = "unverified"

_BLOCK_START = re.compile(rb"[\x01\x02\x06\x15]")
_BLOCK_END = re.compile(rb"[\x03\x04]")
_STRIP = bytes(b & 0x7F for b in range(256))
_ADDRESS = re.compile(r"[0-9A-Za-z .<>()_-]{0,32}")
_IDENTIFICATION = re.compile(r"/([A-Za-z]{3})([0-9A-Za-z ])((?:\\[^\r\n])*)([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Identification:
    """A meter's identification line; ``speed`` is the speed character it offers."""

    manufacturer: str
    speed: str
    product: str
    text: str

    @property
    def offers_dlms(self) -> bool:
        """Whether the meter can speak DLMS over HDLC (mode E)."""
        return "\\2" in self.text

    @property
    def fast(self) -> bool:
        """Whether the meter promises a 20 ms reaction (third letter in lower case)."""
        return self.manufacturer[2].islower()


@dataclass(frozen=True, slots=True)
class Block:
    """One message of the programming mode.

    ``command`` is empty for a data block, ``"ACK"`` or ``"NAK"`` for those characters; ``more``
    says that another block follows; ``sound`` that the check character was right.
    """

    command: str
    text: str = ""
    more: bool = False
    sound: bool = True


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


def command_message(command: str, text: str = "") -> bytes:
    """Return a programming mode message; without text only the command stands in it (``B0``)."""
    inner = command.encode("ascii")
    if text:
        inner += bytes([STX]) + text.encode("ascii")
    inner += bytes([ETX])
    return bytes([SOH]) + inner + bytes([bcc(inner)])


def take_block(data: bytes) -> tuple[Block | None, bytes]:
    """Return (first whole block in seven-bit characters, what follows it).

    Noise before it is dropped; None when more bytes are needed.
    """
    match = _BLOCK_START.search(data)
    if not match:
        return None, b""
    data = data[match.start() :]
    if data[0] in (ACK, NAK):
        return Block("ACK" if data[0] == ACK else "NAK"), data[1:]
    end = _BLOCK_END.search(data)
    if not end or end.end() >= len(data):
        return None, data
    inner = data[1 : end.end()]
    sound = bcc(inner) == data[end.end()]
    command, text = "", inner[:-1]
    if data[0] == SOH:
        head, _, text = text.partition(bytes([STX]))
        command = head.decode("ascii", "replace")
    more = data[end.start()] == EOT
    return Block(command, text.decode("ascii", "replace"), more, sound), data[end.end() + 1 :]


def crc16(data: bytes) -> int:
    """Return the CRC of a P1 telegram: from ``/`` up to and including ``!``."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


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

# SPDX-License-Identifier: MIT
"""A simulated IEC 62056-21 meter: readouts in mode A, B, C and at fixed speed, programming mode."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .iecmemory import Faults, IecMemory
from .ports import overlaid

_REQUEST = re.compile(rb"/\?([^!\r\n]{0,32})!\r\n")
_SELECT = re.compile(rb"\x06([0-9])([0-9A-Z])([0-9])\r\n")
_COMMAND = re.compile(rb"\x01([A-Z][0-9])(?:\x02([^\x03]*))?\x03(.)", re.DOTALL)
_ACK, _NAK = b"\x06", b"\x15"
_STRIP = bytes(b & 0x7F for b in range(256))
_EVEN = bytes(b | 0x80 if b.bit_count() % 2 else b for b in range(128)) * 2
_GARBLED = bytes((b * 5 + 0x31) & 0x7F for b in range(256))
_KEPT = 512
_OPENING = 300
_SPEEDS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
# The choice takes 200 ms at 300 Bd, which a pseudo terminal does not show; then the least pause.
_SWITCH_SECONDS = 0.2 + 0.2


class IecMeterSession:
    """The meter's side of the protocol.

    It answers requests without an address, with its serial number, or with flag and serial number;
    to anything else it is silent. Where the request came with parity bits the answers carry them
    too. ``packet`` gives the data block of a mode character, empty where there is none; with
    ``memory`` the meter has a programming mode. ``damaged`` block transmissions get a wrong check
    character first. On a line that was opened at 300 Bd it speaks at the speed agreed on, so a
    reader who does not follow hears nonsense.

    ``parity``: it hears only characters with even parity. ``stays``: it offers another speed and
    keeps that it was opened at. ``protocol``: the one protocol character that it takes.
    """

    def __init__(
        self,
        identification: str,
        serial: str,
        packet: Callable[[str], str],
        damaged: int = 0,
        memory: IecMemory | None = None,
        faults: Faults | None = None,
        parity: bool = False,
        stays: bool = False,
        protocol: str = "",
    ) -> None:
        self._identification = identification
        self._addresses = {"", serial, identification[1:4] + serial}
        self._serial = serial
        self._packet = packet
        self._memory = memory
        self._faults = faults or Faults()
        self._damaged = damaged
        self._needs_parity, self._stays, self._protocol = parity, stays, protocol
        self._buffer = b""
        self._parity = False
        self._asked_at = 0
        self._speed = 0
        self._switching = False
        self._close()

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answer."""
        if self._needs_parity and any(byte.bit_count() % 2 for byte in data):
            return b""
        self._parity = any(byte & 0x80 for byte in data) or (self._parity and bool(self._buffer))
        self._buffer = (self._buffer + data.translate(_STRIP))[-_KEPT:]
        self._switching = False
        answer = self._answer()
        return answer.translate(_EVEN) if self._parity else answer

    def delay(self) -> float:
        """Return how long the answer just given waits: the reader must have changed its speed."""
        return _SWITCH_SECONDS if self._switching else 0.0

    def at_speed(self, answer: bytes, baudrate: int) -> bytes:
        """Return what a line that is set to this speed hears of an answer."""
        if not self._switching and not self._speed:
            self._asked_at = baudrate
        follows = self._asked_at == _OPENING and self._speed
        return answer if not follows or baudrate == self._speed else answer.translate(_GARBLED)

    def _close(self) -> None:
        self._selected = self._programming = self._open = False
        self._blocks: list[bytes] = []
        self._last = b""

    def _answer(self) -> bytes:
        if match := _REQUEST.search(self._buffer):
            return self._identify(match[1].decode("ascii"))
        if self._selected and (match := _SELECT.search(self._buffer)):
            self._buffer = b""
            if self._protocol and match[1].decode() != self._protocol:
                return b""
            agreed = _SPEEDS.get(match[2].decode(), 0)
            self._speed, self._switching = _OPENING if self._stays else agreed, True
            return self._start(match[3].decode("ascii"))
        if self._programming and (match := _COMMAND.search(self._buffer)):
            self._buffer = b""
            return self._command(*match.groups())
        return self._repeat()

    def _identify(self, address: str) -> bytes:
        self._buffer = b""
        self._close()
        self._speed = 0
        self._selected = address in self._addresses
        if not self._selected:
            return b""
        line = f"{self._identification}\r\n".encode("ascii")
        if self._identification[4].isdecimal():
            return line
        # Mode A or B: the data follows at once.
        return line + self._block(self._packet("0"))

    def _start(self, mode: str) -> bytes:
        if mode == "1" and self._memory:
            self._programming = True
            return self._message(b"P0\x02" + f"({self._serial})".encode("ascii"))
        text = self._packet(mode)
        return self._block(text) if text else b""

    def _command(self, command: bytes, text: bytes | None, check: bytes) -> bytes:
        inner = command + (b"\x02" + text if text is not None else b"") + b"\x03"
        if _bcc(inner) != check[0]:
            return _NAK
        name, told = command.decode("ascii"), (text or b"").decode("ascii")
        if name == "B0":
            self._close()
            return b""
        if name in ("P1", "P2"):
            self._open = self._memory.password(told)
            return _ACK if self._open else self._message(b"B0")
        if name[0] == "R":
            return self._send(self._memory.read(name, told))
        if name[0] == "W":
            allowed = self._open and self._memory.write(told)
            return _ACK if allowed else self._block("(ERROR)" if self._open else "(ERROR07)")
        return _NAK

    def _send(self, texts: list[str]) -> bytes:
        blocks = [text.encode("ascii") + b"\x04" for text in texts]
        blocks[-1] = blocks[-1][:-1] + b"\x03"
        self._blocks = blocks[1:]
        return self._framed(blocks[0])

    def _repeat(self) -> bytes:
        if self._last and self._buffer.endswith(_NAK):
            self._buffer = b""
            return self._checked(self._last)
        if self._blocks and self._buffer.endswith(_ACK):
            self._buffer = b""
            return self._framed(self._blocks.pop(0))
        return b""

    def _block(self, text: str) -> bytes:
        return self._framed(text.encode("ascii") + b"\x03")

    def _framed(self, inner: bytes) -> bytes:
        return self._checked(b"\x02" + inner)

    def _message(self, inner: bytes) -> bytes:
        return self._checked(b"\x01" + inner + b"\x03")

    def _checked(self, block: bytes) -> bytes:
        """Return a block with its check character, and keep it for repeats."""
        self._last = block
        check = _bcc(block[1:])
        if self._damaged > 0:
            self._damaged -= 1
            check ^= 0x01
        return self._faults.spoil(block + bytes([check]))


class IecBus:
    """Meters on one RS-485 line: where two answer at once, nobody is understood."""

    def __init__(self, sessions: Sequence[IecMeterSession]) -> None:
        self._sessions = sessions

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return what is heard."""
        return overlaid([answer for each in self._sessions if (answer := each.feed(data))])

    def delay(self) -> float:
        """Return how long the answer just given waits."""
        return max(each.delay() for each in self._sessions)

    def at_speed(self, answer: bytes, baudrate: int) -> bytes:
        """Return what a line that is set to this speed hears of an answer."""
        for each in self._sessions:
            answer = each.at_speed(answer, baudrate)
        return answer


def _bcc(inner: bytes) -> int:
    check = 0
    for byte in inner:
        check ^= byte
    return check

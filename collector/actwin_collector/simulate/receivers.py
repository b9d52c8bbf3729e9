# SPDX-License-Identifier: MIT
"""The radio receivers themselves: what they answer to their makers' commands, and what they hear.

Written from the makers' documents, apart from what the collector sends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

FAULTS = ("", "silent", "refuses", "forgets", "setup")
_HCI_FLAGS_1 = bytes.fromhex("FF 00 00 44 1234 78563412 01 07 00")
_HCI_FLAGS_2 = bytes.fromhex("FF 05 02 0A 00 00 00 01 00")


class SimulatedReceiver(ABC):
    """Answers commands; meters of mode T are heard while its radio mode is one of ``hears``.

    ``fault``: ``silent`` hears no command, ``refuses`` says no to a radio mode, ``forgets`` says
    yes and changes nothing where the maker's protocol could tell, ``setup`` has another permanent
    configuration than a collector needs.
    """

    off = on = b""
    hears: frozenset[bytes] = frozenset()

    def __init__(self, started: bool = False, fault: str = "") -> None:
        self.mode = self.on if started else self.off
        self.fault = fault
        self.asked: list[bytes] = []
        self._buffer = bytearray()

    @property
    def is_on(self) -> bool:
        """Whether it hears meters of mode T."""
        return self.mode in self.hears

    def lose_power(self) -> None:
        """Forget what is not permanent."""
        self.mode = self.off
        self._buffer.clear()

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the collector; return the answers."""
        if self.fault == "silent":
            return b""
        self._buffer += data
        said = b""
        while (command := self._command()) is not None:
            self.asked.append(command)
            said += self._answer(command)
        return said

    @abstractmethod
    def _command(self) -> bytes | None:
        """Take the next whole command from the buffer."""

    @abstractmethod
    def _answer(self, command: bytes) -> bytes:
        """Do what a command says."""

    def _set(self, mode: bytes) -> None:
        if self.fault not in ("refuses", "forgets"):
            self.mode = mode

    def _taken(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        command = bytes(self._buffer[:length])
        del self._buffer[:length]
        return command


class Im871a(SimulatedReceiver):
    """IMST iM871A; answers carry no CRC, as commands without one ask for."""

    off, on, hears = b"\x00", b"\x0a", frozenset((b"\x03", b"\x04", b"\x0a"))
    _strength = b"\x00"

    def _command(self) -> bytes | None:
        return self._taken(4 + self._buffer[3]) if len(self._buffer) > 3 else None

    def _answer(self, command: bytes) -> bytes:
        number, content = command[2], command[4:]
        if command[:2] != b"\xa5\x01":
            return b""
        if number == 1:
            return self._message(2)
        if number == 3:
            if content[:2] == b"\x00\x02" and content[3:4] == b"\x30":
                self._set(content[2:3])
                self._strength = content[4:5]
            return self._message(4, b"\x00")
        if number == 5:
            groups = bytearray(_HCI_FLAGS_1 + _HCI_FLAGS_2)
            groups[2:3] = self.mode
            groups[-4:-3] = self._strength
            return self._message(6, bytes(groups))
        return b""

    def _message(self, number: int, content: bytes = b"") -> bytes:
        if self.fault == "refuses" and number == 4:
            return b""
        return bytes((0xA5, 0x01, number, len(content))) + content


class Amb8465(SimulatedReceiver):
    """Amber AMB8465 and Würth Metis-II."""

    off, on, hears = b"\x03", b"\x09", frozenset((b"\x07", b"\x08", b"\x09"))

    def _command(self) -> bytes | None:
        return self._taken(4 + self._buffer[2]) if len(self._buffer) > 2 else None

    def _answer(self, command: bytes) -> bytes:
        number, content = command[1], command[3:-1]
        if command[0] != 0xFF or _xor(command):
            return b""
        if number == 0x0B:
            return self._message(number, bytes.fromhex("12345678"))
        if number == 0x0A:
            memory = bytearray(128)
            memory[5] = self.fault != "setup"
            memory[0x45] = 1
            at, count = content
            return self._message(number, content + bytes(memory[at : at + count]))
        if number == 0x04:
            self._set(content)
            return self._message(number, b"\x01" if self.fault == "refuses" else b"\x00")
        return b""

    def _message(self, number: int, content: bytes) -> bytes:
        body = bytes((0xFF, number | 0x80, len(content))) + content
        return body + bytes((_xor(body),))


class Rc1180(SimulatedReceiver):
    """Radiocrafts RC1180-MBUS; while it is configured its radio is off."""

    off, on, hears = b"\x00", b"\x01", frozenset((b"\x01", b"\x02", b"\x0a"))

    def __init__(self, started: bool = False, fault: str = "") -> None:
        super().__init__(started, fault)
        self._configuring = self._mode_follows = False

    @property
    def is_on(self) -> bool:
        """Whether it hears meters of mode T."""
        return super().is_on and not self._configuring

    def lose_power(self) -> None:
        """Forget what is not permanent."""
        super().lose_power()
        self._configuring = self._mode_follows = False

    def _command(self) -> bytes | None:
        return self._taken(1)

    def _answer(self, command: bytes) -> bytes:
        if not self._configuring:
            self._configuring = command == b"\x00"
            return b">" if self._configuring else b""
        if self._mode_follows:
            self._mode_follows = False
            self._set(command)
            return b"?" if self.fault == "refuses" else b">"
        if command == b"X":
            self._configuring = False
            return b""
        self._mode_follows = command == b"G"
        return (self._memory() if command == b"0" else b"") + b">"

    def _memory(self) -> bytes:
        memory = bytearray(b"\xff" * 256)
        memory[:128] = bytes(128)
        memory[3], memory[0x30] = 1, 5
        memory[0x36] = self.fault == "setup"
        # A prompt's byte among the others must not be taken for one.
        memory[0x19] = 0x3E
        return bytes(memory)


class Cul(SimulatedReceiver):
    """CUL with culfw."""

    off, on, hears = b"", b"c", frozenset((b"c", b"t"))

    def _command(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        return self._taken(end + 1) if end >= 0 else None

    def _answer(self, command: bytes) -> bytes:
        text = command.strip()
        if text == b"V":
            return b"V 1.67 CUL868\r\n"
        if text[:2] == b"br" and self.fault == "refuses":
            return b"? (b is unknown) Use one of A B C\r\n"
        if text[:2] == b"br" and text[2:] in (b"c", b"t", b"s"):
            self._set(text[2:])
            told = b"s" if self.fault == "forgets" else text[2:]
            return told.upper() + b"MODE\r\n"
        return b""


RECEIVERS: Mapping[str, type[SimulatedReceiver]] = {
    "im871a": Im871a, "amb8465": Amb8465, "rc1180": Rc1180, "cul": Cul
}  # fmt: skip


def _xor(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value

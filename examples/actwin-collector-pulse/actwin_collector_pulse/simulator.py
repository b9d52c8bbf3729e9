# SPDX-License-Identifier: MIT
"""The module's side of the protocol, for tests and training."""

from __future__ import annotations

from . import codec


class PulseModule:
    """Answers its own address; its first counter gains a pulse with each question."""

    def __init__(self, address: int = 5, serial: str = "PC000123", flags: int = 0) -> None:
        self.address = address
        self.serial = serial
        self.flags = flags
        self.counters = [1234, 0, 0, 77]
        self._waiting = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answers."""
        *lines, self._waiting = (self._waiting + data).split(codec.END)
        return b"".join(self._answer(line) for line in lines)

    def message(self, unasked: bool = False) -> codec.Message:
        """Return what the module says now."""
        return codec.Message(
            self.address, self.serial, tuple(self.counters), self.flags, unasked
        )

    def _answer(self, line: bytes) -> bytes:
        if line != codec.request(self.address).rstrip(codec.END):
            return b""
        self.counters[0] += 1
        return codec.build(self.message())

# SPDX-License-Identifier: MIT
"""A line that plays a trace file again, so that a case from the field becomes a test."""

from __future__ import annotations

from pathlib import Path

from ..model import LineSpec, LinkError, NoAnswer
from ..tracing.files import NOTE, TX, Entry, read_trace
from .base import Link


class ReplayLink(Link):
    """Answers each message as the recorded line did; ``line.device_path`` names the trace.

    What is sent must be what was sent then (setting ``match`` "exact", bytes that were hidden in
    the trace apart); with "order" anything gets the next answer. A transaction number, the first
    two bytes of Modbus TCP, may differ: the answer then carries the new one.
    """

    def __init__(self, line: LineSpec) -> None:
        super().__init__(line)
        self._exact = line.settings.get("match", "exact") != "order"
        self._entries: list[Entry] = []
        self._waiting = b""
        self._loaded = self._open = False
        self._renumber: tuple[bytes, bytes] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the trace has begun to play."""
        return self._open

    async def open(self) -> None:
        """Read the trace; what the other side said unasked waits. Raises ConfigError."""
        if self._open:
            return
        if not self._loaded:
            self._loaded = True
            entries = read_trace(Path(self.line.device_path))[1]
            self._entries = [entry for entry in entries if entry.direction != NOTE]
        self._open = True
        self._hear()

    async def close(self) -> None:
        """Pause; the trace goes on where it stopped."""
        self._open = False
        self._buffer.clear()

    async def discard_input(self) -> None:
        """Forget what waits, as on any line, unless nothing was sent yet: that is a push."""
        if self._renumber is not None:
            self._waiting = b""
            self._buffer.clear()

    async def _send(self, data: bytes) -> None:
        if not self._entries:
            raise LinkError("the trace ends here", "replay_ended")
        asked = self._entries.pop(0)
        numbered = data[2:] == asked.data[2:] and len(data) > 2
        if self._exact and not numbered and not _same(data, asked):
            raise LinkError(
                f"the trace has {asked.data.hex()} here, not {data.hex()}", "replay_mismatch"
            )
        self._renumber = (asked.data[:2], data[:2]) if numbered else (b"", b"")
        self._hear()

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        if not self._waiting:
            raise NoAnswer("nothing came in the trace")
        data, self._waiting = self._waiting[:max_bytes], self._waiting[max_bytes:]
        return data

    def _hear(self) -> None:
        heard = b""
        while self._entries and self._entries[0].direction != TX:
            heard += self._entries.pop(0).data
        old, new = self._renumber or (b"", b"")
        if old != new and heard[:2] == old:
            heard = new + heard[2:]
        self._waiting += heard


def _same(data: bytes, asked: Entry) -> bool:
    pairs = zip(data, asked.data, strict=False)
    return len(data) == len(asked.data) and all(
        given == known or at in asked.hidden for at, (given, known) in enumerate(pairs)
    )
